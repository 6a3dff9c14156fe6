/**
 * Folding for inference: what multiplies and adds by channel behind a convolution or a dense layer goes into its weights
 * and its bias. With s and t computed from the state alone,
 *
 *     s (x * w) + t  =  x * (s w) + t
 *
 * so a batch normalization with moving statistics, s = gamma / sqrt(variance + epsilon), t = beta + s (b - mean), costs
 * nothing. Equal to within rounding. A chain of additions, subtractions, products and quotients with one number for each
 * channel of the product (its last axis), or for all, is folded as far as it goes, also through reshapes, where numbers
 * that come again and again in step with the channels count as theirs; it ends at whatever else, and where a value is
 * read twice.
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

const channelsOf = (product: Program.Node | undefined): number => product?.expr.type.shape.at(-1) ?? 1

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

  /** What a fixed operand of a shape holds for each channel of the product, [channels], or for all, []. */
  const byChannel = (i: number, shape: readonly number[], channels: number): Expr | null => {
    const { expr, args } = nodes[i] as Program.Node
    const source = isOp(expr, 'broadcastTo') ? (args[0] as number) : i
    if (!fixed[source]) return null
    const e = done[source] as Expr
    const first = e.type.shape.findIndex(d => d !== 1)
    if (first < 0) return reshape(e, [])
    const own = e.type.shape.slice(first)
    const last = shape.slice(-own.length)
    const period = sizeOf(last)
    if (last.some(d => d < 1) || channels % period !== 0) return null
    const values = reshape(broadcastTo(reshape(e, own), last), [period])
    return reshape(broadcastTo(values, [channels / period, period]), [channels])
  }

  const chainOf = (expr: Applied, i: number, [a = 0, b]: readonly number[]): Chain | null => {
    if (fixed[i]) return null
    if (isProduct(expr)) return b !== undefined && fixed[b] ? { product: i, length: 0, scale: null, shift: null } : null
    const [first, second] = [open(a), open(b)]
    if (expr.op.name === 'reshape') return first
    const step = steps[expr.op.name]
    const [chain, other] = first ? [first, b] : [second, a]
    if (!step || !chain) return null
    const v = other === undefined ? one : byChannel(other, expr.type.shape, channelsOf(nodes[chain.product]))
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
    const scaled = apply(product.op, [x, weights], product.attrs)
    const shifted = (y: Expr): Expr => (chain.shift ? add(y, chain.shift) : y)
    const { shape } = expr.type
    done.push(
      shape.at(-1) === scaled.type.shape.at(-1) ? shifted(reshape(scaled, shape)) : reshape(shifted(scaled), shape),
    )
  })
  return Program.of(outputs.map(o => done[o] as Expr))
}
