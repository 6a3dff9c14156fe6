/**
 * Matrix multiplication, in all four transpositions, batched over leading axes.
 * An element is summed over k in an order that depends on the inner size only: see `assembly/matmul`.
 */
import * as E from '#fp/Either.js'
import { apply, type Expr, invalid } from '../graph/Expr.js'
import type { Attrs, Call, Lowered, Nd, Op, Word } from '../graph/Op.js'
import { sameShape, showType, sizeOf, tensorType } from '../shape/TensorType.js'
import { broadcastShapes, broadcastTo } from './broadcast.js'
import { byBands, matmulScratchBytes } from './matmul-scratch.js'

interface Transposed {
  /** use the transpose of the last two axes of a, or of b */
  readonly a?: boolean
  readonly b?: boolean
}

const flags = (attrs: Attrs): Required<Transposed> => ({ a: attrs['ta'] === true, b: attrs['tb'] === true })

/** [m, n, k and the batch shape] of a shape pair, or null when the inner sizes differ. */
const dims = (attrs: Attrs, a: readonly number[], b: readonly number[]) => {
  const t = flags(attrs)
  const [ra, ca] = a.slice(-2) as [number, number]
  const [rb, cb] = b.slice(-2) as [number, number]
  const [m, k] = t.a ? [ca, ra] : [ra, ca]
  const [k2, n] = t.b ? [cb, rb] : [rb, cb]
  return k === k2 ? { m, n, k, batch: a.slice(0, -2) } : null
}

const resolved = ({ attrs, args: [a, b] }: Lowered) => {
  const d = dims(attrs, a?.shape ?? [], b?.shape ?? []) ?? { m: 0, n: 0, k: 0, batch: [] }
  return { ...d, count: sizeOf(d.batch) }
}

/** Rows, or columns, of C in a grain: a multiple of the kernel's tile, a cache line of a row. */
const grain = 16

/** Cut between the matrices, or else along the longer axis of C. */
const matmulCall = (c: Lowered): Call => {
  const { m, n, k, count } = resolved(c)
  const t = flags(c.attrs)
  const strides = [...(t.a ? [1, m] : [k, 1]), ...(t.b ? [1, k] : [n, 1])]
  const words = (a: number, b: number, to: number, sizes: readonly [number, number], matrices: number): Word[] => [
    { arg: 0, offset: 4 * a },
    { arg: 1, offset: 4 * b },
    { out: true, offset: 4 * to },
    ...[...sizes, k, ...strides, matrices, m * k, k * n, m * n],
    { scratch: 0 },
    n,
    0,
  ]
  const length = Math.max(m, n)
  const part = (from: number, to: number): readonly Word[] => {
    if (count > 1) return words(from * m * k, from * k * n, from * m * n, [m, n], to - from)
    const [start, size] = [from * grain, Math.min(to * grain, length) - from * grain]
    return m < n
      ? words(0, start * (t.b ? k : 1), start, [m, size], 1)
      : words(start * (t.a ? 1 : k), 0, start * n, [size, n], 1)
  }
  return {
    kernel: 'matmul',
    words: words(0, 0, 0, [m, n], count),
    leads: {
      word: 16,
      row: count > 1 ? from => from * m : m < n ? null : from => from * grain,
      passes: count === 1 && byBands(m, n, k),
    },
    parts: {
      grains: count > 1 ? count : Math.ceil(length / grain),
      cost: 0.05 * count * m * n * k,
      again: count > 1 ? 0 : 0.3 * k * Math.min(m, n),
      words: part,
    },
  }
}

const matmulOp: Op = {
  name: 'matmul',
  type: ({ attrs, args: [a, b] }) => {
    if (!a || !b || a.dtype !== 'f32' || b.dtype !== 'f32') return E.left('takes two f32 operands')
    const says = `${showType(a)}${attrs['ta'] ? ' transposed' : ''} times ${showType(b)}${attrs['tb'] ? ' transposed' : ''}`
    if (a.shape.length < 2 || b.shape.length < 2) return E.left(`${says}: both must be matrices`)
    if (!sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2))) return E.left(`${says}: the batch axes differ`)
    const d = dims(attrs, a.shape, b.shape)
    return d ? E.right(tensorType('f32', [...d.batch, d.m, d.n])) : E.left(`${says}: the inner sizes differ`)
  },
  vjp: ({ attrs, args: [a, b], g }) => {
    if (!a || !b) return []
    const t = flags(attrs)
    return [
      t.a ? matmul(b, g, { a: t.b, b: true }) : matmul(g, b, { b: !t.b }),
      t.b ? matmul(g, a, { a: true, b: t.a }) : matmul(a, g, { a: !t.a }),
    ]
  },
  reference: (c, [a, b]) => {
    const { m, n, k, count } = resolved(c)
    const t = flags(c.attrs)
    const out = new Float64Array(count * m * n)
    for (let i = 0; i < out.length; i++) {
      const [z, row, col] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n]
      for (let j = 0; j < k; j++) {
        const x = (a as Nd).values[z * m * k + (t.a ? j * m + row : row * k + j)] as number
        const y = (b as Nd).values[z * k * n + (t.b ? col * k + j : j * n + col)] as number
        out[i] = (out[i] as number) + x * y
      }
    }
    return out
  },
  lower: {
    _tag: 'Kernel',
    epilogue: 'leads',
    calls: c => [matmulCall(c)],
    scratch: c => {
      const { m, n, k } = resolved(c)
      return matmulScratchBytes(m, n, k)
    },
  },
  samples: () =>
    [false, true].flatMap(ta =>
      [false, true].flatMap(tb =>
        (
          [
            [[], 3, 4, 5],
            [[], 1, 17, 9],
            [[], 5, 1, 2],
            [[2, 3], 4, 5, 3],
            [[], 0, 3, 2],
            [[], 2, 3, 0],
          ] as const
        ).map(([batch, m, n, k]) => ({
          args: [
            tensorType('f32', [...batch, ...(ta ? [k, m] : [m, k])]),
            tensorType('f32', [...batch, ...(tb ? [n, k] : [k, n])]),
          ],
          attrs: { ta, tb },
        })),
      ),
    ),
}

/** [..., m, k] times [..., k, n] gives [..., m, n]; leading axes broadcast. */
export const matmul = (a: Expr, b: Expr, transposed: Transposed = {}): Expr => {
  if (a._tag === 'Invalid' || b._tag === 'Invalid') return a._tag === 'Invalid' ? a : b
  const batch = broadcastShapes([a.type.shape.slice(0, -2), b.type.shape.slice(0, -2)])
  if (!batch) return invalid('matmul', `the batch axes of ${showType(a.type)} and ${showType(b.type)} do not broadcast`)
  const wide = (x: Expr): Expr => (x.type.shape.length < 2 ? x : broadcastTo(x, [...batch, ...x.type.shape.slice(-2)]))
  return apply(matmulOp, [wide(a), wide(b)], { ta: transposed.a === true, tb: transposed.b === true })
}

export const matmulOps: readonly Op[] = [matmulOp]
