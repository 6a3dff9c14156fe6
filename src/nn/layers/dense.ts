/** The fully connected layer. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import type { Spec } from '../../graph/Spec.js'
import { flag, size, withOptional } from '../../graph/settings.js'
import { add } from '../../op/arithmetic.js'
import { matmul } from '../../op/matmul.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { showShape } from '../../shape/TensorType.js'
import type { Vars } from '../Definition.js'
import { define } from '../define.js'
import * as Init from '../Init.js'
import type { Net } from '../Node.js'
import * as Penalty from '../Penalty.js'
import type { Named, Vector } from './types.js'

export interface DenseOptions extends Named {
  /** true by default; useless before a batch normalization */
  readonly bias?: boolean
  /** of the kernel; `Init.glorotUniform()` by default */
  readonly init?: Spec<'init'>
  /** `Init.zeros()` by default */
  readonly biasInit?: Spec<'init'>
  /** of the kernel, `Penalty.l2(1e-4)`; none by default */
  readonly penalty?: Penalty.Penalty
}

export type Dense = <const U extends number>(
  units: U,
  options?: DenseOptions,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Vector<S, 'dense'>) => Net<I, readonly [U]>

const meaning = (bias: boolean, { w, b }: Vars<'w' | 'b'>, x: Expr): Expr => {
  const y = matmul(x, w)
  return bias ? add(y, b) : y
}

/** x w + b: [in] to [units]. Parameters: `w` [in, units] and, with a bias, `b` [units]. */
export const dense = define<Dense>()({
  kind: 'gradus/dense',
  config: withOptional(
    t.type({ units: size, bias: flag, init: Init.codec, biasInit: Init.codec }),
    t.partial({ penalty: Penalty.codec }),
  ),
  args: (units, { bias = true, init = Init.glorotUniform(), biasInit = Init.zeros(), penalty } = {}) => ({
    units,
    bias,
    init,
    biasInit,
    ...(penalty && { penalty }),
  }),
  shape: ({ units }, x) =>
    x?.length === 1
      ? E.right([units])
      : E.left(`expects a vector, but the input is ${showShape(x ?? [])}; put Layer.flatten() before it`),
  params: ({ units, bias, init, biasInit, penalty }, x) => ({
    w: { shape: [x?.[0] ?? 0, units], init, ...(penalty && { penalty }) },
    ...(bias && { b: { shape: [units], init: biasInit } }),
  }),
  state: () => ({}),
  infer: ({ bias }, p, _s, x) => meaning(bias, p, x),
  train: ({ bias }, p, s, _key, x) => [meaning(bias, p, x), s],
})
