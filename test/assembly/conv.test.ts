/** The kernels of convolutions: their orders of summation bit by bit, their memory, and the error of Winograd's. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Call, Word } from '../../src/graph/Op.js'
import type { Geometry, Halves } from '../../src/op/conv.geometry.js'
import {
  depthwiseFilter,
  depthwiseInput,
  depthwiseOutput,
  directFilter,
  directInput,
  directOutput,
  filterWay,
  inputWay,
  outputHalves,
  outputWay,
} from '../../src/op/conv.lower.js'
import {
  type Tile,
  winogradFilter,
  winogradFilterScratch,
  winogradInput,
  winogradOutput,
} from '../../src/op/winograd.lower.js'
import { compile } from '../support/asc.js'
import { assertBits } from '../support/assert.js'

const test = suite('convolution')
const { memory, call } = await compile("export * from './assembly/conv'\nexport { fill32 } from './assembly/copy'", 512)
const CHUNK = 256
const CANARY = 0x7fc12345

type Role = 'x' | 'w' | 'y'
type Tensors = Readonly<Record<Role, Float32Array>>

const sizes = (g: Geometry): Readonly<Record<Role, number>> => ({
  x: g.rows * g.image[0] * g.image[1] * g.channels,
  w: (g.window[0] * g.window[1] * g.channels * g.filters) / g.groups,
  y: g.rows * g.places[0] * g.places[1] * g.filters,
})

/** Geometry of square images and windows. */
const of = (
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
const tensors = (g: Geometry): Tensors => {
  const n = sizes(g)
  return { x: normal(n.x, 1, true), w: normal(n.w, 2), y: normal(n.y, 3) }
}

const operands: Readonly<Record<Role, readonly [Role, Role]>> = { y: ['x', 'w'], x: ['y', 'w'], w: ['x', 'y'] }
const align = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** Runs calls that make `role` of the other two, with canaries around the result and after the scratch. */
const run = (calls: readonly Call[], scratchBytes: number, role: Role, t: Tensors): Float32Array => {
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
const products = (g: Geometry, role: Role, visit: (to: number, a: number, b: number) => void): void => {
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
const model = (g: Geometry, role: 'y' | 'w', t: Tensors, chunk = CHUNK): Float32Array => {
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

const exact = (g: Geometry, role: Role, t: Tensors): Float64Array => {
  const [a, b] = operands[role].map(r => t[r]) as [Float32Array, Float32Array]
  const sums = new Float64Array(sizes(g)[role])
  products(g, role, (to, i, j) => {
    if (i >= 0) sums[to] = (sums[to] as number) + (a[i] as number) * (b[j] as number)
  })
  return sums
}

/** The maximum error over the root of the mean square. */
const error = (actual: Float32Array, wanted: Float64Array): number => {
  const rms = Math.sqrt(wanted.reduce((s, v) => s + v * v, 0) / wanted.length)
  return wanted.reduce((m, v, i) => Math.max(m, Math.abs(v - (actual[i] as number))), 0) / rms
}

const directScratch = 300_032
const odd: readonly Geometry[] = [
  of(1, 1, 1, 1, 1),
  of(2, 5, 3, 3, 5, { padding: 1 }),
  of(1, 6, 33, 3, 9, { padding: 1 }),
  of(3, 9, 4, 3, 8, { stride: 2, padding: 1 }),
  of(1, 7, 30, 3, 17),
  of(2, 11, 6, 3, 4, { stride: 3, dilation: 2, padding: 2, groups: 2 }),
  of(1, 17, 2, 5, 3, { padding: 2 }),
  of(2, 10, 3, 2, 5, { stride: 4, padding: 1 }),
  of(1, 22, 3, 10, 2, { padding: 2 }),
  of(1, 20, 1, 17, 3, { padding: 1 }),
  of(2, 15, 4, 3, 8, { stride: 2, padding: 1 }),
]

odd.forEach((g, i) => {
  test(`the direct kernels keep their order of summation, bit by bit (${i})`, () => {
    const t = tensors(g)
    assertBits(run(directOutput(g), directScratch, 'y', t), model(g, 'y', t))
    assertBits(run(directFilter(g), directScratch, 'w', t), model(g, 'w', t))
    assert.ok(error(run(directInput(g), directScratch, 'x', t), exact(g, 'x', t)) < 2e-6)
  })
})

const bare = ({ kernel, words }: Call) => ({ kernel, words })

const depthwise: readonly Geometry[] = [
  of(1, 1, 2, 1, 2, { groups: 2 }),
  of(2, 9, 8, 3, 8, { padding: 1, groups: 8 }),
  of(3, 10, 37, 3, 37, { stride: 2, padding: 1, groups: 37 }),
  of(2, 11, 21, 3, 63, { padding: 2, dilation: 2, groups: 21 }),
  of(1, 13, 12, 5, 24, { stride: 3, padding: 4, groups: 12 }),
  of(2, 12, 3, 2, 12, { stride: 3, groups: 3 }),
  of(1, 3, 16, 3, 16, { padding: 8, stride: 2, groups: 16 }),
  of(2, 23, 4, 2, 4, { groups: 4 }),
]

depthwise.forEach((g, i) => {
  test(`the kernels of every channel by itself keep their order of summation, bit by bit (${i})`, () => {
    const t = tensors(g)
    const [columns, [y, x, w]] = [g.places[1], [outputWay(g), inputWay(g), filterWay(g)]]
    assert.equal(y.calls.map(bare), depthwiseOutput(g).map(bare))
    assert.equal(x.calls.map(bare), depthwiseInput(g).map(bare))
    assert.equal(w.calls.map(bare), depthwiseFilter(g).map(bare))
    assertBits(run(y.calls, y.scratch, 'y', t), model(g, 'y', t))
    const chunk = Math.max(1, Math.floor(CHUNK / columns)) * columns
    assertBits(run(w.calls, w.scratch, 'w', t), model(g, 'w', t, chunk))
    assert.ok(error(run(x.calls, x.scratch, 'x', t), exact(g, 'x', t)) < 2e-6)
  })
})

const few: readonly Geometry[] = [
  of(2, 9, 12, 3, 8, { padding: 1, groups: 4 }),
  of(1, 11, 42, 3, 91, { padding: 1, stride: 2, groups: 7 }),
  of(3, 10, 14, 3, 21, { padding: 4, dilation: 2, groups: 7 }),
  of(2, 13, 48, 3, 45, { stride: 3, padding: 2, groups: 3 }),
  of(1, 7, 4, 5, 2, { padding: 2, groups: 2 }),
  of(2, 3, 24, 1, 64, { stride: 2, groups: 8 }),
  of(2, 4, 18, 2, 9, { padding: 3, groups: 9 }),
  of(1, 75, 64, 3, 64, { padding: 1, groups: 4 }), // parts of an image
]

few.forEach((g, i) => {
  test(`the kernels of groups of few channels have the bits of the direct ones (${i})`, () => {
    const t = tensors(g)
    const ways = [
      ['y', outputWay(g), directOutput(g)],
      ['x', inputWay(g), directInput(g)],
      ['w', filterWay(g), directFilter(g)],
    ] as const
    for (const [role, { calls, scratch }, direct] of ways) {
      assert.ok(calls.every(({ kernel }) => /^grouped|^fill32$/.test(kernel)))
      assertBits(run(calls, scratch, role, t), run(direct, directScratch, role, t))
    }
  })
})

test('of a pixel outside of the image nothing is taken, not even zeros', () => {
  const g = of(1, 2, 4, 3, 4, { padding: 1, groups: 4 })
  const { x, w } = tensors(g)
  const { calls, scratch } = outputWay(g)
  const y = run(calls, scratch, 'y', { x, w: w.fill(Infinity, 0, 4), y: new Float32Array(16) })
  assert.equal(
    Array.from(y, Number.isFinite),
    Array.from(y, (_, i) => i < 12),
  )
})

test('a gradient of images takes a call for every phase that taps lead to, and one for zeros elsewhere', () => {
  const calls = (size: number, window: number, stride: number): number =>
    inputWay(of(1, size, 1, window, 1, { stride })).calls.length
  assert.is(calls(9, 3, 1), 1)
  assert.is(calls(9, 3, 2), 4)
  assert.is(calls(9, 2, 3), 5)
  assert.is(calls(9, 1, 9), 2)
  assert.is(calls(4097, 3, 2048), 10)
})

test('the way is decided by the sizes of one row, and scratch is bounded', () => {
  const g = of(1, 28, 32, 3, 64, { padding: 1 })
  for (const way of [outputWay, inputWay, filterWay]) {
    const kernels = (rows: number): string => way({ ...g, rows }).calls[0]?.kernel ?? ''
    assert.match(kernels(1), /^winograd/)
    assert.is(kernels(1), kernels(1000))
    for (const other of [
      of(1, 28, 32, 3, 64, { stride: 2 }),
      of(1, 28, 8, 3, 64),
      of(1, 28, 32, 5, 64),
      of(1, 28, 32, 3, 65),
      of(1, 28, 32, 3, 64, { groups: 2 }),
      of(1, 28, 68, 3, 68, { groups: 4 }),
      of(1, 28, 14, 3, 14, { groups: 2 }),
      of(1, 28, 36, 1, 36, { groups: 4 }),
      of(1, 28, 32, 5, 32, { groups: 2 }),
      of(1, 28, 44, 5, 40, { groups: 4 }),
      of(1, 2000, 8, 3, 8, { dilation: 40, groups: 4 }),
      of(1, 28, 1, 3, 64),
    ])
      assert.match(way(other).calls[0]?.kernel ?? '', /^convolve/)
    for (const grouped of [
      of(1, 28, 32, 3, 64, { groups: 16 }),
      of(1, 28, 64, 3, 64, { groups: 4 }),
      of(1, 28, 48, 3, 48, { groups: 3 }),
      of(1, 28, 12, 3, 12, { groups: 2 }),
      of(1, 28, 32, 1, 32, { groups: 4 }),
    ])
      assert.match(way(grouped).calls[0]?.kernel ?? '', /^grouped/)
    for (const own of [of(1, 28, 32, 3, 32, { groups: 32 }), of(1, 28, 2, 5, 6, { stride: 2, groups: 2 })])
      assert.match(way(own).calls[0]?.kernel ?? '', /^depthwise/)
    assert.ok(way(of(1, 416, 1024, 3, 1024)).scratch <= 2 ** 24)
  }
})

for (const channels of [16, 64, 256, 512])
  test(`Winograd's error is at most 4 times the direct one's: ${channels} channels`, () => {
    const g = of(channels > 64 ? 1 : 2, channels > 64 ? 7 : 9, channels, 3, 16, { padding: 1 })
    const t = tensors(g)
    const ways = [
      ['y', directOutput(g), winogradOutput(g)],
      ['x', directInput(g), winogradInput(g)],
      ['w', directFilter(g), { calls: winogradFilter(g), scratch: filterWay(g).scratch }],
    ] as const
    for (const [role, direct, { calls, scratch }] of ways) {
      const wanted = exact(g, role, t)
      const [a, b] = [error(run(direct, directScratch, role, t), wanted), error(run(calls, scratch, role, t), wanted)]
      assert.ok(b <= 4 * a, `${role}: ${b} is more than 4 times ${a}`)
      assert.ok(b < 2e-5, `${role}: ${b}`)
    }
  })

for (const channels of [16, 64, 256])
  test(`F(4x4, 3x3) of filters that are not kept: at most 20 times the direct error: ${channels} channels`, () => {
    const g = of(2, 11, channels, 3, 24, { padding: 1 })
    const t = tensors(g)
    const ways = [
      ['y', directOutput(g), outputWay(g, 4), outputWay(g)],
      ['x', directInput(g), inputWay(g, 4), inputWay(g)],
    ] as const
    for (const [role, direct, { calls, scratch }, small] of ways) {
      const wanted = exact(g, role, t)
      const got = run(calls, scratch, role, t)
      const [a, b] = [error(run(direct, directScratch, role, t), wanted), error(got, wanted)]
      assert.ok(b <= 20 * a, `${role}: ${b} is more than 20 times ${a}`)
      assert.ok(
        got.some((v, i) => v !== run(small.calls, small.scratch, role, t)[i]),
        `${role}: the same bits`,
      )
    }
  })

/** A convolution in two, its filters as they are kept in between. */
const inHalves = ({ kept, filters, output }: Halves, g: Geometry, t: Tensors): Float32Array => {
  const address = 64 * Math.ceil((1024 + 4 * sizes(g).w) / 64)
  new Float32Array(memory.buffer).set(t.w, 1024 / 4)
  const scratch = address + 64 * Math.ceil(kept.size / 16)
  for (const { kernel, words } of filters.calls) {
    const record = words.map((w: Word) =>
      typeof w === 'number' ? w : 'arg' in w ? 1024 : 'out' in w ? address : scratch,
    )
    new Uint32Array(memory.buffer, 64).set(record)
    call(kernel)(64)
  }
  const w = new Float32Array(memory.buffer).slice(address / 4, address / 4 + kept.size)
  return run(output.calls, output.scratch, 'y', { ...t, w })
}

for (const channels of [16, 64, 256, 512])
  test(`F(4x4, 3x3) has at most 20 times the direct sum's error, F(2x2, 3x3) 4 times: ${channels} channels`, () => {
    const g = of(1, channels > 64 ? 8 : 14, channels, 3, 16, { padding: 1 })
    const t = tensors(g)
    const wanted = exact(g, 'y', t)
    const direct = error(run(directOutput(g), directScratch, 'y', t), wanted)
    const [two, four] = ([2, 4] as const).map(tile => error(inHalves(outputHalves(g, tile), g, t), wanted)) as [
      number,
      number,
    ]
    assert.ok(two <= 4 * direct, `${two / direct}`)
    assert.ok(four <= 20 * direct, `${four / direct}`)
    assert.ok(four > two, 'it is another sum')
  })

test('F(4x4, 3x3) at every edge, of several bands, images and blocks of filters', () => {
  for (const [rows, image, padding, channels, filters] of [
    [1, 5, 0, 16, 16],
    [2, 6, 2, 20, 24],
    [1, 7, 1, 260, 136],
    [3, 43, 1, 16, 72],
    [1, 16, 1, 64, 16],
  ] as const) {
    const g = of(rows, image, channels, 3, filters, { padding })
    const t = tensors(g)
    const got = inHalves(outputHalves(g, 4), g, t)
    assert.ok(error(got, exact(g, 'y', t)) < 5e-5, `${image}: ${error(got, exact(g, 'y', t))}`)
  }
})

/** Sizes of an image: across few patches, or more than a strip holds. */
const extents = fc.oneof(
  fc.tuple(fc.integer({ min: 2, max: 11 }), fc.integer({ min: 2, max: 21 })),
  fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 126, max: 140 })),
)
const paddings = fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 2 })))

