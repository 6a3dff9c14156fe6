/** How convolutions run: the calls of `assembly/conv` and the scratch memory they need. */
import type { Call, Word } from '../graph/Op.js'
import { type Geometry, type Halves, type Kept, signed, type Way } from './conv.geometry.js'
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

/** Equal to the constants of `assembly/conv`. */
const CHUNK = 256
const BAND = 256

const roundUp = (bytes: number): number => Math.ceil(bytes / 64) * 64

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

const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

interface Tap {
  readonly y: number
  readonly x: number
  readonly at: number
}

interface Gather {
  readonly rows: number
  readonly from: { readonly size: readonly [number, number]; readonly channels: number }
  readonly grid: readonly [number, number]
  readonly step: readonly [number, number]
  readonly to: {
    readonly size: readonly [number, number]
    readonly channels: number
    readonly step: readonly [number, number]
    readonly start: readonly [number, number]
  }
  readonly groups: number
  /** strides of the weights along channels taken, channels given and groups */
  readonly along: readonly [number, number, number]
  readonly taps: readonly Tap[]
}

const sizesOf = (c: Gather, packed: boolean, rows = c.rows): readonly Word[] => [
  rows,
  ...[...c.from.size, c.from.channels],
  ...[...c.grid, ...c.step],
  ...[...c.to.size, c.to.channels, ...c.to.step, ...c.to.start],
  ...[c.groups, c.from.channels / c.groups, c.to.channels / c.groups, ...c.along],
  ...[c.taps.length, packed ? 1 : 0, 0],
  ...c.taps.flatMap(t => [signed(t.y), signed(t.x), t.at]),
]

/** Lines `from` up to `to` of the grid: the taps and the results begin as many lines further on. */
const linesOf = (c: Gather, from: number, to: number): Gather => ({
  ...c,
  grid: [to - from, c.grid[1]],
  to: { ...c.to, start: [c.to.start[0] + from * c.to.step[0], c.to.start[1]] },
  taps: c.taps.map(t => ({ ...t, y: t.y + from * c.step[0] })),
})

/** Cut between the images, or between pairs of lines of the only one. */
const gatherCall = (kernel: 'convolve' | 'depthwise', c: Gather, packed = false): Call => {
  const lineAt = (pair: number): number => Math.min(2 * pair, c.grid[0])
  const image = (from: number): Word => ({
    arg: 0,
    offset: 4 * from * c.from.size[0] * c.from.size[1] * c.from.channels,
  })
  const result = (from: number): Word => ({ out: true, offset: 4 * from * c.to.size[0] * c.to.size[1] * c.to.channels })
  const words = (from: number, to: number): readonly Word[] =>
    c.rows === 1
      ? [image(0), { arg: 1 }, result(0), { scratch: 0 }, ...sizesOf(linesOf(c, lineAt(from), lineAt(to)), packed)]
      : [image(from), { arg: 1 }, result(from), { scratch: 0 }, ...sizesOf(c, packed, to - from)]
  const pairs = c.rows === 1
  const grains = pairs ? Math.ceil(c.grid[0] / 2) : c.rows
  const weights = (c.taps.length * c.from.channels * c.to.channels) / c.groups
  const dense = [c.to.step, c.to.start].flat().join() === '1,1,0,0'
  return {
    kernel,
    words: words(0, grains),
    ...(dense && { leads: { word: 27, row: from => (pairs ? lineAt(from) : from * c.grid[0]) * c.grid[1] } }),
    parts: {
      grains,
      cost: 0.05 * c.rows * c.grid[0] * c.grid[1] * weights,
      again: packed ? 0 : 0.3 * weights,
      words,
    },
  }
}

/** The taps of the window in the filters' order. */
const tapsOf = (g: Geometry): readonly { readonly u: number; readonly v: number; readonly at: number }[] =>
  range(g.window[0] * g.window[1]).map(tap => ({
    u: Math.floor(tap / g.window[1]),
    v: tap % g.window[1],
    at: (tap * g.channels * g.filters) / g.groups,
  }))

const gatherOutput = (g: Geometry): Gather => ({
  rows: g.rows,
  from: { size: g.image, channels: g.channels },
  grid: g.places,
  step: g.stride,
  to: { size: g.places, channels: g.filters, step: [1, 1], start: [0, 0] },
  groups: g.groups,
  along: [g.filters, 1, g.filters / g.groups],
  taps: tapsOf(g).map(t => ({ y: t.u * g.dilation[0] - g.start[0], x: t.v * g.dilation[1] - g.start[1], at: t.at })),
})

/** y: every place gathers from the images under the window. */
export const directOutput = (g: Geometry): readonly Call[] => [gatherCall('convolve', gatherOutput(g))]

/** The remainders modulo the stride of the pixels along an axis that a window's taps lead to. */
const phasesOf = (g: Geometry, axis: 0 | 1): readonly number[] => {
  const s = g.stride[axis]
  const phases = range(g.window[axis]).map(u => (((u * g.dilation[axis] - g.start[axis]) % s) + s) % s)
  return [...new Set(phases)].filter(p => p < g.image[axis]).sort((p, q) => p - q)
}

/**
 * x: a pixel gathers from the places whose window it lies under. Pixels at the same place modulo the strides see the
 * same taps, so each such phase is a dense convolution of its own; pixels that no tap leads to are zeros.
 */
