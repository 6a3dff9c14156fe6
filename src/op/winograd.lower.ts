/** How convolutions run by Winograd's algorithm: the calls of `assembly/conv/winograd*` and their scratch memory. */
import { type Call, type Parts, shifted, type Word } from '../graph/Op.js'
import { type Geometry, type Halves, type Kept, signed, type Way } from './conv.geometry.js'

/** Patches of a chunk of the filters' gradient: part of its order of summation. */
const PATCHES = 64

/** When the kernel transforms the filters. */
const EACH_BAND = 0
const FIRST_BAND = 1
const TRANSFORMED = 2

/** How the work is cut; no bit depends on it. */
interface Blocks {
  /** patches that are transformed together */
  readonly band: number
  /** channels given that are computed together */
  readonly wide: number
  readonly filters: typeof EACH_BAND | typeof FIRST_BAND | typeof TRANSFORMED
  /** places down and across of a patch */
  readonly tile: Tile
}

/** F(2x2, 3x3) or F(4x4, 3x3): fewer multiplications, and a greater error. */
export type Tile = 2 | 4

/** The transformed patches mostly stay in the cache; filters stay transformed for a call where that takes up to 1 MiB. */
const blocks = (taken: number, given: number, tile: Tile): Blocks => ({
  band: Math.min(256, Math.max(128 / tile, Math.floor(8192 / tile / taken / 8) * 8)),
  wide: 64,
  filters: taken * given * matrices(tile) <= 262_144 ? FIRST_BAND : EACH_BAND,
  tile,
})

/**
 * The same where the filters were transformed before: they are read once for each band, the patches for `wide` channels,
 * which are more where a band's matrices come from beyond the cache.
 */
const preparedBlocks = (taken: number, tile: Tile): Blocks => ({
  band: Math.min(256, Math.max(64, Math.floor(65_536 / taken / 8) * 8)),
  wide: taken >= 1024 ? 128 : 64,
  filters: TRANSFORMED,
  tile,
})

/** Matrices: elements of a patch. */
const matrices = (tile: Tile): number => (tile + 2) * (tile + 2)

/** The bytes of four patches' sums, of sixteen channels given. */
const sums = (tile: Tile): number => 256 * matrices(tile) + 64

/** The bytes of a patch's matrices. */
const bytes = (tile: Tile, rows: number, columns: number): number => matrices(tile) * (4 * rows * columns + 64)

/** Equal to the constants of `assembly/conv/planes.ts`. */
const STRIP = 64
const CHANNELS = 8

/** The bytes of the planes of a strip of patches, so many of which lie side by side, and of four patches gathered. */
const planes = (tile: Tile, across: number): number => {
  const rows = (Math.floor((STRIP - 1) / across) + 2) * (tile + 2)
  const slot = 16 * tile * Math.floor((Math.min(across, STRIP) + 7) / 4)
  return CHANNELS * (rows * slot + 64) + 256 * (tile + 2) * tile
}

const scratchOf = ({ band, wide, filters, tile }: Blocks, { taken, given, to }: Transformed): number => {
  const slivers = filters === TRANSFORMED ? 0 : (filters === FIRST_BAND ? given : wide) / 8
  return (
    64 * matrices(tile) +
    64 +
    planes(tile, Math.ceil(to[1] / tile)) +
    Math.ceil(wide / 16) * band * sums(tile) +
    bytes(tile, band, taken) +
    slivers * bytes(tile, taken, 8)
  )
}

export const winogradFilterScratch = ({ channels, filters }: Geometry): number =>
  128 +
  bytes(2, channels, filters) +
  bytes(2, Math.ceil(channels / 8) * 8, PATCHES) +
  bytes(2, filters, PATCHES) +
  256 * channels

/** The filters' sums are kept whole; beyond so many bytes the direct way is taken. */
export const maxFilterScratch = 1 << 24

/** Multiplications for a pair of channels; the last patches may be half empty. */
const multiplications = ([height, width]: readonly [number, number], tile: Tile): number =>
  matrices(tile) * Math.ceil(height / tile) * Math.ceil(width / tile)

