/**
 * Weights that stay the same from run to run are kept as the kernels want them: a convolution with filters of the state
 * alone becomes one with filters laid out beforehand, which `hoist` then computes once; so does a product by a matrix of
 * the state, where it gains. No bit of a result changes, unless Winograd's F(4x4, 3x3) is asked for.
 */
import type * as E from '#fp/Either.js'
import { apply, type Expr } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { prepared2d } from '../op/conv.prepared.js'
import { preparedMatmul } from '../op/matmul.prepared.js'
import type { Tile } from '../op/winograd.lower.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { resolveDim, sizeOf } from '../shape/TensorType.js'
import { fixedNodes } from './fixed.js'

type Applied = Extract<Expr, { readonly _tag: 'Apply' }>

/** A matrix of so many elements stays in a core's cache. */
const cached = 1 << 18

/**
 * Whether a product is sooner done from panels. One or two rows of any matrix take 0.5 to 0.8 of the time, eight of a
 * cached one 0.9 and hundreds the same; but several rows of a larger one up to 1.4: packing it hides its misses. Where
 * one row has many pixels there is nothing to gain.
 */
const gains = ({ attrs, args: [a, b] }: Applied, rows: number): boolean => {
  const [m = 0] = a?.type.shape ?? []
  const matrices = a?.type.shape.length === 2 && b?.type.shape.length === 2
  return matrices && attrs['ta'] !== true && (resolveDim(m, rows) <= 2 || (m === -1 && sizeOf(b.type.shape) <= cached))
}

export interface Keeping {
  /** rows of one run at most */
  readonly rows: number
  /** the most places down and across of Winograd's patches */
  readonly tile: Tile
}

/** The same outputs from kept weights. */
export const keep = (program: Program.Program, { rows, tile }: Keeping): E.Either<ShapeError, Program.Program> => {
  const { nodes, outputs } = program
  const fixed = fixedNodes(program)
  const done: Expr[] = []
  nodes.forEach(({ expr, args }, i) => {
    if (expr._tag !== 'Apply') {
      done.push(expr)
      return
    }
    const given = args.map(a => done[a] as Expr)
    const [x, w] = given
    const keeps = x && w && !fixed[i] && fixed[args[1] as number]
    if (keeps && expr.op.name === 'conv2d') done.push(prepared2d(x, w, expr.attrs, tile))
    else if (keeps && expr.op.name === 'matmul' && gains(expr, rows))
      done.push(preparedMatmul(x, w, expr.attrs['tb'] === true))
    else done.push(apply(expr.op, given, expr.attrs))
  })
  return Program.of(outputs.map(o => done[o] as Expr))
}
