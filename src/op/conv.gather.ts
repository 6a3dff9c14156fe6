/** The records of the kernels of `assembly/conv` that convolve place by place, whichever of them it is. */
import type { Call, Word } from '../graph/Op.js'
import { type Geometry, signed } from './conv.geometry.js'

const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

interface Tap {
  readonly y: number
  readonly x: number
  readonly at: number
}

export interface Gather {
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

export const sizesOf = (c: Gather, packed: boolean, rows = c.rows): readonly Word[] => [
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
export const gatherCall = (kernel: 'convolve' | 'depthwise' | 'grouped', c: Gather, packed = false): Call => {
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

export const gatherOutput = (g: Geometry): Gather => ({
  rows: g.rows,
  from: { size: g.image, channels: g.channels },
  grid: g.places,
  step: g.stride,
  to: { size: g.places, channels: g.filters, step: [1, 1], start: [0, 0] },
  groups: g.groups,
  along: [g.filters, 1, g.filters / g.groups],
  taps: tapsOf(g).map(t => ({ y: t.u * g.dilation[0] - g.start[0], x: t.v * g.dilation[1] - g.start[1], at: t.at })),
})

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
export const inputGathers = (g: Geometry): readonly Gather[] => {
  const [ys, xs] = [phasesOf(g, 0), phasesOf(g, 1)]
  /** how many pixels a phase has along an axis, and the place a tap leads to */
  const along = (phase: number, axis: 0 | 1) => ({
    count: Math.ceil((g.image[axis] - phase) / g.stride[axis]),
    tap: (u: number): number => (phase + g.start[axis] - u * g.dilation[axis]) / g.stride[axis],
  })
  return ys.flatMap(py =>
    xs.map((px): Gather => {
      const [y, x] = [along(py, 0), along(px, 1)]
      const taps = tapsOf(g).map(t => ({ y: y.tap(t.u), x: x.tap(t.v), at: t.at }))
      return {
        rows: g.rows,
        from: { size: g.places, channels: g.filters },
        grid: [y.count, x.count],
        step: [1, 1],
        to: { size: g.image, channels: g.channels, step: g.stride, start: [py, px] },
        groups: g.groups,
        along: [1, g.filters, g.filters / g.groups],
        taps: taps.filter(t => Number.isInteger(t.y) && Number.isInteger(t.x)),
      }
    }),
  )
}

export const inputCalls = (kernel: 'convolve' | 'depthwise' | 'grouped', g: Geometry): readonly Call[] => {
  const phases = inputGathers(g)
  const calls = phases.map(c => gatherCall(kernel, c))
  if (phases.length === Math.min(g.stride[0], g.image[0]) * Math.min(g.stride[1], g.image[1])) return calls
  return [{ kernel: 'fill32', words: [{ out: true }, 0, g.rows * g.image[0] * g.image[1] * g.channels] }, ...calls]
}

type Range = readonly [number, number]

/** Of some of the taps and groups. */
export const filterWords = (
  g: Geometry,
  [from, to]: Range = [0, g.window[0] * g.window[1]],
  [first, last]: Range = [0, g.groups],
): readonly Word[] => {
  const [taken, given] = [g.channels / g.groups, g.filters / g.groups]
  // a record has as many words for some of the taps as for all: the others stand behind them, where nobody reads
  const taps = [...tapsOf(g).slice(from), ...tapsOf(g).slice(0, from)]
  return [
    { arg: 0, offset: 4 * first * taken },
    { arg: 1, offset: 4 * first * given },
    { out: true, offset: 4 * (from * taken * g.filters + first * given) },
    { scratch: 0 },
    g.rows,
    ...[...g.image, g.channels, ...g.places, g.filters, ...g.stride],
    ...[last - first, taken, given],
    to - from,
    ...taps.flatMap(t => [signed(t.u * g.dilation[0] - g.start[0]), signed(t.v * g.dilation[1] - g.start[1])]),
  ]
}
