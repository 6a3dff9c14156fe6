/** How convolutions run: the calls of `assembly/conv` and the scratch memory they need. */
import type { Call } from '../graph/Op.js'
import { filterWords, gatherCall, gatherOutput, inputCalls, sizesOf } from './conv.gather.js'
import {
  asTheyAre,
  CHUNK,
  type Geometry,
  type Halves,
  isDepthwise,
  type Kept,
  roundUp,
  type Way,
} from './conv.geometry.js'
import { groupedFilter, groupedHalves, groupedInput, groupedOutput, isGrouped } from './conv.grouped.js'
import {
  maxFilterScratch,
  suits,
  type Tile,
  winogradFilter,
  winogradFilterScratch,
  winogradHalves,
  winogradInput,
  winogradOutput,
} from './winograd.lower.js'

/** Equal to the constant of `assembly/conv`. */
const BAND = 256

/** Two slivers of B, a tile, a row of zeros, the table of a band and its packed A. */
const packedScratch = (k: number, rows: number): number =>
  2 * CHUNK * 32 + 128 + 4 * CHUNK + 64 + 16 * BAND + Math.ceil(Math.min(rows, BAND) / 8) * 32 * Math.min(k, CHUNK)

/** Bytes for `convolve`: at most 288,000. */
const directScratch = (g: Geometry): number => {
  const depth = g.window[0] * g.window[1] * Math.max(g.channels, g.filters)
  return roundUp(packedScratch(depth / g.groups, g.rows * Math.max(g.image[0] * g.image[1], g.places[0] * g.places[1])))
}

/** Bytes for `convolveFilter`. */
const directFilterScratch = (g: Geometry): number => {
  const k = (g.window[0] * g.window[1] * g.channels) / g.groups
  return roundUp(packedScratch(g.rows * g.places[0] * g.places[1], k))
}

/** y: every place gathers from the images under the window. */
export const directOutput = (g: Geometry): readonly Call[] => [gatherCall('convolve', gatherOutput(g))]

export const directInput = (g: Geometry): readonly Call[] => inputCalls('convolve', g)

/** w: every element of the filters sums over the places. Cut between the taps of the window. */
export const directFilter = (g: Geometry): readonly Call[] => {
  const grains = g.window[0] * g.window[1]
  const places = g.rows * g.places[0] * g.places[1]
  const cost = (0.05 * places * grains * g.channels * g.filters) / g.groups
  return [
    {
      kernel: 'convolveFilter',
      words: filterWords(g),
      parts: { grains, cost, again: 0.3 * places * g.filters, words: (from, to) => filterWords(g, [from, to]) },
    },
  ]
}

// --- of every channel by itself ---------------------------------------------------------------------------------------
export const depthwiseOutput = (g: Geometry): readonly Call[] => [gatherCall('depthwise', gatherOutput(g))]
export const depthwiseInput = (g: Geometry): readonly Call[] => inputCalls('depthwise', g)
export const depthwiseFilter = (g: Geometry): readonly Call[] => [{ kernel: 'depthwiseFilter', words: filterWords(g) }]

/** Elements of weights, or sums, packed for vectors over the channels. */
const packedChannels = ({ window, channels, filters }: Geometry): number =>
  window[0] * window[1] * (filters / channels) * 8 * Math.ceil(channels / 8)

const depthwiseScratch = (g: Geometry): number =>
  roundUp(((16 * g.filters) / g.channels) * g.window[0] * g.window[1] + 4 * packedChannels(g))

const depthwiseFilterScratch = (g: Geometry): number => roundUp(16 * g.window[0] * g.window[1] + 8 * packedChannels(g))

// --- the choice -------------------------------------------------------------------------------------------------------
/**
 * How a convolution runs: which way is decided by the sizes of images, window, channels and filters, never by the number
 * of rows, so that a row's bits do not depend on the batch it is in. `most`: places down and across of Winograd's patches.
 */
