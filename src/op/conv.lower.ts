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
export const gatherScratch = (g: Geometry): number => {
  const depth = g.window[0] * g.window[1] * Math.max(g.channels, g.filters)
  return roundUp(packedScratch(depth / g.groups, g.rows * Math.max(g.image[0] * g.image[1], g.places[0] * g.places[1])))
}

/** Bytes for `convolveFilter`. */
export const convFilterScratch = (g: Geometry): number => {
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
export const outputCalls = (g: Geometry): readonly Call[] => [
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
export const inputCalls = (g: Geometry): readonly Call[] => {
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
export const convFilterCalls = (g: Geometry): readonly Call[] => [
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