/** Whether it takes clearly fewer multiplications: 16 for 2 x 2 places instead of 36. */
const saves = (places: readonly [number, number]): boolean =>
  1.3 * multiplications(places, 2) <= 9 * places[0] * places[1]

export const suits = (g: Geometry, taken: number, given: number, places: readonly [number, number]): boolean =>
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

/** The words for some of the images, and some of the channels given. */
const wordsOf = (
  c: Transformed,
  { band, wide, filters, tile }: Blocks,
  images: readonly [number, number] = [0, c.rows],
  channels: readonly [number, number] = [0, c.given],
): readonly Word[] => {
  const [first, end] = images
  const [from, to] = [c.from[0] * c.from[1] * c.taken, c.to[0] * c.to[1] * c.given]
  return [
    { arg: 0, offset: 4 * first * from },
    { arg: 1 },
    { out: true, offset: 4 * first * to },
    { scratch: 0 },
    end - first,
    ...[...c.from, c.taken, ...c.to, c.given, ...c.start.map(signed)],
    ...[...c.along.map(signed), c.first],
    ...[band, filters, wide, ...channels, tile, 0],
  ]
}

/** Channels in a grain: those whose sums stand side by side. */
const grain = 16

/** Patches from which on those of one image are cut, and not the channels given: then filters are read anew. */
const many = 512

/** Lines `from` up to `to` of the only image's places. */
const linesOf = (c: Transformed, cut: Blocks, from: number, to: number): readonly Word[] =>
  wordsOf({ ...c, to: [to - from, c.to[1]], start: [c.start[0] - from, c.start[1]] }, cut).map(w =>
    typeof w === 'object' && 'out' in w ? shifted(w, from * c.to[1] * c.given) : w,
  )

/**
 * Cut between the images, or of the only one between lines of patches or the channels given; the cost is that of so many
 * patches of 4 x 4.
 */
const winogradCall = (c: Transformed, cut: Blocks): Call => {
  const patches = multiplications(c.to, cut.tile) / 16
  const alone = c.rows === 1
  const byLines = alone && cut.filters === TRANSFORMED && patches >= many
  const some = (from: number, to: number): readonly [number, number] => [from * grain, Math.min(to * grain, c.given)]
  const line = (from: number): number => Math.min(from * cut.tile, c.to[0])
  const parts: Parts = {
    grains: byLines ? Math.ceil(c.to[0] / cut.tile) : alone ? Math.ceil(c.given / grain) : c.rows,
    cost: 0.8 * c.rows * patches * c.taken * c.given,
    again:
      cut.filters === TRANSFORMED && (byLines || !alone) ? 0 : alone ? 16 * patches * c.taken : 8 * c.taken * c.given,
    words: (from, to) => {
      if (byLines) return linesOf(c, cut, line(from), line(to))
      return alone ? wordsOf(c, cut, [0, 1], some(from, to)) : wordsOf(c, cut, [from, to])
    },
  }
  const row = (from: number): number => (byLines ? line(from) : from * c.to[0]) * c.to[1]
  return { kernel: 'winograd', words: wordsOf(c, cut), parts, leads: { word: 24, row: alone && !byLines ? null : row } }
}

/** The larger patches if asked for and if they save more. */
const tileOf = (places: readonly [number, number], most: Tile): Tile =>
  multiplications(places, most) < multiplications(places, 2) ? most : 2

const winogradWay = (c: Transformed, most: Tile): Way => {
  const cut = blocks(c.taken, c.given, tileOf(c.to, most))
  return { calls: [winogradCall(c, cut)], scratch: scratchOf(cut, c) }
}

const outputOf = (g: Geometry): Transformed => {
  const tap = g.channels * g.filters
  return {
    rows: g.rows,
    from: g.image,
    taken: g.channels,
    to: g.places,
    given: g.filters,
    start: g.start,
    along: [g.filters, 1, 3 * tap, tap],
    first: 0,
  }
}

