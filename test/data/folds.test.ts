import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { keyOf } from '../../src/random/Key.js'
import { permutation } from '../../src/random/Permutation.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('folds')

const classes = 4
const as = { inputs: [], label: Label.classes(classes) } as const
type Rows = Data.Data<readonly [], Label.Class<4>>

/** Row i has input i and label labels[i]. */
const rows = (labels: readonly number[]): Rows => expectRight(Data.of(as)({ x: labels.map((_, i) => i), y: labels }))

const ids = (data: Rows): number[] => [...(data.columns['input'] ?? [])]
const counts = (labels: Iterable<number>): number[] => {
  const out = Array.from({ length: classes }, () => 0)
  for (const z of labels) out[z] = (out[z] ?? 0) + 1
  return out
}
const spread = (xs: readonly number[]): number => Math.max(...xs) - Math.min(...xs)
const sorted = (xs: readonly number[]): number[] => [...xs].sort((a, b) => a - b)

/** Both parts hold their rows' own labels in the order of the data, and together every row once. */
const assertParts = (labels: readonly number[], { train, validation }: Data.Parts<readonly [], Label.Class<4>>) => {
  for (const part of [train, validation]) {
    assert.is(part.size, part.labels.length)
    assert.equal(
      [...part.labels],
      ids(part).map(i => labels[i]),
    )
    assert.equal(ids(part), sorted(ids(part)))
  }
  assert.equal(
    sorted([...ids(train), ...ids(validation)]),
    labels.map((_, i) => i),
  )
}

const seed = fc.maxSafeInteger()
const cases = fc
  .array(fc.nat({ max: classes - 1 }), { minLength: 2, maxLength: 60 })
  .chain(labels => fc.record({ labels: fc.constant(labels), folds: fc.integer({ min: 2, max: labels.length }), seed }))

for (const [name, by, stratified] of [
  ['kFold', Data.kFold, false],
  ['stratifiedKFold', Data.stratifiedKFold, true],
] as const) {
  test(`${name}: every row validates once, and sizes differ by at most one`, () => {
    fc.assert(
      fc.property(cases, ({ labels, ...c }) => {
        const pairs = expectRight(by(c)(rows(labels)))
        assert.is(pairs.length, c.folds)
        for (const pair of pairs) assertParts(labels, pair)
        assert.equal(
          sorted(pairs.flatMap(p => ids(p.validation))),
          labels.map((_, i) => i),
        )
        assert.ok(spread(pairs.map(p => p.validation.size)) <= 1)
        if (!stratified) return
        const perFold = pairs.map(p => counts(p.validation.labels))
        for (let k = 0; k < classes; k++) assert.ok(spread(perFold.map(n => n[k] ?? 0)) <= 1)
      }),
    )
  })

  test(`${name} is decided by the seed`, () => {
    const data = rows(Array.from({ length: 40 }, (_, i) => i % classes))
    const of = (s: number) => expectRight(by({ folds: 5, seed: s })(data)).map(p => ids(p.validation))
    assert.equal(of(1), of(1))
    assert.not.equal(of(1), of(2))
  })

  test(`${name} refuses impossible settings`, () => {
    const data = rows([0, 1, 2])
    const message = (c: Data.Folds) => expectLeft(by(c)(data)).message
    for (const folds of [0, 1, 4, 2.5, Number.NaN, -2])
      assert.is(
        message({ folds, seed: 1 }),
        `${name}: folds is ${folds}, but must be a whole number from 2 to the 3 rows`,
      )
    assert.is(message({ folds: 2, seed: 0.5 }), `${name}: the seed 0.5 is not an integer`)
  })
}

test('the place in the order that the key shuffles gives the fold', () => {
  const order = [...permutation(keyOf(7, 'data', 'folds'), 0, 10)]
  const folds = [0, 1, 2]
  const labels = [1, 0, 1, 1, 0, 0, 1, 0, 1, 1]
  const plain = expectRight(Data.kFold({ folds: 3, seed: 7 })(rows(labels)))
  assert.equal(
    plain.map(p => ids(p.validation)),
    folds.map(f => sorted(order.filter((_, p) => p % 3 === f))),
  )
  const byClass = [...order.filter(r => labels[r] === 0), ...order.filter(r => labels[r] === 1)]
  const stratified = expectRight(Data.stratifiedKFold({ folds: 3, seed: 7 })(rows(labels)))
  assert.equal(
    stratified.map(p => ids(p.validation)),
    folds.map(f => sorted(byClass.filter((_, p) => p % 3 === f))),
  )
})

test('stratifiedSplit keeps every class within one row of its share, and the total of split', () => {
  const share = fc.double({ min: 0.01, max: 0.99, noNaN: true })
  const labels = fc.array(fc.nat({ max: classes - 1 }), { minLength: 2, maxLength: 60 })
  fc.assert(
    fc.property(labels, share, seed, (zs, validation, s) => {
      const count = Math.floor(zs.length * validation + 0.5)
      fc.pre(count > 0 && count < zs.length)
      const pair = expectRight(Data.stratifiedSplit({ validation, seed: s })(rows(zs)))
      assertParts(zs, pair)
      assert.is(pair.validation.size, count)
      const all = counts(zs)
      counts(pair.validation.labels).forEach((n, k) => {
        assert.ok(Math.abs(n - (all[k] ?? 0) * validation) < 1 + 1e-9, `${n} of ${all[k]} at ${validation}`)
      })
    }),
  )
})

test('stratifiedSplit gives rows left over to the largest remainders, then to the lower class', () => {
  const of = (sizes: readonly number[], validation: number) => {
    const zs = sizes.flatMap((n, z) => new Array<number>(n).fill(z))
    return counts(expectRight(Data.stratifiedSplit({ validation, seed: 3 })(rows(zs))).validation.labels)
  }
  assert.equal(of([5, 7, 5], 0.2), [1, 1, 1, 0])
  assert.equal(of([5, 7, 5], 0.25), [1, 2, 1, 0])
  assert.equal(of([5, 7, 5], 0.5), [3, 4, 2, 0])
  assert.equal(of([5, 7, 5], 0.4998), [3, 3, 2, 0])
  assert.equal(of([1, 7], 0.25), [0, 2, 0, 0])
  assert.equal(of([3, 9], 0.25), [1, 2, 0, 0])
})

test('stratifiedSplit is decided by the seed and refuses what split refuses', () => {
  const data = rows(Array.from({ length: 40 }, (_, i) => i % classes))
  const of = (s: number) => ids(expectRight(Data.stratifiedSplit({ validation: 0.3, seed: s })(data)).validation)
  assert.equal(of(1), of(1))
  assert.not.equal(of(1), of(2))
  const message = (validation: number, s: number) =>
    expectLeft(Data.stratifiedSplit({ validation, seed: s })(data)).message
  assert.is(message(0.5, 0.5), 'stratifiedSplit: the seed 0.5 is not an integer')
  for (const share of [0, 1, -0.1, Number.NaN])
    assert.is(message(share, 1), `stratifiedSplit: validation is ${share}, but must lie between 0 and 1`)
  assert.is(message(0.01, 1), 'stratifiedSplit: a share of 0.01 of 40 rows leaves one part empty')
  assert.is(message(0.99, 1), 'stratifiedSplit: a share of 0.99 of 40 rows leaves one part empty')
})

test.run()