test('Winograd at every edge, of patches on several rows and images: each image as if it were alone', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 3 }),
    extents,
    paddings,
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom<Tile>(2, 4),
    (rows, image, [top = 0, left = 0, bottom = 0, right = 0], quads, eights, tile) => {
      const places = [image[0] + top + bottom - 2, image[1] + left + right - 2] as const
      fc.pre(places.every(n => n > 0))
      const g = { ...of(rows, 3, 4 * quads, 3, 8 * eights), image, places, start: [top, left] as const }
      const turned = { ...g, channels: g.filters, filters: g.channels }
      for (const [role, sized, wayOf] of [
        ['y', g, winogradOutput],
        ['x', turned, winogradInput],
      ] as const) {
        const result = (of: Geometry, values: Tensors): Float32Array => {
          const { calls, scratch } = wayOf(of, tile)
          return run(calls, scratch, role, values)
        }
        const [values, one] = [tensors(sized), { ...sized, rows: 1 }]
        const all = result(sized, values)
        const [off, close] = [error(all, exact(sized, role, values)), { 2: 2e-5, 4: 2e-4 }[tile]]
        assert.ok(off < close, `${role}: ${off}`)
        const last = { x: values.x.slice(-sizes(one).x), w: values.w, y: values.y.slice(-sizes(one).y) }
        assertBits(result(one, last), all.slice(-sizes(one)[role]))
      }
      const t = tensors(g)
      const w = run(winogradFilter(g), winogradFilterScratch(g), 'w', t)
      assert.ok(error(w, exact(g, 'w', t)) < 2e-5, `w: ${error(w, exact(g, 'w', t))}`)
    },
  )
  fc.assert(property, { numRuns: 40 })
})

test.run()
