/**
 * Random tensors by counter (Philox4x32-10, Salmon et al. 2011): element e of stream s at step t takes word e mod 4 of
 * the block with counter (e / 4, s, t) under the key, so any draw can be recomputed at any time, in any order.
 */
import * as E from '#fp/Either.js'
import { apply, type Expr } from '../graph/Expr.js'
import type { Attrs, Lowered, Nd, Op, Word } from '../graph/Op.js'
import { block } from '../random/Philox.js'
import { showType, sizeOf, tensorType } from '../shape/TensorType.js'
import { quantile } from './quantile.reference.js'

const drawKeyOp: Op = {
  name: 'drawKey',
  type: ({ args: [key, step] }) =>
    key?.dtype === 'i32' && sizeOf(key.shape) === 2 && step?.dtype === 'f64'
      ? E.right(tensorType('i32', [4]))
      : E.left('takes an i32[2] key and the f64 step'),
  vjp: null,
  reference: (_, [key, step]) => {
    const t = (step as Nd).values[0] as number
    return Float64Array.of(...(key as Nd).values, t >>> 0, Math.floor(t / 4294967296))
  },
  lower: { _tag: 'Kernel', calls: () => [{ kernel: 'drawKey', words: [{ arg: 0 }, { arg: 1 }, { out: true }] }] },
  samples: () => [{ args: [tensorType('i32', [2]), tensorType('f64')], domain: [0, 1000] }],
}

/** The key of one step's draws: the layer's key (i32[2]) with the step's counter (f64). */
export const drawKey = (key: Expr, step: Expr): Expr => apply(drawKeyOp, [key, step])

/** Elements of a turn of the kernel's loop. */
const turn = 16

const streamOf = (attrs: Attrs): number => attrs['stream'] as number

const drawOp = (name: string, fromUniform: (u24: number) => number): Op => ({
  name,
  type: ({ attrs, args: [key] }) =>
    key?.dtype === 'i32' && sizeOf(key.shape) === 4
      ? E.right(tensorType('f32', attrs['shape'] as readonly number[]))
      : E.left(`takes an i32[4] key, not ${key ? showType(key) : 'nothing'}`),
  vjp: null,
  reference: ({ attrs, out }, [key]) => {
    const [k0, k1, t0, t1] = [...(key as Nd).values].map(v => v >>> 0) as [number, number, number, number]
    return new Float64Array(sizeOf(out.shape)).map((_, e) => {
      const words = block([k0, k1], [e >>> 2, streamOf(attrs), t0, t1])
      return fromUniform((words[e & 3] as number) >>> 8)
    })
  },
  lower: {
    _tag: 'Kernel',
    calls: ({ attrs, out }: Lowered) => {
      const size = sizeOf(out.shape)
      const words = (from: number, to: number): readonly Word[] => [
        { arg: 0 },
        { out: true, offset: 4 * from },
        ...[to - from, streamOf(attrs), from / 4],
      ]
      return [
        {
          kernel: name,
          words: words(0, size),
          parts: {
            grains: Math.ceil(size / turn),
            cost: 1.6 * size,
            words: (from, to) => words(from * turn, Math.min(to * turn, size)),
          },
        },
      ]
    },
  },
  samples: () =>
    [0, 1, 3, 4, 5, 16, 17, 1000].map(n => ({
      args: [tensorType('i32', [4])],
      attrs: { shape: [n], stream: 0 },
      domain: [0, 1e6] as const,
    })),
})

const unit = 5.9604644775390625e-8
const uniformOp = drawOp('uniform', u => u * unit)
const normalOp = drawOp('normal', u => quantile((u + 0.5) * unit))
/** Phi(-2), Phi(2) */
const [below, above] = [0.02275013194817921, 0.9772498680518208]
const truncatedNormalOp = drawOp('truncatedNormal', u => quantile(below + (above - below) * (u + 0.5) * unit))

interface Stream {
  /** tells apart several draws under one key; 0 by default */
  readonly stream?: number
}

const draw =
  (op: Op) =>
  (key: Expr, shape: readonly number[], { stream = 0 }: Stream = {}): Expr =>
    apply(op, [key], { shape, stream })

/** Uniform on [0, 1), 24 bits. */
export const uniform = draw(uniformOp)
/** Standard normal, by inverse CDF. */
export const normal = draw(normalOp)
/** Standard normal within +-2, by inverse CDF: no rejection. */
export const truncatedNormal = draw(truncatedNormalOp)

export const randomOps: readonly Op[] = [drawKeyOp, uniformOp, normalOp, truncatedNormalOp]
