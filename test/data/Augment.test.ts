/** Augmentations: against PyTorch and closed forms, their laws, and what they refuse. */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import * as Augment from '../../src/data/Augment.js'
import { brighter, contrasted, hued, saturated } from '../../src/data/augment/colors.js'
import { rotated } from '../../src/data/augment/geometry.js'
import { enlarged, moved, type Picture } from '../../src/data/augment/picture.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { explain, positive } from '../../src/graph/settings.js'
import { noise } from '../nn/support.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'

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

const size = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 3))
type Size = readonly [number, number, number]
const uniform = (n: number, salt = 1): Float32Array => Float32Array.from(noise(n, salt), v => v - Math.floor(v))
const images = (n: number, shape: readonly number[], y = Int32Array.from({ length: n }, (_, i) => i % 3)) =>
  expectRight(
    Data.of({ inputs: shape, label: Label.classes(3) })({
      x: uniform(n * shape.reduce((a, b) => a * b, 1)),
      y,
    } as never),
  )
const pixels = (data: Data.Data<readonly number[], Label.Class<number>>): Float32Array =>
  data.columns['input'] as Float32Array
type List = Parameters<typeof Augment.apply>[0]
const apply = (all: List, data: ReturnType<typeof images>, seed = 3, epoch = 1) =>
  expectRight(Augment.apply(all, { seed, epoch })(data))

const ofSize = ([h, w, c]: Size): readonly Augment.Augmentation[] => [
  Augment.flip(),
  Augment.flip({ axis: 'vertical', probability: 0.3 }),
  Augment.crop({ padding: Math.min(h, w) - 1 }),
  Augment.resizedCrop(),
  Augment.cutout(Math.min(h, w)),
  Augment.rotation(30),
  Augment.color({ brightness: 0.2, contrast: 0.3, ...(c === 3 && { saturation: 0.4, hue: 0.1 }) }),
  Augment.mixup({ alpha: 0.4 }),
  Augment.cutmix(),
]

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

test('mixup: each row with the next, all inputs and labels by one share, which is Beta(alpha, alpha)', () => {
  const label = Label.classes(3)
  const inputs = { a: [2], b: [1, 2, 1] } as const
  const given = { a: uniform(6), b: uniform(6, 2) }
  const data = expectRight(Data.of({ inputs, label })({ x: given, y: [0, 2, 0] }))
  const got = expectRight(Augment.apply(Augment.mixup(), { seed: 1 })(data))
  for (let r = 0; r < 3; r++) {
    const [mine, other] = [[0, 2, 0][r], [2, 0, 0][r]]
    const soft = Array.from(got.labels.slice(3 * r, 3 * r + 3))
    const share = soft[mine as number] as number
    assert.ok(Math.abs(soft.reduce((x, y) => x + y) - 1) < 1e-6)
    if (mine === other) assert.is(share, 1)
    else assert.ok(Math.abs(share + (soft[other as number] as number) - 1) < 1e-6)
    const [from = 0, to = 0] = [given.a[0], given.a[4]]
    const s = r < 2 ? share : ((got.columns['a']?.[4] as number) - from) / (to - from)
    for (const name of ['a', 'b'] as const)
      for (const i of [0, 1]) {
        const want = s * (given[name][2 * r + i] as number) + (1 - s) * (given[name][(2 * r + 2 + i) % 6] as number)
        assertClose([got.columns[name]?.[2 * r + i] as number], [want], { abs: 1e-5 })
      }
  }
  const n = 4000
  const many = expectRight(
    Data.of({ inputs: [1], label: Label.classes(2) })({
      x: new Float32Array(n),
      y: Int32Array.from({ length: n }, (_, i) => i % 2),
    }),
  )
  for (const alpha of [0.2, 1, 8]) {
    const mixed = expectRight(Augment.apply(Augment.mixup({ alpha }), { seed: 2 })(many)).labels
    const shares = Array.from({ length: n }, (_, i) => mixed[2 * i + (i % 2)] as number)
    const mean = shares.reduce((x, y) => x + y) / n
    const variance = shares.reduce((x, y) => x + (y - mean) ** 2, 0) / n
    const [wanted, fourth] = [1 / (8 * alpha + 4), 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3))]
    assert.ok(Math.abs(mean - 0.5) < 4 * Math.sqrt(wanted / n), `mean ${mean}`)
    assert.ok(Math.abs(variance - wanted) < 4 * Math.sqrt((fourth - wanted ** 2) / n), `variance ${variance}`)
  }
})

