import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Batches from '../../src/data/Batches.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('Batches')

const sum = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0)
const rows = fc.integer({ min: 1, max: 5_000 })
const batch = fc.integer({ min: 1, max: 300 })

test('the order is a permutation of every index, every epoch, and epochs differ', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.nat(1_000), fc.integer({ min: 0, max: 2_000 }), (seed, epoch, n) => {
      const order = Batches.order(seed, epoch, n)
      assert.equal(order.length, n)
      assert.ok(
        order
          .slice()
          .sort()
          .every((index, i) => index === i),
      )
      if (n >= 20) assert.not.equal(order.join(), Batches.order(seed, epoch + 1, n).join())
      if (n >= 20) assert.not.equal(order.join(), Batches.order(seed ^ 1, epoch, n).join())
    }),
  )
})

test('the order never changes between versions', () => {
  assert.equal([...Batches.order(42, 0, 10)], [7, 1, 3, 6, 4, 2, 9, 0, 5, 8])
  assert.equal([...Batches.order(42, 1, 10)], [5, 2, 6, 9, 4, 1, 0, 3, 7, 8])
})

test('arraySplit uses every row once in sizes that differ by at most one, none below the batch', () => {
  fc.assert(
    fc.property(rows, batch, (n, size) => {
      fc.pre(n >= size)
      const sizes = expectRight(Batches.arraySplit(n, size))
      const count = Math.floor(n / size)
      assert.equal(
        sizes,
        Array.from({ length: count }, (_, i) => Math.floor((n + count - 1 - i) / count)),
      )
      assert.equal(sum(sizes), n)
      assert.ok(Math.min(...sizes) >= size)
    }),
  )
  assert.equal(expectRight(Batches.arraySplit(99, 50)), [99])
  assert.equal(expectRight(Batches.arraySplit(11, 3)), [4, 4, 3])
})

test('dropLast and keepRemainder', () => {
  fc.assert(
    fc.property(rows, batch, (n, size) => {
      const kept = expectRight(Batches.keepRemainder(n, size))
      assert.equal(sum(kept), n)
      assert.ok(kept.slice(0, -1).every(s => s === size))
      if (n >= size) {
        assert.equal(
          expectRight(Batches.dropLast(n, size)),
          kept.filter(s => s === size),
        )
      }
    }),
  )
  assert.equal(expectRight(Batches.sizes('keepRemainder', 120, 50)), [50, 50, 20])
  assert.equal(expectRight(Batches.sizes('keepRemainder', 100, 50)), [50, 50])
  assert.equal(expectRight(Batches.sizes('keepRemainder', 1, 50)), [1])
  assert.equal(expectRight(Batches.sizes('dropLast', 120, 50)), [50, 50])
  assert.equal(expectRight(Batches.sizes('arraySplit', 120, 50)), [60, 60])
})

test('a batch larger than the data is refused with both numbers', () => {
  for (const form of [Batches.arraySplit, Batches.dropLast]) {
    const { message } = expectLeft(form(20, 50))
    assert.match(message, /50/)
    assert.match(message, /20/)
  }
  for (const bad of [0, -1, 1.5, Number.NaN, Infinity]) {
    for (const form of [Batches.arraySplit, Batches.dropLast, Batches.keepRemainder]) {
      assert.match(expectLeft(form(20, bad)).message, /batch/)
      assert.match(expectLeft(form(bad, 1)).message, /rows/)
    }
  }
})

test.run()
