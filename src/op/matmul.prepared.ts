/**
 * A product in two, for a right operand that stays the same from run to run: `panels` lays it out in slivers of eight
 * columns, and `preparedMatmul` multiplies by those. Together they have the bits of `matmul`.
 */
import * as E from '#fp/Either.js'
import { reader } from '../graph/attrs.js'
import { apply, type Expr } from '../graph/Expr.js'
import type { Call, Lowered, Nd, Op, Word } from '../graph/Op.js'
import { tensorType } from '../shape/TensorType.js'

/** Columns of a sliver, equal to that of `assembly/matmul/prepared.ts`; rows of A that it packs at once; k's of a chunk. */
const SLIVER = 8
const ROWS = 64
const CHUNK = 256

const columnsIn = reader({ columns: 'number' })

const slivers = (n: number): number => Math.ceil(n / SLIVER)

const sizesOf = ({ attrs, args: [b] }: Pick<Lowered, 'attrs' | 'args'>) => {
  const [rows = 0, columns = 0] = b?.shape ?? []
  return attrs['tb'] === true
    ? { k: columns, n: rows, strides: [1, columns] }
    : { k: rows, n: columns, strides: [columns, 1] }
}

/** Where element [j, column] of k rows stands. */
const placeOf = (k: number, j: number, column: number): number =>
  SLIVER * (Math.floor(column / SLIVER) * k + j) + (column % SLIVER)

const panelsOp: Op = {
  name: 'panels',
  type: c => {
    const [b] = c.args
    const { k, n } = sizesOf(c)
    return b?.dtype === 'f32' && b.shape.length === 2
      ? E.right(tensorType('f32', [slivers(n) * SLIVER * k]))
      : E.left('takes an f32 matrix')
  },
  vjp: null,
  reference: (c, [b]) => {
    const { k, n, strides } = sizesOf(c)
    const [down = 0, across = 0] = strides
    const out = new Float64Array(slivers(n) * SLIVER * k)
    for (let j = 0; j < k; j++)
      for (let i = 0; i < n; i++) out[placeOf(k, j, i)] = (b as Nd).values[j * down + i * across] as number
    return out
  },
  lower: {
    _tag: 'Kernel',
    calls: c => {
      const { k, n, strides } = sizesOf(c)
      return [{ kernel: 'matmulPanels', words: [{ arg: 0 }, { out: true }, n, k, ...strides] }]
    },
  },
  samples: () => [],
}

/** Rows, or columns, of C in a grain: a multiple of a sliver and of a tile, a cache line of a row. */
const grain = 16

/** Cut along the longer axis of C. */
const preparedCall = ({ args: [a], out }: Lowered): Call => {
  const [m = 0, n = 0] = out.shape
  const k = a?.shape[1] ?? 0
  const words = (from: number, panels: number, to: number, sizes: readonly [number, number]): readonly Word[] => [
    { arg: 0, offset: 4 * from },
    { arg: 1, offset: 4 * panels },
    { out: true, offset: 4 * to },
    ...[...sizes, k, n],
    { scratch: 0 },
  ]
  const length = Math.max(m, n)
  return {
    kernel: 'matmulPrepared',
    words: words(0, 0, 0, [m, n]),
    parts: {
      grains: Math.ceil(length / grain),
      cost: 0.05 * m * n * k,
      words: (from, to) => {
        const [start, size] = [from * grain, Math.min(to * grain, length) - from * grain]
        return m < n ? words(0, start * k, start, [m, size]) : words(start * k, 0, start * n, [size, n])
      },
    },
  }
}

const preparedOp: Op = {
  name: 'preparedMatmul',
  type: ({ attrs, args: [a, panels] }) => {
    const { columns } = columnsIn(attrs)
    const [m = 0, k = 0] = a?.shape ?? []
    return a?.dtype === 'f32' && a.shape.length === 2 && panels?.shape[0] === slivers(columns) * SLIVER * k
      ? E.right(tensorType('f32', [m, columns]))
      : E.left(`takes an f32 matrix and the panels of ${columns} columns of as many rows as it has columns`)
  },
  vjp: null,
  reference: ({ out }, [a, panels]) => {
    const [m = 0, n = 0] = out.shape
    const k = m === 0 ? 0 : (a as Nd).values.length / m
    const values = new Float64Array(m * n)
    for (let i = 0; i < m * n; i++)
      for (let j = 0; j < k; j++) {
        const [x, y] = [(a as Nd).values[Math.floor(i / n) * k + j], (panels as Nd).values[placeOf(k, j, i % n)]]
        values[i] = (values[i] as number) + (x as number) * (y as number)
      }
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: c => [preparedCall(c)],
    scratch: ({ args: [a], out }) =>
      128 + Math.ceil(Math.min(out.shape[0] ?? 0, ROWS) / 8) * 32 * Math.min(a?.shape[1] ?? 0, CHUNK),
  },
  samples: () => [],
}

/** [m, k] times [k, n], or [n, k] if `tb`: `matmul` of two matrices. */
export const preparedMatmul = (a: Expr, b: Expr, tb: boolean): Expr => {
  const panels = apply(panelsOp, [b], { tb })
  return apply(preparedOp, [a, panels], { columns: b.type.shape[tb ? 0 : 1] ?? 0 })
}