test('mixup mixes values and weights too, and leaves equal numbers as they are', () => {
  const data = expectRight(
    Data.of({ inputs: [1], label: Label.values(2) })({
      x: [[1], [2]],
      y: [
        [0, 5],
        [1, 5],
      ],
    }),
  )
  const weighted = expectRight(Data.withWeights([1, 3])(data))
  const { labels, weights, columns } = expectRight(Augment.apply(Augment.mixup(), { seed: 0 })(weighted))
  const s = 1 - (labels[0] as number)
  assertClose(labels, [1 - s, 5, labels[2] as number, 5], { abs: 1e-6 })
  assertClose([weights?.[0] as number, columns['input']?.[0] as number], [s + 3 * (1 - s), s + 2 * (1 - s)], {
    abs: 1e-6,
  })
})

test('cutmix: one box of the next row, whose area is its share of the label', () => {
  const n = 600
  const x = Float32Array.from({ length: 70 * n }, (_, i) => Math.floor(i / 70) % 2)
  const y = Int32Array.from({ length: n }, (_, i) => i % 2)
  const data = expectRight(Data.of({ inputs: [7, 5, 2], label: Label.classes(3) })({ x, y }))
  const got = apply(Augment.cutmix(), data as never)
  const areas = new Set<number>()
  for (let r = 0; r < n; r++) {
    const picture = Array.from(pixels(got).slice(70 * r, 70 * r + 70))
    const taken = picture.flatMap((v, k) => (v === r % 2 ? [] : [k >> 1]))
    const [rows, columns] = [taken.map(k => Math.floor(k / 5)), taken.map(k => k % 5)]
    const side = (all: readonly number[]) => (all.length === 0 ? 0 : Math.max(...all) - Math.min(...all) + 1)
    assert.is(taken.length, 2 * side(rows) * side(columns))
    areas.add(taken.length / 2)
    assertClose([got.labels[3 * r + (r % 2)] as number], [1 - taken.length / 70], { abs: 1e-6 })
  }
  assert.ok(areas.size > 8 && areas.has(0), [...areas].join(' '))
  const mean = pixels(got).reduce((a, b) => a + b, 0) / x.length
  assert.ok(Math.abs(mean - 0.5) < 0.02, `${mean}`)
})

test('cutmix: half of the area are sides of sqrt(1/2)', () => {
  const n = 100
  const x = Float32Array.from({ length: 400 * n }, (_, i) => Math.floor(i / 400) % 2)
  const data = expectRight(Data.of({ inputs: [20, 20], label: Label.classes(3) })({ x, y: new Int32Array(n) }))
  const got = pixels(apply(Augment.cutmix({ alpha: 1e9 }), data as never))
  const taken = (r: number) => got.slice(400 * r, 400 * r + 400).filter(v => v !== r % 2).length
  assert.is(Math.max(...Array.from({ length: n }, (_, r) => taken(r))), 196)
})

test('soft labels are mixed again', () => {
  const data = images(3, [2, 2, 1])
  const { labels } = apply([Augment.mixup(), Augment.cutmix(), Augment.mixup()], data)
  for (let r = 0; r < 3; r++)
    assertClose([Array.from(labels.slice(3 * r, 3 * r + 3)).reduce((a, b) => a + b)], [1], { abs: 1e-6 })
})

