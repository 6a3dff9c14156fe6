/** The call of a region's kernel (see emitRegion.ts for the words of its record), and how it can be cut. */
import type { Call, Word } from '../graph/Op.js'
import { resolveDim } from '../shape/TensorType.js'
import type { Region } from '../transform/Unit.js'

/** Elements of a row in a grain: a cache line, so that no two threads write to one. */
const line = 16

/** Bytes of scratch memory: a row of totals and one of partial ones for every reduction over rows, whole vectors. */
export const reductionScratch = ({ reductions, over, inner }: Region, rows: number): number =>
  over === 'inner' ? 0 : reductions.length * 2 * 16 * Math.ceil(resolveDim(inner, rows) / 4)

/**
 * A part of the loop: `turns` rows from `first` on, of each `length` elements from `start` on. Parts that begin within a
 * row are of a region with only one, or all rows of one with reductions over them.
 */
interface Part {
  readonly first: number
  readonly turns: number
  readonly start: number
  readonly length: number
}

/**
 * A region without reductions is cut along its rows, or within its only one: between cache lines, or every `grain`
 * elements if that is given; one with reductions over rows along its columns.
 */
export const regionCall = (region: Region, rows: number, grain: number = line): Call => {
  const [outer, inner] = [resolveDim(region.outer, rows), resolveDim(region.inner, rows)]
  const { inputs, outputs, reductions, over } = region
  const overRows = reductions.length > 0 && over === 'outer'
  const words = ({ first, turns, start, length }: Part): readonly Word[] => [
    turns,
    length,
    ...inputs.flatMap(({ lanes, stays }, i): Word[] => {
      const along = stays ? 0 : lanes === 'vector' ? 4 * inner : 4
      return [{ arg: i, offset: first * along + (lanes === 'vector' ? 4 * start : 0) }, along]
    }),
    ...outputs.map((_, i): Word => ({ arg: inputs.length + i, offset: 4 * (first * inner + start) })),
    ...reductions.map(
      (_, i): Word => ({ arg: inputs.length + outputs.length + i, offset: 4 * (overRows ? start : first) }),
    ),
    ...(overRows ? [4 * inner, { scratch: 0 }] : []),
  ]
  const within = (region.outer === 1 && reductions.length === 0) || overRows
  const arrays = inputs.filter(i => i.lanes === 'vector').length + outputs.length + reductions.length
  const grains = within ? Math.ceil(inner / grain) : outer
  const end = (to: number): number => (to === grains ? inner : to * grain)
  return {
    kernel: region.key,
    words: words({ first: 0, turns: outer, start: 0, length: inner }),
    parts: {
      grains,
      cost: 0.04 * outer * inner * (region.steps.length + arrays),
      local: !overRows && (!within || inner % grain === 0),
      words: (from, to) =>
        words(
          within
            ? { first: 0, turns: outer, start: from * grain, length: end(to) - from * grain }
            : { first: from, turns: to - from, start: 0, length: inner },
        ),
    },
  }
}
