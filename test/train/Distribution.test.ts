/** Moments and histograms: closed forms, and what NumPy says of the same numbers. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { binsComplaint, distributionOf, gatherer } from '../../src/train/Distribution.js'
import { assertClose } from '../support/assert.js'

const test = suite('distribution')
const { NaN: nan } = Number

test('moments of 1, 2, 3, 4 and of 0, 3, 4', () => {
  const d = distributionOf([1, 2, 3, 4], 3)
  assert.equal([d.count, d.nonFinite, d.mean, d.variance, d.min, d.max, d.zeros], [4, 0, 2.5, 1.25, 1, 4, 0])
  assert.is(d.norm, Math.sqrt(30))
  const z = distributionOf([0, -3, -0, 4], 1)
  assert.equal([z.norm, z.zeros, z.min, z.max], [5, 0.5, -3, 4])
})

// numpy.histogram([0, 1, 1, 2, 5, 9, 10], bins=4), and with bins=[0, 1, 2, 9]
test('bins as NumPy cuts them: left edges belong to a bin, of the last one the right edge too', () => {
  const x = [0, 1, 1, 2, 5, 9, 10]
  assert.equal(distributionOf(x, 4).histogram, {
    edges: [0, 2.5, 5, 7.5, 10],
    counts: [4, 0, 1, 2],
    below: 0,
    above: 0,
  })
  assert.equal(distributionOf([-1, ...x], [0, 1, 2, 9]).histogram, {
    edges: [0, 1, 2, 9],
    counts: [1, 2, 3],
    below: 1,
    above: 1,
  })
})

// numpy.histogram([3, 3], bins=2); numpy.histogram([], bins=2)
test('the range where there is none', () => {
  assert.equal(distributionOf([3, 3], 2).histogram, { edges: [2.5, 3, 3.5], counts: [0, 2], below: 0, above: 0 })
  assert.equal(distributionOf([], 2).histogram, { edges: [0, 0.5, 1], counts: [0, 0], below: 0, above: 0 })
  const huge = distributionOf([1e20, 1e20], 3)
  assert.is(
    huge.histogram.counts.reduce((a, b) => a + b, 0),
    2,
  )
})

test('what is not finite is counted, and left out of the rest', () => {
  const d = distributionOf([nan, 1, Infinity, 3, -Infinity], 2)
  assert.equal([d.count, d.nonFinite, d.mean, d.variance, d.min, d.max], [2, 3, 2, 1, 1, 3])
  assert.equal(d.histogram.counts, [1, 1])
  const none = distributionOf([nan], 2)
  assert.equal([none.count, none.mean, none.variance, none.min, none.max, none.norm], [0, nan, nan, nan, nan, 0])
})

test('the variance of numbers far from 0 does not cancel', () => {
  assert.is(distributionOf([1e9, 1e9 + 1, 1e9 + 2], 1).variance, 2 / 3)
  // a mean that is no number of float64: an eighth, a quarter and a half above it
  assertClose([distributionOf([2 ** 33 + 0.125, 2 ** 33 + 0.25, 2 ** 33 + 0.5], 1).variance], [7 / 288], { rel: 1e-9 })
})

const finite = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }), { minLength: 1 })

test('every number is in the bin whose edges are around it', () => {
  fc.assert(
    fc.property(finite, fc.integer({ min: 1, max: 9 }), (xs, bins) => {
      const { edges, counts, below, above } = distributionOf(xs, bins).histogram
      const inBin = (x: number, i: number) => {
        const [low, high] = [edges[i] as number, edges[i + 1] as number]
        return x >= low && (i === bins - 1 ? x <= high : x < high)
      }
      assert.equal(
        counts,
        counts.map((_, i) => xs.filter(x => inBin(x, i)).length),
      )
      assert.equal([counts.reduce((a, b) => a + b, 0), below, above, edges.length], [xs.length, 0, 0, bins + 1])
    }),
  )
})

test('pieces, scaled or not, count like the whole', () => {
  fc.assert(
    fc.property(finite, fc.nat(), fc.constantFrom(1, 0.5, -2), (xs, cut, scale) => {
      const g = gatherer(5)
      const pieces = [xs.slice(0, cut % xs.length), xs.slice(cut % xs.length)]
      for (const p of pieces) g.first(p, scale)
      for (const p of pieces) g.second(p, scale)
      assert.equal(
        g.result(),
        distributionOf(
          xs.map(x => x * scale),
          5,
        ),
      )
    }),
  )
})

test('mean and variance do not depend on the order beyond rounding', () => {
  fc.assert(
    fc.property(finite, xs => {
      const [a, b] = [distributionOf(xs, 2), distributionOf([...xs].reverse(), 2)]
      assertClose([a.mean, a.variance, a.norm], [b.mean, b.variance, b.norm], { rel: 1e-9, abs: 1e-9 })
    }),
  )
})

test('bins that are none', () => {
  for (const bad of [0, -1, 1.5, nan, 65_537, [], [1], [1, 1], [2, 1], [0, nan], [nan, 0], [0, Infinity]])
    assert.type(binsComplaint(bad), 'string', JSON.stringify(bad))
  const edges = (n: number) => Array.from({ length: n }, (_, i) => i)
  assert.equal([binsComplaint(edges(65_537)), typeof binsComplaint(edges(65_538))], [null, 'string'])
  for (const good of [1, 65_536, [0, 1], [-2, -1, 5]]) assert.is(binsComplaint(good), null)
})

test.run()