test('what takes one class a row refuses soft labels, and does not join them to others', () => {
  const data = images(8, [1, 1])
  const soft = apply(Augment.mixup(), data)
  const by = { seed: 0 }
  for (const refused of [
    Data.stratifiedSplit({ ...by, validation: 0.5 })(soft),
    Data.stratifiedKFold({ ...by, folds: 2 })(soft),
    Data.balancedClassWeights(soft),
    Data.concat(soft)(data),
    Data.concat(data)(soft),
  ])
    assert.match(expectLeft(refused as never as E.Either<{ message: string }, unknown>).message, /labels are soft/)
  assert.is(expectRight(Data.concat(soft)(soft)).labels.length, 48)
  assert.equal(expectRight(Data.gather([3])(soft)).labels, soft.labels.slice(9, 12))
})

const wrong: readonly (readonly [Augment.Augmentation, string])[] = [
  [
    Augment.flip({ probability: 1.5 }),
    'augmentation 0 (gradus/flip): probability must be a number in [0, 1], but it is 1.5',
  ],
  [
    Augment.flip({ probability: Number.NaN }),
    'augmentation 0 (gradus/flip): probability must be a number in [0, 1], but it is NaN',
  ],
  [
    Augment.flip({ axis: 'diagonal' as 'vertical' }),
    'augmentation 0 (gradus/flip): axis must be "horizontal" or "vertical", but it is "diagonal"',
  ],
  [Augment.crop({ padding: -1 }), 'augmentation 0 (gradus/crop): padding must be a whole number >= 0, but it is -1'],
  [Augment.crop({ padding: 0.5 }), 'augmentation 0 (gradus/crop): padding must be a whole number >= 0, but it is 0.5'],
  [
    Augment.crop({ padding: 4 }),
    'augmentation 0 (gradus/crop): padding must be less than the shorter side of the picture [6, 4, 1], 4, but it is 4',
  ],
  [
    Augment.resizedCrop({ scale: [0, 1] }),
    'augmentation 0 (gradus/resizedCrop): scale must be [low, high] with 0 < low <= high <= 1, but it is [0, 1]',
  ],
  [
    Augment.resizedCrop({ ratio: [2, 1] }),
    'augmentation 0 (gradus/resizedCrop): ratio must be [low, high] with 0 < low <= high, but it is [2, 1]',
  ],
  [
    Augment.cutout(5),
    'augmentation 0 (gradus/cutout): size must be at most the shorter side of the picture [6, 4, 1], 4, but it is 5',
  ],
  [Augment.cutout(0), 'augmentation 0 (gradus/cutout): size must be a whole number from 1 to 1073741824, but it is 0'],
  [Augment.rotation(181), 'augmentation 0 (gradus/rotation): degrees must be a number in [0, 180], but it is 181'],
  [
    Augment.color({ brightness: -0.1 }),
    'augmentation 0 (gradus/color): brightness must be a number >= 0, but it is -0.1',
  ],
  [
    Augment.color({ contrast: Infinity }),
    'augmentation 0 (gradus/color): contrast must be a number >= 0, but it is Infinity',
  ],
  [Augment.color({ hue: 0.6 }), 'augmentation 0 (gradus/color): hue must be a number in [0, 0.5], but it is 0.6'],
  [Augment.color({ white: 0 }), 'augmentation 0 (gradus/color): white must be a number > 0, but it is 0'],
  [
    Augment.color({ saturation: 1 }),
    'augmentation 0 (gradus/color): saturation is for pictures of 3 channels, but this one has 1',
  ],
  [Augment.color({ hue: 0.1 }), 'augmentation 0 (gradus/color): hue is for pictures of 3 channels, but this one has 1'],
  [Augment.mixup({ alpha: 0 }), 'augmentation 0 (gradus/mixup): alpha must be a number > 0, but it is 0'],
  [Augment.cutmix({ alpha: Number.NaN }), 'augmentation 0 (gradus/cutmix): alpha must be a number > 0, but it is NaN'],
]

test('settings that are not possible are refused: which augmentation, which setting, its value and its range', () => {
  const data = images(2, [6, 4])
  for (const [one, says] of wrong) assert.is(expectLeft(Augment.apply(one, { seed: 0 })(data)).message, says)
  const second = expectLeft(Augment.apply([Augment.flip(), Augment.rotation(-1)], { seed: 0 })(data))
  assert.is(second.message, 'augmentation 1 (gradus/rotation): degrees must be a number in [0, 180], but it is -1')
  for (const epoch of [0, 1.5, Number.NaN]) expectLeft(Augment.apply([], { seed: 0, epoch })(data))
  expectLeft(Augment.apply([], { seed: 0.5 })(data))
})