const inputCalls = (kernel: 'convolve' | 'depthwise', g: Geometry): readonly Call[] => {
  const [ys, xs] = [phasesOf(g, 0), phasesOf(g, 1)]
  const all = ys.length * xs.length === Math.min(g.stride[0], g.image[0]) * Math.min(g.stride[1], g.image[1])
  /** how many pixels a phase has along an axis, and the place a tap leads to */
  const along = (phase: number, axis: 0 | 1) => ({
    count: Math.ceil((g.image[axis] - phase) / g.stride[axis]),
    tap: (u: number): number => (phase + g.start[axis] - u * g.dilation[axis]) / g.stride[axis],
  })
  const phases = ys.flatMap(py =>
    xs.map(px => {
      const [y, x] = [along(py, 0), along(px, 1)]
      const taps = tapsOf(g).map(t => ({ y: y.tap(t.u), x: x.tap(t.v), at: t.at }))
      return gatherCall(kernel, {
        rows: g.rows,
        from: { size: g.places, channels: g.filters },
        grid: [y.count, x.count],
        step: [1, 1],
        to: { size: g.image, channels: g.channels, step: g.stride, start: [py, px] },
        groups: g.groups,
        along: [1, g.filters, g.filters / g.groups],
        taps: taps.filter(t => Number.isInteger(t.y) && Number.isInteger(t.x)),
      })
    }),
  )
  if (all) return phases
  return [{ kernel: 'fill32', words: [{ out: true }, 0, g.rows * g.image[0] * g.image[1] * g.channels] }, ...phases]
}

export const directInput = (g: Geometry): readonly Call[] => inputCalls('convolve', g)

const filterWords = (g: Geometry, from: number, to: number): readonly Word[] => {
  const perTap = (g.channels * g.filters) / g.groups
  // a record has as many words for some of the taps as for all: the others stand behind them, where nobody reads
  const taps = [...tapsOf(g).slice(from), ...tapsOf(g).slice(0, from)]
  return [
    ...([{ arg: 0 }, { arg: 1 }, { out: true, offset: 4 * from * perTap }, { scratch: 0 }] satisfies Word[]),
    g.rows,
    ...[...g.image, g.channels, ...g.places, g.filters, ...g.stride],
    ...[g.groups, g.channels / g.groups, g.filters / g.groups],
    to - from,
    ...taps.flatMap(t => [signed(t.u * g.dilation[0] - g.start[0]), signed(t.v * g.dilation[1] - g.start[1])]),
  ]
}

/** w: every element of the filters sums over the places. Cut between the taps of the window. */
export const directFilter = (g: Geometry): readonly Call[] => {
  const grains = g.window[0] * g.window[1]
  const places = g.rows * g.places[0] * g.places[1]
  const cost = (0.05 * places * grains * g.channels * g.filters) / g.groups
  return [
    {
      kernel: 'convolveFilter',
      words: filterWords(g, 0, grains),
      parts: { grains, cost, again: 0.3 * places * g.filters, words: (from, to) => filterWords(g, from, to) },
    },
  ]
}

// --- of every channel by itself ---------------------------------------------------------------------------------------
const isDepthwise = (g: Geometry): boolean => g.groups > 1 && g.groups === g.channels

export const depthwiseOutput = (g: Geometry): readonly Call[] => [gatherCall('depthwise', gatherOutput(g))]
export const depthwiseInput = (g: Geometry): readonly Call[] => inputCalls('depthwise', g)
export const depthwiseFilter = (g: Geometry): readonly Call[] => [
  { kernel: 'depthwiseFilter', words: filterWords(g, 0, g.window[0] * g.window[1]) },
]

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
  return suits(g, g.channels, g.filters, g.places)
    ? winogradOutput(g, most)
    : { calls: directOutput(g), scratch: directScratch(g) }
}

export const inputWay = (g: Geometry, most: Tile = 2): Way => {
  if (isDepthwise(g)) return { calls: depthwiseInput(g), scratch: depthwiseScratch(g) }
  return suits(g, g.filters, g.channels, g.image)
    ? winogradInput(g, most)
    : { calls: directInput(g), scratch: directScratch(g) }
}

export const filterWay = (g: Geometry): Way => {
  if (isDepthwise(g)) return { calls: depthwiseFilter(g), scratch: depthwiseFilterScratch(g) }
  return suits(g, g.channels, g.filters, g.places) && winogradFilterScratch(g) <= maxFilterScratch
    ? { calls: winogradFilter(g), scratch: winogradFilterScratch(g) }
    : { calls: directFilter(g), scratch: directFilterScratch(g) }
}

/** As `convolveFilters` packs them: by group, chunk of k's and eight filters. */
const packed = (g: Geometry): Kept => {
  const [taken, given] = [g.channels / g.groups, g.filters / g.groups]
  const [taps, padded] = [g.window[0] * g.window[1], Math.ceil(given / 8) * 8]
  const depth = taps * taken
  const unit = range(taps).map(i => range(taps).map(j => (i === j ? 1 : 0)))
  return {
    size: g.groups * depth * padded,
    at: (tap, c, o) => {
      const [k, column] = [tap * taken + c, o % given]
      const start = Math.floor(k / CHUNK) * CHUNK
      const sliver = Math.min(CHUNK, depth - start) * Math.floor(column / 8)
      return padded * (Math.floor(o / given) * depth + start) + 8 * (sliver + k - start) + (column % 8)
    },
    forward: unit,
    backward: unit,
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
  return suits(g, g.channels, g.filters, g.places) ? winogradHalves(g, tile) : directHalves(g)
}
