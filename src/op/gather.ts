/** Picking by index: gather and its gradient scatterAdd; iota and one-hot. An index out of range is clamped. */
import * as E from '#fp/Either.js'
import { apply, type Expr } from '../graph/Expr.js'
import type { Nd, Op } from '../graph/Op.js'
import { showType, sizeOf, tensorType } from '../shape/TensorType.js'
import { broadcastTo, reshape } from './broadcast.js'
import { eq, select } from './select.js'

const clampIndex = (i: number, n: number): number => Math.min(Math.max(i, 0), n - 1)

const gatherOp: Op = {
  name: 'gather',
  type: ({ args: [table, index] }) => {
    if (!table || index?.dtype !== 'i32' || table.dtype === 'f64') return E.left('takes a table and i32 indices')
    const [n] = table.shape
    if (n === undefined || n < 1) return E.left(`${showType(table)} has no rows to pick from`)
    return E.right(tensorType(table.dtype, [...index.shape, ...table.shape.slice(1)]))
  },
  vjp: ({ args: [table, index], g }) => [table && index ? scatterAdd(index, g, table.type.shape) : null, null],
  reference: ({ args: [type], out }, [table, index]) => {
    const width = sizeOf(type?.shape.slice(1) ?? [])
    return new Float64Array(sizeOf(out.shape)).map((_, i) => {
      const row = clampIndex((index as Nd).values[Math.floor(i / width)] as number, type?.shape[0] as number)
      return (table as Nd).values[row * width + (i % width)] as number
    })
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ args: [table, index] }) => {
      const [n, width] = [table?.shape[0] as number, sizeOf(table?.shape.slice(1) ?? [])]
      const words = [sizeOf(index?.shape ?? []), width, n]
      return [{ kernel: 'gather32', words: [{ arg: 0 }, { arg: 1 }, { out: true }, ...words] }]
    },
  },
  samples: () => [
    { args: [tensorType('f32', [4, 3]), tensorType('i32', [5])], domain: [-1, 4] },
    { args: [tensorType('f32', [4]), tensorType('i32', [2, 3])], domain: [-1, 4] },
  ],
}

/** Row index[i] of the table for every i: table [n, ...d], i32 index [...s] gives [...s, ...d]. */
export const gather = (table: Expr, index: Expr): Expr => apply(gatherOp, [table, index])

const scatterAddOp: Op = {
  name: 'scatterAdd',
  type: ({ attrs, args: [index, updates] }) => {
    const shape = attrs['shape'] as readonly number[]
    if (index?.dtype !== 'i32' || updates?.dtype !== 'f32') return E.left('takes i32 indices and f32 updates')
    return sizeOf(updates.shape) === sizeOf(index.shape) * sizeOf(shape.slice(1))
      ? E.right(tensorType('f32', shape))
      : E.left(`${showType(updates)} does not fit ${showType(index)} rows`)
  },
  vjp: ({ args: [index], g }) => [null, index ? gather(g, index) : null],
  reference: ({ out }, [index, updates]) => {
    const values = new Float64Array(sizeOf(out.shape))
    const width = sizeOf(out.shape.slice(1))
    ;(updates as Nd).values.forEach((u, i) => {
      const row = clampIndex((index as Nd).values[Math.floor(i / width)] as number, out.shape[0] as number)
      values[row * width + (i % width)] = (values[row * width + (i % width)] as number) + u
    })
    return values
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ args: [index], out }) => [
      { kernel: 'fill32', words: [{ out: true }, 0, sizeOf(out.shape)] },
      {
        kernel: 'scatterAdd',
        words: [
          ...[{ arg: 0 }, { arg: 1 }, { out: true } as const],
          ...[sizeOf(index?.shape ?? []), sizeOf(out.shape.slice(1)), out.shape[0] as number],
        ],
      },
    ],
  },
  samples: () => [
    { args: [tensorType('i32', [5]), tensorType('f32', [5, 3])], attrs: { shape: [4, 3] }, domain: [-1, 4] },
  ],
}

/** Zeros of `shape` [n, ...d] with updates[i] added to row index[i], in the order of i. */
export const scatterAdd = (index: Expr, updates: Expr, shape: readonly number[]): Expr =>
  apply(scatterAddOp, [index, updates], { shape })

const iotaOp: Op = {
  name: 'iota',
  type: ({ attrs }) => E.right(tensorType('i32', [attrs['size'] as number])),
  vjp: null,
  reference: ({ out }) => new Float64Array(sizeOf(out.shape)).map((_, i) => i),
  lower: {
    _tag: 'Kernel',
    calls: ({ out }) => [{ kernel: 'iota', words: [{ out: true }, sizeOf(out.shape)] }],
  },
  samples: () => [{ args: [], attrs: { size: 7 } }],
}

/** 0, 1, ..., size - 1 as i32. */
export const iota = (size: number): Expr => apply(iotaOp, [], { size })

/** i32 labels [...s] as f32 [...s, classes]: 1 at the label, 0 elsewhere. */
export const oneHot = (labels: Expr, classes: number): Expr => {
  const shape = [...labels.type.shape, classes]
  const wide = broadcastTo(reshape(labels, [...labels.type.shape, 1]), shape)
  return select(eq(wide, broadcastTo(iota(classes), shape)), 1, 0)
}

export const gatherOps: readonly Op[] = [gatherOp, scatterAddOp, iotaOp]
