/** The laws of a loss. */
import { input } from '../graph/Expr.js'
import * as Loss from '../nn/Loss.js'
import type { Shape, Target } from '../shape/Dims.js'
import { sizeOf, tensorType } from '../shape/TensorType.js'
import { type Checked, every, fault, inOrder } from './Fault.js'
import { checkGradients } from './gradient.js'
import { checkKernels, checkRows, checkSame } from './kernels.js'
import { checkRoundTrip } from './roundTrip.js'
import { type Domain, draw, type Values } from './values.js'

export interface LossOptions extends Domain {
  /** where the numbers of a label are taken from, if it has numbers; default [0, 1] */
  readonly labels?: Domain
  readonly order?: 1 | 2
  /** error of the kernels allowed, relative to the largest element; default 1e-5 */
  readonly tolerance?: number
  readonly seed?: number
}

/**
 * Whether a loss, over outputs of a shape, keeps the laws of losses: settings that come back from JSON the same, one
 * number a row that depends on that row alone, a pure meaning, kernels as the reference, and gradients of first and
 * second order by the output that are those of finite differences.
 */
export const checkLoss = <K extends Target>(
  loss: Loss.Loss<K>,
  shape: Shape,
  { labels = { domain: [0, 1] }, order = 2, tolerance = 1e-5, seed = 0, ...where }: LossOptions = {},
): Checked => {
  const { def, kind, target, config } = loss
  const path = `loss ${kind}`
  if (!def) return fault(path, 'it has no definition; build it by its function')
  const output = input('output', tensorType('f32', [-1, ...shape]))
  const label = input('label', target === 'class' ? tensorType('i32', [-1]) : tensorType('f32', [-1, ...shape]))
  const compute = () => Loss.compute(loss, output, label)
  const y = compute()
  const values = (rows: number): Values => {
    const n = target === 'class' ? rows : rows * sizeOf(shape)
    const drawn = draw(n, seed, 'label', target === 'class' ? { domain: [0, shape[0] ?? 1] } : labels)
    return {
      output: draw(rows * sizeOf(shape), seed, 'output', where),
      label: target === 'class' ? Int32Array.from(drawn, v => Math.floor(v)) : drawn,
    }
  }
  if (y._tag === 'Invalid') return fault(path, `${y.error.path}: ${y.error.message}`)
  return inOrder(
    () => checkRoundTrip(`${path} settings`, def.config, config),
    () => checkSame(path, [y], [compute()]),
    () => every([1, 2, 5, 17], rows => checkKernels(path, { loss: y }, { values: values(rows), rows, tolerance })),
    () => checkRows(path, y, values(17), 17),
    () => checkGradients(path, [y], { values: values(4), rows: 4, order, seed, wrt: ['output'] }),
  )
}