export const outputWay = (g: Geometry, most: Tile = 2): Way => {
  if (isDepthwise(g)) return { calls: depthwiseOutput(g), scratch: depthwiseScratch(g) }
  if (isGrouped(g)) return groupedOutput(g)
  return suits(g, g.channels, g.filters, g.places)
    ? winogradOutput(g, most)
    : { calls: directOutput(g), scratch: directScratch(g) }
}

export const inputWay = (g: Geometry, most: Tile = 2): Way => {
  if (isDepthwise(g)) return { calls: depthwiseInput(g), scratch: depthwiseScratch(g) }
  if (isGrouped(g)) return groupedInput(g)
  return suits(g, g.filters, g.channels, g.image)
    ? winogradInput(g, most)
    : { calls: directInput(g), scratch: directScratch(g) }
}

export const filterWay = (g: Geometry): Way => {
  if (isDepthwise(g)) return { calls: depthwiseFilter(g), scratch: depthwiseFilterScratch(g) }
  if (isGrouped(g)) return groupedFilter(g)
  return suits(g, g.channels, g.filters, g.places) && winogradFilterScratch(g) <= maxFilterScratch
    ? { calls: winogradFilter(g), scratch: winogradFilterScratch(g) }
    : { calls: directFilter(g), scratch: directFilterScratch(g) }
}

/** As `convolveFilters` packs them: by group, chunk of k's and eight filters. */
const packed = (g: Geometry): Kept => {
  const [taken, given] = [g.channels / g.groups, g.filters / g.groups]
  const [taps, padded] = [g.window[0] * g.window[1], Math.ceil(given / 8) * 8]
  const depth = taps * taken
  return {
    size: g.groups * depth * padded,
    at: (tap, c, o) => {
      const [k, column] = [tap * taken + c, o % given]
      const start = Math.floor(k / CHUNK) * CHUNK
      const sliver = Math.min(CHUNK, depth - start) * Math.floor(column / 8)
      return padded * (Math.floor(o / given) * depth + start) + 8 * (sliver + k - start) + (column % 8)
    },
    ...asTheyAre(g),
  }
}

const directHalves = (g: Geometry): Halves => {
  const c = gatherOutput(g)
  return {
    kept: packed(g),
    filters: {
      calls: [{ kernel: 'convolveFilters', words: [0, { arg: 0 }, { out: true }, 0, ...sizesOf(c, true)] }],
      scratch: 0,
    },
    output: { calls: [gatherCall('convolve', c, true)], scratch: directScratch(g) },
  }
}

/** Packed for vectors over the channels: by filter of a channel, eight channels, and tap. */
const depthwiseHalves = (g: Geometry): Halves => {
  const c = gatherOutput(g)
  const [taps, multiplier] = [g.window[0] * g.window[1], g.filters / g.channels]
  return {
    kept: {
      ...packed(g),
      size: packedChannels(g),
      at: (tap, _c, o) => {
        const channel = Math.floor(o / multiplier)
        const eight = (o % multiplier) * Math.ceil(g.channels / 8) + Math.floor(channel / 8)
        return 8 * (eight * taps + tap) + (channel % 8)
      },
    },
    filters: {
      calls: [{ kernel: 'depthwiseFilters', words: [0, { arg: 0 }, { out: true }, 0, ...sizesOf(c, true)] }],
      scratch: 0,
    },
    output: { calls: [gatherCall('depthwise', c, true)], scratch: depthwiseScratch(g) },
  }
}

/** The same bits as `outputWay`, unless the most places of Winograd's patches are 4. */
export const outputHalves = (g: Geometry, tile: Tile = 2): Halves => {
  if (isDepthwise(g)) return depthwiseHalves(g)
  if (isGrouped(g)) return groupedHalves(g)
  return suits(g, g.channels, g.filters, g.places) ? winogradHalves(g, tile) : directHalves(g)
}
