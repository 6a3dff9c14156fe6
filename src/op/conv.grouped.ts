/** How convolutions in groups of few channels run, four groups in the lanes of every vector (`assembly/conv/grouped.ts`). */
import type { Word } from '../graph/Op.js'
import { filterWords, type Gather, gatherCall, gatherOutput, inputCalls, inputGathers, sizesOf } from './conv.gather.js'
import { asTheyAre, CHUNK, type Geometry, type Halves, isDepthwise, roundUp, type Way } from './conv.geometry.js'

/** Equal to the constants of `assembly/conv`: groups in a vector, bytes of a part of an image and of a block's sums. */
const lanes = 4
const smallPart = 1 << 17
const sumBytes = 128
/** Bytes that the lines of an image under one window may take. */
const mostLines = 1 << 22

const lanesOf = (g: Pick<Geometry, 'groups'>): number => Math.ceil(g.groups / lanes)

/** Rows of places in a part of an image. */
const rowsOfPart = (rows: number, line: number, step: number, span: number): number => {
  const lines = Math.floor(smallPart / line)
  return lines > span ? Math.min(rows, Math.floor((lines - span) / step) + 1) : 1
}

/** Pixels from the first to the last of those that taps lead to, along an axis. */
const spanOf = (taps: readonly number[]): number => Math.max(...taps) - Math.min(...taps) + 1

const groupedScratch = ({ from, grid, step, to, groups, taps }: Gather): number => {
  const [taken, given] = [from.channels / groups, to.channels / groups]
  const span = spanOf(taps.map(t => t.y))
  const line = 16 * taken * ((grid[1] - 1) * step[1] + spanOf(taps.map(t => t.x)))
  const part = line * ((rowsOfPart(grid[0], line, step[0], span) - 1) * step[0] + span)
  const k = taps.length * taken
  return roundUp(4 * k + 16 + sumBytes + 16 * lanesOf({ groups }) * k * given + part)
}

const groupedFilterScratch = (g: Geometry): number => {
  const [taken, given] = [g.channels / g.groups, g.filters / g.groups]
  const [span, across] = [g.dilation[0] * (g.window[0] - 1) + 1, g.dilation[1] * (g.window[1] - 1) + 1]
  const line = 16 * taken * ((g.places[1] - 1) * g.stride[1] + across)
  const place = 16 * given
  const tall = Math.min(
    rowsOfPart(g.places[0], line, g.stride[0], span),
    rowsOfPart(g.places[0], g.places[1] * place, 1, 1),
  )
  const sums = 2 * g.window[0] * g.window[1] * taken * place
  return roundUp(tall * g.places[1] * (4 + place) + 16 + sums + line * ((tall - 1) * g.stride[0] + span))
}

/**
 * Groups of at most so many channels, taken or given, are sooner done four at a time than each by itself: fewer where
 * lanes stay empty, or where a pixel is by itself.
 */
const fewChannels = (g: Geometry): number => {
  if (g.groups < 3 * lanesOf(g)) return 6
  return g.window[0] * g.window[1] === 1 ? 8 : 16
}

/** Whether that gains, sums run over (tap, channel) in one chunk both ways, and lines under a window are not too long. */
export const isGrouped = (g: Geometry): boolean => {
  const most = Math.max(g.channels, g.filters) / g.groups
  const lines = g.dilation[0] * (g.window[0] - 1) + 1
  const across = Math.max(g.image[1], g.places[1]) + g.dilation[1] * g.window[1]
  return (
    g.groups > 1 &&
    !isDepthwise(g) &&
    most <= fewChannels(g) &&
    g.window[0] * g.window[1] * most <= CHUNK &&
    16 * most * lines * across <= mostLines
  )
}

export const groupedOutput = (g: Geometry): Way => {
  const c = gatherOutput(g)
  return { calls: [gatherCall('grouped', c)], scratch: groupedScratch(c) }
}

export const groupedInput = (g: Geometry): Way => ({
  calls: inputCalls('grouped', g),
  scratch: Math.max(0, ...inputGathers(g).map(groupedScratch)),
})

/** Cut between fours of groups. */
export const groupedFilter = (g: Geometry): Way => {
  const grains = lanesOf(g)
  const cost =
    (0.05 * g.rows * g.places[0] * g.places[1] * g.window[0] * g.window[1] * g.channels * g.filters) / g.groups
  const words = (from: number, to: number): readonly Word[] =>
    filterWords(g, undefined, [lanes * from, Math.min(lanes * to, g.groups)])
  return {
    calls: [{ kernel: 'groupedFilter', words: words(0, grains), parts: { grains, cost, words } }],
    scratch: groupedFilterScratch(g),
  }
}

/** Packed by fours of groups and of channels given: [tap, channel taken][channel given][lane]. */
export const groupedHalves = (g: Geometry): Halves => {
  const c = gatherOutput(g)
  const [taken, given] = [g.channels / g.groups, g.filters / g.groups]
  const k = g.window[0] * g.window[1] * taken
  return {
    kept: {
      ...asTheyAre(g),
      size: lanesOf(g) * k * given * lanes,
      at: (tap, channel, o) => {
        const [group, out] = [Math.floor(o / given), o % given]
        const first = 4 * Math.floor(out / 4)
        const inFour = (tap * taken + channel) * Math.min(4, given - first) + out - first
        return lanes * (Math.floor(group / lanes) * k * given + first * k + inFour) + (group % lanes)
      },
    },
    filters: {
      calls: [{ kernel: 'groupedFilters', words: [0, { arg: 0 }, { out: true }, 0, ...sizesOf(c, true)] }],
      scratch: 0,
    },
    output: { calls: [gatherCall('grouped', c, true)], scratch: groupedScratch(c) },
  }
}
