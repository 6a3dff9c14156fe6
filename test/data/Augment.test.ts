/** Augmentations: against PyTorch and closed forms, their laws, and what they refuse. */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Augment from '../../src/data/Augment.js'
import { brighter, contrasted, hued, saturated } from '../../src/data/augment/colors.js'
import { rotated } from '../../src/data/augment/geometry.js'
import { enlarged, moved, type Picture } from '../../src/data/augment/picture.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { assertClose, expectRight } from '../support/assert.js'
import { apply, images, ofSize, pixels, size, uniform } from './augment.support.js'

const test = suite('augment')

interface Tensor {
  readonly shape: readonly [number, number, number]
  readonly data: readonly number[]
}
interface Case {
  readonly name: string
  readonly kind: string
  readonly args: readonly number[]
  readonly input: Tensor
  readonly output: Tensor
}
const cases: readonly Case[] = JSON.parse(readFileSync(new URL('../oracle/images.json', import.meta.url), 'utf8')).cases

const changes: { readonly [kind: string]: (...args: readonly number[]) => (x: Picture) => Picture } = {
  rotate: (degrees = 0) => rotated(degrees),
  enlarge: (top = 0, left = 0, height = 0, width = 0) => enlarged({ top, left, height, width }),
  brightness: (f = 0) => brighter(f),
  contrast: (f = 0) => contrasted(f),
  saturation: (f = 0) => saturated(f),
  hue: (by = 0) => hued(by),
}

test('turns, crops and colors are those of PyTorch, torchvision and colorsys', () => {
  assert.equal([...new Set(cases.map(c => c.kind))].sort(), Object.keys(changes).sort())
  for (const { name, kind, args, input, output } of cases) {
    const [height, width, channels] = input.shape
    for (const white of [1, 255]) {
      const pixels = Float32Array.from(input.data, v => v * white)
      const got = changes[kind]?.(...args)({ height, width, channels, pixels, white }).pixels ?? []
      assertClose(
        Array.from(got, v => v / white),
        output.data,
        { abs: 3e-7 },
        `${name}, white ${white}`,
      )
    }
  }
})

test('sizes stay, the same seed and epoch give the same bits, others other ones, and the data stay as they were', () => {
  fc.assert(
    fc.property(size, fc.maxSafeInteger(), fc.integer({ min: 1, max: 99 }), (shape, seed, epoch) => {
      const data = images(4, shape)
      const before = pixels(data).slice()
      for (const all of [...ofSize(shape).map(a => [a]), ofSize(shape)]) {
        const got = apply(all, data, seed, epoch)
        assert.is(pixels(got).length, before.length)
        assert.equal(apply(all, data, seed, epoch), got)
        assert.ok(pixels(got).every(v => v >= -1e-6 && v <= 1 + 1e-6))
      }
      assert.equal(pixels(data), before)
    }),
    { numRuns: 40 },
  )
  const all = ofSize([8, 8, 3])
  const data = images(40, [8, 8, 3])
  for (const one of [...all.map(a => [a]), all]) {
    assert.not.equal(pixels(apply(one, data)), pixels(data))
    assert.not.equal(pixels(apply(one, data, 3, 2)), pixels(apply(one, data)))
    assert.not.equal(pixels(apply(one, data, 4)), pixels(apply(one, data)))
  }
})

test('a row alone is augmented as among others, and equal ones in a list draw apart', () => {
  const data = images(5, [6, 6, 1])
  const all = ofSize([6, 6, 1]).slice(0, 7)
  assert.equal(pixels(apply(all, Data.take(2)(data))), pixels(apply(all, data)).slice(0, 72))
  const flips = (count: number) => {
    const many = images(200, [1, 2, 1])
    const list = Array.from({ length: count }, () => Augment.flip())
    return (
      pixels(apply(list, many))
        .map((v, i) => (v === pixels(many)[i] ? 0 : 1))
        .reduce((a, b) => a + b) / 2
    )
  }
  for (const count of [1, 2, 3]) assert.ok(flips(count) > 70 && flips(count) < 130, `${count}: ${flips(count)}`)
})