test('inputs that are no picture are refused', () => {
  const flip = (inputs: never, x: never) =>
    expectLeft(
      Augment.apply(Augment.flip(), { seed: 0 })(
        expectRight(Data.of({ inputs, label: Label.classes(3) })({ x, y: [0] } as never)),
      ),
    ).message
  assert.match(flip([4] as never, [[1, 2, 3, 4]] as never), /takes a picture .* but the input is \[4\]/)
  const two = { img: [1, 1, 1], mask: [1, 1, 1] }
  assert.match(
    flip(two as never, { img: [[1]], mask: [[2]] } as never),
    /takes a picture .* but there are 2: img, mask/,
  )
  const beside = { img: [1, 2, 1], size: [1] }
  const data = expectRight(
    Data.of({ inputs: beside, label: Label.classes(3) })({ x: { img: [[1, 2]], size: [[7]] }, y: [0] } as never),
  ) as Data.Data<typeof beside, Label.Class<3>>
  const { columns } = expectRight(Augment.apply(Augment.flip({ probability: 1 }), { seed: 0 })(data))
  assert.equal([columns['img'], columns['size']], [Float32Array.of(2, 1), Float32Array.of(7)])
  assert.match(expectLeft(Augment.apply(Augment.cutmix(), { seed: 0 })(data)).message, /cutmix.*: mixes pictures only/)
})

test('an augmentation of your own, and one without a definition', () => {
  const lighter = Augment.define({
    kind: 'acme/lighter',
    config: t.exact(t.type({ most: positive })),
    draws: 1,
    misfit: (_, { channels }) => (channels === 1 ? null : 'takes gray pictures'),
    picture:
      ({ most }, [u = 0]) =>
      x => ({ ...x, pixels: x.pixels.map(v => v + u * most) }),
  })
  const data = images(50, [1, 2, 1])
  const added = pixels(apply(lighter({ most: 3 }), data)).map((v, i) => v - (pixels(data)[i] as number))
  assert.ok(Math.min(...added) < 0.5 && Math.max(...added) > 2.5 && Math.max(...added) <= 3)
  const refused = (one: Augment.Augmentation, shape = [2, 2]) =>
    expectLeft(Augment.apply(one, { seed: 0 })(images(1, shape))).message
  assert.is(refused(lighter({ most: 0 })), 'augmentation 0 (acme/lighter): most must be a number > 0, but it is 0')
  assert.is(refused(lighter({ most: 1 }), [2, 2, 3]), 'augmentation 0 (acme/lighter): takes gray pictures')
  const known = Augment.codec([...Augment.definitions, lighter.def])
  assert.equal(expectRight(known.decode(JSON.parse(JSON.stringify(lighter({ most: 2 }))))), lighter({ most: 2 }))
  const { def: _, ...bare } = Augment.flip()
  assert.match(refused(bare), /gradus\/flip.*has no definition/)
})

test('decode . encode = id, and what is decoded is checked', () => {
  const codec = Augment.codec(Augment.definitions)
  for (const one of ofSize([8, 8, 3])) {
    const back = expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(one)))))
    assert.equal(back, one)
    assert.is(back.def, one.def)
  }
  assert.is(new Set(Augment.definitions.map(d => d.kind)).size, 8)
  for (const [one, says] of wrong.filter(([, s]) => !/shorter|channels/.test(s))) {
    const said = explain(expectLeft(codec.decode(codec.encode(one))))
    assert.ok(says.endsWith(said), `${says} | ${said}`)
  }
  for (const u of [
    null,
    {},
    { of: 'augmentation', kind: 'gradus/blur', config: {} },
    { of: 'augmentation', kind: 'gradus/flip' },
  ])
    expectLeft(codec.decode(u))
})

test.run()
