import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type * as E from '#fp/Either.js'
import * as Augment from '../../src/data/Augment.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { apply, images, pixels, uniform } from './augment.support.js'

const test = suite('augment, mixing')

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

test.run()
