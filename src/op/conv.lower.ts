/** How convolutions run: the calls of `assembly/conv` and the scratch memory they need. */
import type { Call, Word } from '../graph/Op.js'

/** A convolution with everything known; `start` is the padding before each axis. */
export interface Geometry {
  readonly rows: number
  readonly image: readonly [number, number]
  readonly channels: number
  readonly window: readonly [number, number]
  readonly places: readonly [number, number]
  readonly filters: number
  readonly stride: readonly [number, number]
  readonly dilation: readonly [number, number]
  readonly start: readonly [number, number]
  readonly groups: number
}

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

/** A signed number as a word. */
const signed = (x: number): number => x >>> 0

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

const gatherCall = (c: Gather): Call => ({
  kernel: 'convolve',
  words: [
    ...([{ arg: 0 }, { arg: 1 }, { out: true }, { scratch: 0 }] satisfies Word[]),
    c.rows,
    ...[...c.from.size, c.from.channels],
    ...[...c.grid, ...c.step],
    ...[...c.to.size, c.to.channels, ...c.to.step, ...c.to.start],
    ...[c.groups, c.from.channels / c.groups, c.to.channels / c.groups, ...c.along],
    c.taps.length,
    ...c.taps.flatMap(t => [signed(t.y), signed(t.x), t.at]),
  ],
})

/** The taps of the window in the filters' order. */
const tapsOf = (g: Geometry): readonly { readonly u: number; readonly v: number; readonly at: number }[] =>
  range(g.window[0] * g.window[1]).map(tap => ({
    u: Math.floor(tap / g.window[1]),
    v: tap % g.window[1],
    at: (tap * g.channels * g.filters) / g.groups,
  }))

/** y: every place gathers from the images under the window. */
export const directOutput = (g: Geometry): readonly Call[] => [
  gatherCall({
    rows: g.rows,
    from: { size: g.image, channels: g.channels },
    grid: g.places,
    step: g.stride,
    to: { size: g.places, channels: g.filters, step: [1, 1], start: [0, 0] },
    groups: g.groups,
    along: [g.filters, 1, g.filters / g.groups],
    taps: tapsOf(g).map(t => ({ y: t.u * g.dilation[0] - g.start[0], x: t.v * g.dilation[1] - g.start[1], at: t.at })),
  }),
]

/**
 * x: a pixel gathers from the places whose window it lies under. Pixels at the same place modulo the strides see the
 * same taps, so each such phase is a dense convolution of its own.
 */
export const directInput = (g: Geometry): readonly Call[] => {
  const [sy, sx] = g.stride
  /** the first pixel of a phase, how many there are, and the place a tap leads to */
  const axis = (phase: number, s: number, size: number, start: number, dilation: number) => ({
    count: Math.ceil((size - phase) / s),
    tap: (u: number): number => (phase + start - u * dilation) / s,
  })
  return range(sy * sx).flatMap(phase => {
    const [py, px] = [Math.floor(phase / sx), phase % sx]
    const [y, x] = [
      axis(py, sy, g.image[0], g.start[0], g.dilation[0]),
      axis(px, sx, g.image[1], g.start[1], g.dilation[1]),
    ]
    if (y.count <= 0 || x.count <= 0) return []
    const taps = tapsOf(g).map(t => ({ y: y.tap(t.u), x: x.tap(t.v), at: t.at }))
    return [
      gatherCall({
        rows: g.rows,
        from: { size: g.places, channels: g.filters },
        grid: [y.count, x.count],
        step: [1, 1],
        to: { size: g.image, channels: g.channels, step: g.stride, start: [py, px] },
        groups: g.groups,
        along: [1, g.filters, g.filters / g.groups],
        taps: taps.filter(t => Number.isInteger(t.y) && Number.isInteger(t.x)),
      }),
    ]
  })
}

/** w: every element of the filters sums over the places. */
export const directFilter = (g: Geometry): readonly Call[] => [
  {
    kernel: 'convolveFilter',
    words: [
      ...([{ arg: 0 }, { arg: 1 }, { out: true }, { scratch: 0 }] satisfies Word[]),
      g.rows,
      ...[...g.image, g.channels, ...g.places, g.filters, ...g.stride],
      ...[g.groups, g.channels / g.groups, g.filters / g.groups],
      g.window[0] * g.window[1],
      ...tapsOf(g).flatMap(t => [signed(t.u * g.dilation[0] - g.start[0]), signed(t.v * g.dilation[1] - g.start[1])]),
    ],
  },
]

// --- by Winograd's algorithm ------------------------------------------------------------------------------------------
/** Patches that are transformed together: so many that the transformed ones mostly stay in the cache. */
const bandOf = (taken: number): number => Math.min(256, Math.max(64, Math.floor(4096 / taken / 8) * 8))

/** Patches of a chunk of the filters' gradient: part of its order of summation. */
const PATCHES = 128

