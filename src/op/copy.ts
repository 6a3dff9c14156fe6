/** The call of the strided copy kernel, which moves data for transpose, slice, pad, concat and broadcast. */
import { type Call, shifted, type Word } from '../graph/Op.js'
import type { DType } from '../shape/DType.js'
import { maxRank } from '../shape/TensorType.js'

export interface Copy {
  readonly from: Exclude<Word, number | { readonly f32: number }>
  readonly to: Exclude<Word, number | { readonly f32: number }>
  /** f64, whose tensors are scalars, moves as a pair of words */
  readonly dtype: DType
  readonly shape: readonly number[]
  /** in elements; 0 repeats */
  readonly fromStrides: readonly number[]
  readonly toStrides: readonly number[]
}

/** Merges axes that are walked alike, so that the inner loop is as long as can be. */
const merge = (c: Copy): { n: number; from: number; to: number }[] => {
  const axes: { n: number; from: number; to: number }[] = c.dtype === 'f64' ? [{ n: 2, from: 1, to: 1 }] : []
  c.shape.forEach((n, i) => {
    const [from, to] = [c.fromStrides[i] as number, c.toStrides[i] as number]
    const last = axes[axes.length - 1]
    if (n === 1) return
    if (last && last.from === from * n && last.to === to * n) axes[axes.length - 1] = { n: last.n * n, from, to }
    else axes.push({ n, from, to })
  })
  return axes
}

/** Elements of a cache line. */
const line = 16

/** Words: from, to, the sizes outermost first (padded with 1 in front), the source's strides, the target's. */
export const copyCall = (c: Copy): Call => {
  const axes = merge(c)
  const [outermost = { n: 1, from: 1, to: 1 }, ...inner] = axes
  const rest = inner.reduce((n, a) => n * a.n, 1)
  const grain = inner.length === 0 ? line : 1
  const words = (first: number, end: number): readonly Word[] => {
    const walked = [{ ...outermost, n: end - first }, ...inner]
    const padded = [...new Array(maxRank - walked.length).fill({ n: 1, from: 0, to: 0 }), ...walked]
    return [
      shifted(c.from, first * outermost.from),
      shifted(c.to, first * outermost.to),
      ...[...padded.map(a => a.n), ...padded.map(a => a.from), ...padded.map(a => a.to)],
    ]
  }
  return {
    kernel: 'copy32',
    words: words(0, outermost.n),
    parts: {
      grains: Math.ceil(outermost.n / grain),
      cost: 0.5 * outermost.n * rest,
      words: (first, end) => words(first * grain, Math.min(end * grain, outermost.n)),
    },
  }
}
