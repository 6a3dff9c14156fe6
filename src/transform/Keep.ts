/**
 * Weights that stay the same from run to run are kept as the kernels want them: a convolution with filters of the state
 * alone becomes one with filters laid out beforehand, which `hoist` then computes once. No bit of a result changes, unless
 * Winograd's F(4x4, 3x3) is asked for.
 */
import type * as E from '#fp/Either.js'
import { apply, type Expr } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { prepared2d } from '../op/conv.prepared.js'
import type { Tile } from '../op/winograd.lower.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { fixedNodes } from './fixed.js'

/** The same outputs from kept weights; `tile`: the most places down and across of Winograd's patches. */
export const keep = (program: Program.Program, tile: Tile = 2): E.Either<ShapeError, Program.Program> => {
  const { nodes, outputs } = program
  const fixed = fixedNodes(program)
  const done: Expr[] = []
  nodes.forEach(({ expr, args }, i) => {
    if (expr._tag !== 'Apply') {
      done.push(expr)
      return
    }
    const [x, w] = args.map(a => done[a] as Expr)
    const keeps = expr.op.name === 'conv2d' && !fixed[i] && fixed[args[1] as number]
    done.push(
      keeps && x && w
        ? prepared2d(x, w, expr.attrs, tile)
        : apply(
            expr.op,
            args.map(a => done[a] as Expr),
            expr.attrs,
          ),
    )
  })
  return Program.of(outputs.map(o => done[o] as Expr))
}