/** Whether all transformed filters are kept while a call runs, which takes 64 bytes for each filter and channel. */
const kept = (taken: number, given: number): boolean => taken * given <= 16_384

/** The bytes of sixteen matrices. */
const sixteen = (rows: number, columns: number): number => 16 * (4 * rows * columns + 64)

const winogradScratch = (taken: number, given: number): number => {
  const band = bandOf(taken)
  const slivers = kept(taken, given) ? given / 8 : 2
  return 1024 + 32 * band + sixteen(band, 16) + sixteen(band, taken) + 256 * taken + slivers * sixteen(taken, 8)
}

const winogradFilterScratch = ({ channels, filters }: Geometry): number =>
  128 +
  sixteen(channels, filters) +
  sixteen(Math.ceil(channels / 8) * 8, PATCHES) +
  sixteen(filters, PATCHES) +
  256 * channels

/** The filters' sums are kept whole; beyond so many bytes the direct way is taken. */
const maxFilterScratch = 1 << 24

/** Whether it takes clearly fewer multiplications: 16 for 2 x 2 places instead of 36, but the last ones may be half empty. */
const saves = ([height, width]: readonly [number, number]): boolean =>
  1.3 * 16 * Math.ceil(height / 2) * Math.ceil(width / 2) <= 9 * height * width

const suits = (g: Geometry, taken: number, given: number, places: readonly [number, number]): boolean =>
  g.window.every(k => k === 3) &&
  [...g.stride, ...g.dilation, g.groups].every(s => s === 1) &&
  g.start.every(p => p <= 2) &&
  taken >= 16 &&
  taken % 4 === 0 &&
  given >= 16 &&
  given % 8 === 0 &&
  saves(places)

interface Transformed {
  readonly rows: number
  readonly from: readonly [number, number]
  readonly taken: number
  readonly to: readonly [number, number]
  readonly given: number
  readonly start: readonly [number, number]
  /** strides of the weights along channels taken, channels given, rows and columns of the window, and the first one */
  readonly along: readonly [number, number, number, number]
  readonly first: number
}

const winogradCall = (c: Transformed): Call => ({
  kernel: 'winograd',
  words: [
    ...([{ arg: 0 }, { arg: 1 }, { out: true }, { scratch: 0 }] satisfies Word[]),
    c.rows,
    ...[...c.from, c.taken, ...c.to, c.given, ...c.start],
    ...[...c.along.map(signed), c.first],
    ...[bandOf(c.taken), kept(c.taken, c.given) ? 1 : 0],
  ],
})

/** y, by patches of 2 x 2 places. */
export const winogradOutput = (g: Geometry): readonly Call[] => {
  const tap = g.channels * g.filters
  return [
    winogradCall({
      rows: g.rows,
      from: g.image,
      taken: g.channels,
      to: g.places,
      given: g.filters,
      start: g.start,
      along: [g.filters, 1, 3 * tap, tap],
      first: 0,
    }),
  ]
}

/** x: the convolution of y, padded so that every window that touches the images is there, with the filters turned round. */
export const winogradInput = (g: Geometry): readonly Call[] => {
  const tap = g.channels * g.filters
  return [
    winogradCall({
      rows: g.rows,
      from: g.places,
      taken: g.filters,
      to: g.image,
      given: g.channels,
      start: [2 - g.start[0], 2 - g.start[1]],
      along: [1, g.filters, -3 * tap, -tap],
      first: 8 * tap,
    }),
  ]
}

/** w, by patches of 2 x 2 places. */
export const winogradFilter = (g: Geometry): readonly Call[] => [
  {
    kernel: 'winogradFilter',
    words: [
      ...([{ arg: 0 }, { arg: 1 }, { out: true }, { scratch: 0 }] satisfies Word[]),
      ...[g.rows, ...g.image, g.channels, ...g.places, g.filters, ...g.start, PATCHES],
    ],
  },
]

/**
 * How a convolution runs: which way is decided by the sizes of images, window, channels and filters, never by the number
 * of rows, so that a row's bits do not depend on the batch it is in.
 */
interface Way {
  readonly calls: readonly Call[]
  readonly scratch: number
}

export const outputWay = (g: Geometry): Way =>
  suits(g, g.channels, g.filters, g.places)
    ? { calls: winogradOutput(g), scratch: winogradScratch(g.channels, g.filters) }
    : { calls: directOutput(g), scratch: directScratch(g) }

export const inputWay = (g: Geometry): Way =>
  suits(g, g.filters, g.channels, g.image)
    ? { calls: winogradInput(g), scratch: winogradScratch(g.filters, g.channels) }
    : { calls: directInput(g), scratch: directScratch(g) }

export const filterWay = (g: Geometry): Way =>
  suits(g, g.channels, g.filters, g.places) && winogradFilterScratch(g) <= maxFilterScratch
    ? { calls: winogradFilter(g), scratch: winogradFilterScratch(g) }
    : { calls: directFilter(g), scratch: directFilterScratch(g) }
