/** The kernels of convolutions run on tensors of their own, and the same sums in scalar code. */
import * as assert from 'uvu/assert'
import type { Call, Word } from '../../src/graph/Op.js'
import type { Geometry } from '../../src/op/conv.geometry.js'
import { compile } from './asc.js'

export const { memory, call } = await compile(
  "export * from './assembly/conv'\nexport { fill32 } from './assembly/copy'",
  512,
)
export const CHUNK = 256
const CANARY = 0x7fc12345

export type Role = 'x' | 'w' | 'y'
export type Tensors = Readonly<Record<Role, Float32Array>>

export const sizes = (g: Geometry): Readonly<Record<Role, number>> => ({
  x: g.rows * g.image[0] * g.image[1] * g.channels,
  w: (g.window[0] * g.window[1] * g.channels * g.filters) / g.groups,
  y: g.rows * g.places[0] * g.places[1] * g.filters,
})

/** Geometry of square images and windows. */
export const of = (
  rows: number,
  size: number,
  channels: number,
  window: number,
  filters: number,
  { stride = 1, dilation = 1, padding = 0, groups = 1 } = {},
): Geometry => {
  const places = Math.floor((size + 2 * padding - dilation * (window - 1) - 1) / stride) + 1
  const two = (n: number): readonly [number, number] => [n, n]
  return {
    rows,
    channels,
    filters,
    groups,
    image: two(size),
    window: two(window),
    places: two(places),
    stride: two(stride),
    dilation: two(dilation),
    start: two(padding),
  }
}

const uniform = (seed: number): (() => number) => {
  let state = seed // local mutation: a linear congruential generator
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
/** Normal numbers, rectified if wanted. */
const normal = (length: number, seed: number, rectified = false): Float32Array => {
  const next = uniform(seed)
  return Float32Array.from({ length }, () => {
    const x = Math.sqrt(-2 * Math.log(next() + 1e-12)) * Math.cos(2 * Math.PI * next())
    return rectified ? Math.max(x, 0) : x
  })
}
export const tensors = (g: Geometry): Tensors => {
  const n = sizes(g)
  return { x: normal(n.x, 1, true), w: normal(n.w, 2), y: normal(n.y, 3) }
}

const operands: Readonly<Record<Role, readonly [Role, Role]>> = { y: ['x', 'w'], x: ['y', 'w'], w: ['x', 'y'] }
const align = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** Runs calls that make `role` of the other two, with canaries around the result and after the scratch. */
export const run = (calls: readonly Call[], scratchBytes: number, role: Role, t: Tensors): Float32Array => {
  const words = new Uint32Array(memory.buffer)
  words.fill(CANARY)
  let at = 1024 // local mutation: the next free address
  const take = (bytes: number): number => {
    const here = at
    at = align(at + bytes + 64)
    return here
  }
  const args = operands[role].map(r => {
    const here = take(t[r].byteLength)
    new Float32Array(memory.buffer).set(t[r], here / 4)
    return here
  })
  const out = take(t[role].byteLength)
  const scratch = take(scratchBytes)
  const end = take(0)
  const value = (w: Word): number => {
    if (typeof w === 'number') return w
    if ('scratch' in w) return scratch + w.scratch
    return 'out' in w ? out : (args['arg' in w ? w.arg : 0] as number)
  }
  for (const c of calls) {
    words.set(c.words.map(value), end / 4)
    call(c.kernel)(end)
  }
  const canaries = (from: number, to: number): boolean => words.subarray(from / 4, to / 4).every(w => w === CANARY)
  assert.ok(canaries(out + t[role].byteLength, scratch), 'nothing is written past the result')
  assert.ok(canaries(scratch + scratchBytes, end), 'nothing is written past the scratch')
  return new Float32Array(memory.buffer).slice(out / 4, out / 4 + t[role].length)
}

/** Visits the products that make each element of `role`, in the order of the direct kernels. */
export const products = (g: Geometry, role: Role, visit: (to: number, a: number, b: number) => void): void => {
  const [taken, given] = [g.channels / g.groups, g.filters / g.groups]
  const [h, w] = g.image
  const [oh, ow] = g.places
  const taps = g.window[0] * g.window[1]
  const pixelOf = (place: number, tap: number): number => {
    const i = (Math.floor(place / ow) % oh) * g.stride[0] + Math.floor(tap / g.window[1]) * g.dilation[0] - g.start[0]
    const j = (place % ow) * g.stride[1] + (tap % g.window[1]) * g.dilation[1] - g.start[1]
    return i < 0 || i >= h || j < 0 || j >= w ? -1 : (Math.floor(place / (oh * ow)) * h + i) * w + j
  }
  for (let place = 0; place < g.rows * oh * ow; place++)
    for (let tap = 0; tap < taps; tap++) {
      const pixel = pixelOf(place, tap)
      if (role === 'x' && pixel < 0) continue
      for (let o = 0; o < g.filters; o++)
        for (let c = 0; c < taken; c++) {
          const x = pixel < 0 ? -1 : pixel * g.channels + Math.floor(o / given) * taken + c
          const [k, y] = [(tap * taken + c) * g.filters + o, place * g.filters + o]
          if (role === 'y') visit(y, x, k)
          else if (role === 'w') visit(k, x, y)
          else visit(x, y, k)
        }
    }
}

/** The contract in scalar code: every element sums in order, in chunks from zero. */
export const model = (g: Geometry, role: 'y' | 'w', t: Tensors, chunk = CHUNK): Float32Array => {
  const [a, b] = operands[role].map(r => t[r]) as [Float32Array, Float32Array]
  const n = sizes(g)[role]
  const [total, sum, count] = [new Float32Array(n), new Float32Array(n), new Uint32Array(n)]
  products(g, role, (to, i, j) => {
    if (count[to] === chunk) {
      total[to] = (total[to] as number) + (sum[to] as number)
      sum[to] = 0
      count[to] = 0
    }
    const product = Math.fround((i < 0 ? 0 : (a[i] as number)) * (b[j] as number))
    sum[to] = (sum[to] as number) + product
    count[to] = (count[to] as number) + 1
  })
  return total.map((v, i) => v + (sum[i] as number))
}

export const exact = (g: Geometry, role: Role, t: Tensors): Float64Array => {
  const [a, b] = operands[role].map(r => t[r]) as [Float32Array, Float32Array]
  const sums = new Float64Array(sizes(g)[role])
  products(g, role, (to, i, j) => {
    if (i >= 0) sums[to] = (sums[to] as number) + (a[i] as number) * (b[j] as number)
  })
  return sums
}

/** The maximum error over the root of the mean square. */
export const error = (actual: Float32Array, wanted: Float64Array): number => {
  const rms = Math.sqrt(wanted.reduce((s, v) => s + v * v, 0) / wanted.length)
  return wanted.reduce((m, v, i) => Math.max(m, Math.abs(v - (actual[i] as number))), 0) / rms
}

/** Bytes that the direct kernels take at most. */
export const directScratch = 300_032
