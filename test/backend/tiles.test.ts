/** How calls are cut for threads. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cuts, mostTiles } from '../../src/backend/tiles.js'

const test = suite('tiles')

const least = 10_000
const sizes = (grains: number, cost: number, again: number, threads: number): readonly number[] =>
  cuts({ grains, cost, again }, threads, least).map(([from, to]) => to - from)

test('tiles are two or more, at most so many that the image has room for them, and make up the whole', () => {
  fc.assert(
    fc.property(
      fc.nat(100),
      fc.double({ min: 0, max: 1e7, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.integer({ min: 1, max: 64 }),
      (grains, cost, again, threads) => {
        const tiles = cuts({ grains, cost, again }, threads, least)
        assert.ok(tiles.length !== 1 && tiles.length <= mostTiles(threads))
        tiles.forEach(([from, to], i) => {
          assert.is(from, i === 0 ? 0 : tiles[i - 1]?.[1])
          assert.ok(from < to)
        })
        assert.is(tiles.at(-1)?.[1] ?? grains, grains)
      },
    ),
  )
})

test('four for each thread, if nothing is done anew; fewer if they were too short; none for one thread', () => {
  assert.equal(sizes(80, 1e6, 0, 2), [10, 10, 10, 10, 10, 10, 10, 10])
  assert.equal(sizes(80, 1e6, 100, 2), [10, 10, 10, 10, 10, 10, 10, 10])
  assert.equal(sizes(80, 45_000, 0, 2), [20, 20, 20, 20])
  assert.equal(sizes(80, 19_000, 0, 2), [])
  assert.equal(sizes(80, 1e6, 0, 1), [])
  assert.equal(sizes(3, 1e6, 0, 2), [1, 1, 1])
})

test('a large one and two small ones for each thread, if tiles do something anew; one each, if that takes long', () => {
  assert.equal(sizes(80, 1e6, 10_000, 2), [30, 5, 5, 30, 5, 5])
  assert.equal(sizes(96, 1e6, 10_000, 3), [24, 4, 4, 24, 4, 4, 24, 4, 4])
  assert.equal(sizes(80, 1e6, 50_000, 2), [40, 40])
  assert.equal(sizes(80, 100_000, 1000, 2), [40, 40])
  assert.equal(sizes(80, 19_000, 1000, 2), [])
})

test.run()
