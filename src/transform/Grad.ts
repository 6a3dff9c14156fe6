/**
 * Reverse mode as a transform of graphs: the gradients are expressions again, so they can be printed, simplified and
 * differentiated a second time.
 *
 * The walk is iterative and in one fixed order, so the sum of a node's contributions has one association.
 */
import * as E from '#fp/Either.js'
import { constant, type Expr } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { add } from '../op/arithmetic.js'
import { broadcastTo } from '../op/broadcast.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { showType } from '../shape/TensorType.js'

const real = (e: Expr): boolean => e.type.dtype === 'f32' || e.type.dtype === 'f64'

/** The loss and its gradients, sharing everything they have in common. */
export interface ValueAndGrad<W extends readonly Expr[]> {
  readonly value: Expr
  /** as many as were asked for */
  readonly gradients: { readonly [k in keyof W]: Expr }
}

/**
 * d loss / d w for every w of `wrt`: parameters, inputs or any subexpression of the loss. The loss must be a scalar;
 * what it does not depend on has gradient zero.
 */
export const grad = <const W extends readonly Expr[]>(loss: Expr, wrt: W): E.Either<ShapeError, ValueAndGrad<W>> => {
  const program = Program.of([loss, ...wrt])
  if (E.isLeft(program)) return program
  const { nodes, outputs } = program.right
  const [root = 0, ...targets] = outputs
  if (loss.type.shape.length > 0 || !real(loss))
    return E.left(shapeError('grad', `the loss must be a real scalar, but it is ${showType(loss.type)}`))

  const reaches = nodes.map(() => false)
  for (const t of targets) reaches[t] = true
  nodes.forEach((node, i) => {
    if (node.args.some(a => reaches[a])) reaches[i] = true
  })

  const gradients = new Array<Expr | undefined>(nodes.length)
  gradients[root] = constant(1, loss.type.dtype)
  for (let i = root; i >= 0; i--) {
    const g = gradients[i]
    const node = nodes[i] as Program.Node
    const { expr } = node
    if (!g || !reaches[i] || expr._tag !== 'Apply' || !expr.op.vjp) continue
    const parts = expr.op.vjp({ attrs: expr.attrs, args: expr.args, out: expr, g })
    node.args.forEach((a, k) => {
      const part = parts[k]
      if (!part || !reaches[a] || !real((nodes[a] as Program.Node).expr)) return
      const before = gradients[a]
      gradients[a] = before ? add(before, part) : part
    })
  }
  return E.right({
    value: (nodes[root] as Program.Node).expr,
    gradients: targets.map((t, i) => {
      const w = wrt[i] as Expr
      return gradients[t] ?? broadcastTo(constant(0, w.type.dtype), w.type.shape)
    }) as { [k in keyof W]: Expr },
  })
}