test('flips: twice is once forth and back, certain and impossible ones, and the share of others', () => {
  const data = images(3, [3, 4, 2])
  for (const axis of ['horizontal', 'vertical'] as const) {
    const once = Augment.flip({ axis, probability: 1 })
    assert.equal(pixels(apply([once, once], data)), pixels(data))
    assert.not.equal(pixels(apply(once, data)), pixels(data))
    assert.equal(pixels(apply(Augment.flip({ axis, probability: 0 }), data)), pixels(data))
  }
  const one = expectRight(Data.of({ inputs: [2, 2], label: Label.classes(3) })({ x: [[1, 2, 3, 4]], y: [0] } as never))
  assert.equal([...pixels(apply(Augment.flip({ probability: 1 }), one))], [2, 1, 4, 3])
  assert.equal([...pixels(apply(Augment.flip({ axis: 'vertical', probability: 1 }), one))], [3, 4, 1, 2])
  const many = images(400, [1, 2, 1])
  const flipped = pixels(apply(Augment.flip({ probability: 0.25 }), many))
  const share = flipped.filter((v, i) => v !== pixels(many)[i]).length / 2
  assert.ok(share > 65 && share < 135, `${share} of 400`) // 4 sd
})

test('a crop is one of the moved pictures, every move comes, and without a frame it is the picture', () => {
  const n = 300
  const x = Float32Array.from({ length: 9 * n }, (_, i) => 1 + (i % 9))
  const data = expectRight(Data.of({ inputs: [3, 3], label: Label.classes(3) })({ x, y: new Int32Array(n) }))
  const picture = { height: 3, width: 3, channels: 1, pixels: x.slice(0, 9), white: 1 }
  const moves = [-1, 0, 1].flatMap(down => [-1, 0, 1].map(right => moved(down, right)(picture).pixels.join(' ')))
  const got = pixels(apply(Augment.crop({ padding: 1 }), data))
  const seen = Array.from({ length: n }, (_, i) => got.slice(9 * i, 9 * i + 9).join(' '))
  assert.equal([...new Set(seen)].sort(), [...moves].sort())
  for (const m of moves) assert.ok(seen.filter(s => s === m).length > 10)
  assert.equal(pixels(apply(Augment.crop({ padding: 0 }), data)), x)
  assert.equal([...moved(1, -1)(picture).pixels], [0, 4, 5, 0, 7, 8, 0, 0, 0])
})

test('a resized crop of all is the picture; of parts it covers places and sizes', () => {
  const data = images(3, [5, 7, 3])
  const whole = { scale: [1, 1], ratio: [7 / 5, 7 / 5] } as const
  assertClose(pixels(apply(Augment.resizedCrop(whole), data)), pixels(data), { abs: 1e-6 })
  const n = 300
  const ramp = Float32Array.from({ length: 100 * n }, (_, i) => (i % 10) + 100 * (Math.floor(i / 10) % 10))
  const ramps = expectRight(Data.of({ inputs: [10, 10], label: Label.classes(3) })({ x: ramp, y: new Int32Array(n) }))
  const got = pixels(apply(Augment.resizedCrop({ scale: [0.25, 0.25], ratio: [1, 1] }), ramps))
  const corners = Array.from({ length: n }, (_, i) => got[100 * i] as number)
  assert.equal([...new Set(corners.map(v => v % 100))].sort(), [0, 1, 2, 3, 4, 5]) // a box of 5 x 5, anywhere
  assert.is(new Set(corners).size, 36)
  for (let i = 0; i < n; i++) assert.ok(Math.abs((got[100 * i + 9] as number) - (corners[i] as number) - 4) < 1e-4)
})

test('a resized crop is as wide as its ratio says, as often upright as lying', () => {
  const n = 200
  const ramp = Float32Array.from({ length: 100 * n }, (_, i) => (i % 10) + 100 * (Math.floor(i / 10) % 10))
  const ramps = expectRight(Data.of({ inputs: [10, 10], label: Label.classes(3) })({ x: ramp, y: new Int32Array(n) }))
  const spans = (ratio: readonly [number, number]) => {
    const got = pixels(apply(Augment.resizedCrop({ scale: [0.25, 0.25], ratio }), ramps))
    const span = (r: number, k: number) => Math.round((got[100 * r + k] as number) - (got[100 * r] as number)) + 1
    return Array.from({ length: n }, (_, r) => [(span(r, 90) - 1) / 100 + 1, span(r, 9)])
  }
  assert.equal([...new Set(spans([4, 4]).map(s => s.join(' x ')))], ['3 x 10'])
  assert.equal([...new Set(spans([0.25, 0.25]).map(s => s.join(' x ')))], ['10 x 3'])
  const lying = spans([0.25, 4]).filter(([h = 0, w = 0]) => w > h).length
  const upright = spans([0.25, 4]).filter(([h = 0, w = 0]) => h > w).length
  assert.ok(Math.abs(lying - upright) < 60 && lying > 50, `${lying}, ${upright}`)
})

