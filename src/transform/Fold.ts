/**
 * Folding for inference: what multiplies and adds by channel behind a convolution or a dense layer goes into its weights
 * and its bias. With s and t computed from the state alone,
 *
 *     s (x * w) + t  =  x * (s w) + t
 *
 * so a batch normalization with moving statistics, s = gamma / sqrt(variance + epsilon), t = beta + s (b - mean), costs
 * nothing. Equal to within rounding. A chain of additions, subtractions, products and quotients with one number for each
 * channel (the last axis) or for all is folded as far as it goes, also through reshapes that keep the last axis; it ends
 * at whatever else, and where a value is read twice.
 */
import type * as E from '#fp/Either.js'
import { apply, constant, type Expr } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { add, div, mul, neg, sub } from '../op/arithmetic.js'
import { broadcastTo, reshape } from '../op/broadcast.js'
import { transpose } from '../op/window.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { sizeOf } from '../shape/TensorType.js'
import { fixedNodes } from './fixed.js'

type Applied = Extract<Expr, { readonly _tag: 'Apply' }>

/** scale * product + shift, by channel; null where there is none. */
interface Chain {
  readonly product: number
  /** the operations so far */
  readonly length: number
  readonly scale: Expr | null
  readonly shift: Expr | null
}

const one = constant(1)

/** How a chain goes on; `swapped` where it is the second operand. */
const steps: Readonly<Record<string, (c: Chain, v: Expr, swapped: boolean) => Chain | null>> = {
  neg: c => ({ ...c, scale: neg(c.scale ?? one), shift: c.shift && neg(c.shift) }),
  add: (c, v) => ({ ...c, shift: c.shift ? add(c.shift, v) : v }),
  sub: (c, v, swapped) => {
    if (!swapped) return { ...c, shift: c.shift ? sub(c.shift, v) : neg(v) }
    return { ...c, scale: neg(c.scale ?? one), shift: c.shift ? sub(v, c.shift) : v }
  },
  mul: (c, v) => ({ ...c, scale: c.scale ? mul(c.scale, v) : v, shift: c.shift && mul(c.shift, v) }),
  div: (c, v, swapped) => (swapped ? null : { ...c, scale: div(c.scale ?? one, v), shift: c.shift && div(c.shift, v) }),
}

/** Whether an operation is linear in its second operand and gives every channel, on the last axis, weights of its own. */
const isProduct = ({ op, args }: Applied): boolean =>
  op.name === 'conv2d' ||
  op.name === 'convTranspose2d' ||
  (op.name === 'matmul' && args.every(a => a.type.shape.length === 2))

/** One number for each channel, or for all, laid out to multiply the weights of a product. */
const spread = ({ op, attrs, args }: Applied, scale: Expr): Expr => {
  if (scale.type.shape.length === 0 || op.name === 'conv2d') return scale
  if (op.name === 'matmul') return attrs['tb'] === true ? reshape(scale, [sizeOf(scale.type.shape), 1]) : scale
  const groups = attrs['groups'] as number
  const [, , own = 1, filters = 1] = args[1]?.type.shape ?? []
  const byGroup = reshape(transpose(reshape(scale, [groups, own])), [own, groups, 1])
  return reshape(broadcastTo(byGroup, [own, groups, filters / groups]), [own, filters])
}

const lastOf = (e: Expr): number | undefined => e.type.shape[e.type.shape.length - 1]

const isOp = (e: Expr, name: string): e is Applied => e._tag === 'Apply' && e.op.name === name

/** The same outputs, to within rounding, with what follows products by channel folded into their weights. */
export const fold = (program: Program.Program): E.Either<ShapeError, Program.Program> => {
  const { nodes, outputs } = program
  const fixed = fixedNodes(program)
  const uses = nodes.map(() => 0)
  for (const i of [...nodes.flatMap(n => n.args), ...outputs]) uses[i] = (uses[i] as number) + 1
  const done: Expr[] = []
  const chains: (Chain | null)[] = []

  /** The chain that ends at a node that is read once. */
  const open = (i: number | undefined): Chain | null => (i !== undefined && uses[i] === 1 ? (chains[i] ?? null) : null)

  /** What a fixed operand holds for each channel, [channels], or for all, []. */
  const byChannel = (i: number, channels: number): Expr | null => {
    const { expr, args } = nodes[i] as Program.Node
    const source = isOp(expr, 'broadcastTo') ? (args[0] as number) : i
    const e = done[source] as Expr
    const size = sizeOf(e.type.shape)
    if (!fixed[source]) return null
    if (size === 1) return reshape(e, [])
    return size === channels && lastOf(e) === channels ? reshape(e, [channels]) : null
  }

  const chainOf = (expr: Applied, i: number, [a = 0, b]: readonly number[]): Chain | null => {
    const channels = lastOf(expr)
    if (fixed[i] || channels === undefined) return null
    if (isProduct(expr)) return b !== undefined && fixed[b] ? { product: i, length: 0, scale: null, shift: null } : null
    const [first, second] = [open(a), open(b)]
    if (expr.op.name === 'reshape') return lastOf(expr.args[0] as Expr) === channels ? first : null
    const step = steps[expr.op.name]
    const [chain, other] = first ? [first, b] : [second, a]
    if (!step || !chain) return null
    const v = other === undefined ? one : byChannel(other, channels)
    return v && step({ ...chain, length: chain.length + 1 }, v, chain !== first)
  }

  nodes.forEach(({ expr, args }, i) => {
    if (expr._tag !== 'Apply') {
      done.push(expr)
      chains.push(null)
      return
    }
    const chain = chainOf(expr, i, args)
    chains.push(chain)
    if (!chain || (chain.scale === null && chain.length < 2)) {
      done.push(
        apply(
          expr.op,
          args.map(a => done[a] as Expr),
          expr.attrs,
        ),
      )
      return
    }
    const product = nodes[chain.product]?.expr as Applied
    const [x, w] = (nodes[chain.product] as Program.Node).args.map(a => done[a] as Expr) as [Expr, Expr]
    const weights = chain.scale ? mul(w, spread(product, chain.scale)) : w
    const scaled = reshape(apply(product.op, [x, weights], product.attrs), expr.type.shape)
    done.push(chain.shift ? add(scaled, chain.shift) : scaled)
  })
  return Program.of(outputs.map(o => done[o] as Expr))
}