/** y. */
export const winogradOutput = (g: Geometry, most: Tile = 2): Way => winogradWay(outputOf(g), most)

/** x: the convolution of y, padded so that every window that touches the images is there, with the filters turned round. */
export const winogradInput = (g: Geometry, most: Tile = 2): Way => {
  const tap = g.channels * g.filters
  const c: Transformed = {
    rows: g.rows,
    from: g.places,
    taken: g.filters,
    to: g.image,
    given: g.channels,
    start: [2 - g.start[0], 2 - g.start[1]],
    along: [1, g.filters, -3 * tap, -tap],
    first: 8 * tap,
  }
  return winogradWay(c, most)
}

/** w, by patches of 2 x 2 places. */
export const winogradFilter = (g: Geometry): readonly Call[] => {
  const words = (from: number, to: number): readonly Word[] => [
    ...([{ arg: 0 }, { arg: 1 }, { out: true }, { scratch: 0 }] satisfies Word[]),
    ...[g.rows, ...g.image, g.channels, ...g.places, g.filters, ...g.start, PATCHES, from, to],
  ]
  const patches = g.rows * Math.ceil(g.places[0] / 2) * Math.ceil(g.places[1] / 2)
  return [
    {
      kernel: 'winogradFilter',
      words: words(0, g.filters),
      parts: {
        grains: g.filters / 8,
        cost: 0.8 * patches * g.channels * g.filters,
        again: 16 * patches * g.channels,
        words: (from, to) => words(8 * from, 8 * to),
      },
    },
  ]
}

/** G (Lavin & Gray 2016; Barabasz et al. 2020), and a left inverse of it. */
const transforms: { readonly [tile in Tile]: { readonly G: Matrix; readonly back: Matrix } } = {
  2: {
    G: [
      [1, 0, 0],
      [0.5, 0.5, 0.5],
      [0.5, -0.5, 0.5],
      [0, 0, 1],
    ],
    back: [
      [1, 0, 0, 0],
      [0, 1, -1, 0],
      [0, 0, 0, 1],
    ],
  },
  4: {
    G: [
      [1, 0, 0],
      [1 / 3, -1 / 3, 1 / 3],
      [-1 / 3, -1 / 3, -1 / 3],
      [1 / 15, 2 / 15, 4 / 15],
      [-16 / 15, 8 / 15, -4 / 15],
      [0, 0, 1],
    ],
    back: [
      [1, 0, 0, 0, 0, 0],
      [0, -1.5, -1.5, 0, 0, 0],
      [0, 0, 0, 0, 0, 1],
    ],
  },
}

type Matrix = readonly (readonly number[])[]

/** m x m' of the rows and the columns of a matrix, as one matrix. */
const twice = (m: Matrix): Matrix => m.flatMap(a => m.map(b => a.flatMap(x => b.map(y => x * y))))

/** As `winogradFilters` transforms them: by eight filters, matrix and channel. */
const transformed = ({ channels, filters }: Geometry, tile: Tile): Kept => {
  const matrix = 8 * channels + 16
  const { G, back } = transforms[tile]
  return {
    size: (filters / 8) * matrices(tile) * matrix,
    at: (p, c, o) => (matrices(tile) * Math.floor(o / 8) + p) * matrix + 8 * c + (o % 8),
    forward: twice(G),
    backward: twice(back),
  }
}

/** By F(4x4, 3x3) if asked for and if that saves more. */
export const winogradHalves = (g: Geometry, most: Tile): Halves => {
  const tile = tileOf(g.places, most)
  const [c, cut] = [outputOf(g), preparedBlocks(g.channels, tile)]
  const filters: readonly Word[] = [0, { arg: 0 }, { out: true }, { scratch: 0 }]
  return {
    kept: transformed(g, tile),
    filters: {
      calls: [{ kernel: 'winogradFilters', words: [...filters, ...wordsOf(c, cut).slice(filters.length)] }],
      scratch: 64 * matrices(tile),
    },
    output: { calls: [winogradCall(c, cut)], scratch: scratchOf(cut, c) },
  }
}
