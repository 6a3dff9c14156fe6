/** Winograd's convolutions: their error against the direct sums', their edges, filters that are kept. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Word } from '../../src/graph/Op.js'
import type { Geometry, Halves } from '../../src/op/conv.geometry.js'
import {
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
import { assertBits } from '../support/assert.js'
import {
  call,
  directScratch,
  error,
  exact,
  memory,
  of,
  run,
  sizes,
  type Tensors,
  tensors,
} from '../support/convolution.js'

const test = suite('Winograd')

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