test('cutout empties one square, cut off at the edges, and nothing else', () => {
  const n = 300
  const ones = new Float32Array(128 * n).fill(1)
  const data = expectRight(Data.of({ inputs: [8, 8, 2], label: Label.classes(3) })({ x: ones, y: new Int32Array(n) }))
  const got = pixels(apply(Augment.cutout(4), data))
  const sizes = Array.from({ length: n }, (_, i) => got.slice(128 * i, 128 * i + 128).filter(v => v === 0).length / 2)
  assert.equal(
    [...new Set(sizes)].sort((a, b) => a - b),
    [4, 6, 8, 9, 12, 16],
  )
  assert.ok(got.every(v => v === 0 || v === 1))
})

test('turned by 0 the picture stays; the angle is uniform within the bounds', () => {
  const data = images(2, [5, 4, 3])
  assertClose(pixels(apply(Augment.rotation(0), data)), pixels(data), { abs: 1e-6 })
  const x = { height: 3, width: 3, channels: 1, pixels: uniform(9), white: 1 }
  for (const degrees of [180, -180]) assertClose(rotated(degrees)(rotated(degrees)(x)).pixels, x.pixels, { abs: 1e-6 })
  // far from the middle, a bright column on a line to the right moves by about the angle: its sign and its spread show
  const n = 200
  const dot = new Float32Array(81 * n)
  for (let i = 0; i < n; i++) dot[81 * i + 4 * 9 + 8] = 1
  const dots = expectRight(Data.of({ inputs: [9, 9], label: Label.classes(3) })({ x: dot, y: new Int32Array(n) }))
  const got = pixels(apply(Augment.rotation(20), dots))
  const rows = Array.from({ length: n }, (_, i) => {
    const one = got.slice(81 * i, 81 * i + 81)
    const total = one.reduce((a, b) => a + b, 0)
    return one.reduce((s, v, k) => s + v * Math.floor(k / 9), 0) / total - 4
  })
  assert.ok(Math.min(...rows) < -1.1 && Math.min(...rows) > -1.5, `${Math.min(...rows)}`)
  assert.ok(Math.max(...rows) > 1.1 && Math.max(...rows) < 1.5, `${Math.max(...rows)}`)
})

test('colors: factors are uniform within their bounds, white is 255 of bytes, and gray stays gray', () => {
  const n = 400
  const y = new Int32Array(n)
  const flat = expectRight(
    Data.of({ inputs: [1, 1, 3], label: Label.classes(3) })({ x: new Float32Array(3 * n).fill(0.25), y }),
  )
  const factors = pixels(apply(Augment.color({ brightness: 0.5 }), flat)).map(v => v * 4)
  assert.ok(Math.min(...factors) > 0.5 && Math.min(...factors) < 0.52)
  assert.ok(Math.max(...factors) < 1.5 && Math.max(...factors) > 1.48)
  const strong = pixels(apply(Augment.color({ brightness: 4 }), flat))
  assert.is(Math.min(...strong) < 0.02 && Math.max(...strong), 1) // factors in [0, 5], cut to white
  for (const c of [{ contrast: 0.9 }, { saturation: 0.9 }, { hue: 0.5 }])
    assertClose(pixels(apply(Augment.color(c), flat)), pixels(flat), { abs: 1e-6 })
  const bytes = expectRight(
    Data.of({ inputs: [1, 1, 3], label: Label.classes(3) })({ x: new Uint8Array(3 * n).fill(200), y }),
  )
  const bright = pixels(apply(Augment.color({ brightness: 0.9 }), bytes))
  assert.is(Math.max(...bright), 255)
  assert.is(Math.max(...pixels(apply(Augment.color({ brightness: 0.9, white: 300 }), bytes))), 300)
  assert.equal(pixels(apply(Augment.color({}), bytes)), new Float32Array(3 * n).fill(200))
})

test('no factor is negative, and hues turn both ways', () => {
  const n = 200
  const x = Float32Array.from({ length: 3 * n }, (_, i) => (i % 3 === 0 ? 0.5 : 0.25))
  const data = expectRight(Data.of({ inputs: [1, 1, 3], label: Label.classes(3) })({ x, y: new Int32Array(n) }))
  assert.ok(pixels(apply(Augment.color({ brightness: 4 }), data)).filter(v => v === 0).length < 12)
  const turned = pixels(apply(Augment.color({ hue: 0.1 }), data))
  const more = (a: number, b: number) =>
    Array.from({ length: n }, (_, r) => (turned[3 * r + a] as number) > (turned[3 * r + b] as number)).filter(Boolean)
  assert.ok(Math.abs(more(1, 2).length - n / 2) < 30 && Math.abs(more(2, 1).length - n / 2) < 30)
})

test.run()
