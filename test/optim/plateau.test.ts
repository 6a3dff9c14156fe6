import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Optimizer from '../../src/optim/Optimizer.js'
import { assertClose } from '../support/assert.js'
import { lastOf, origin, trajectory } from './support.js'

const test = suite('plateau')

/** torch's ReduceLROnPlateau (mode min, relative threshold), told the mean loss of every so many steps. */
const reduced = (
  losses: readonly number[],
  o: Required<Omit<Optimizer.PlateauOptions, 'per' | 'monitor'>>,
): readonly number[] => {
  let [factor, best, bad, cooling] = [1, Infinity, 0, 0]
  return losses.map((_, t) => {
    if ((t + 1) % o.every !== 0) return factor
    const mean = losses.slice(t + 1 - o.every, t + 1).reduce((a, b) => a + b, 0) / o.every
    if (mean < best - (best === Infinity ? 0 : Math.abs(best) * o.threshold)) [best, bad] = [mean, 0]
    else bad += 1
    if (cooling > 0) [cooling, bad] = [cooling - 1, 0]
    if (bad > o.patience) [factor, cooling, bad] = [Math.max(factor * o.factor, o.smallest), o.cooldown, 0]
    return factor
  })
}

test('plateau reduces the rate as torch does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(1, 0.5, 0.49, -1, NaN), fc.float({ min: -2, max: 2, noNaN: true })), {
        minLength: 1,
        maxLength: 40,
      }),
      fc.record({
        every: fc.integer({ min: 1, max: 3 }),
        patience: fc.integer({ min: 0, max: 3 }),
        factor: fc.constantFrom(0.5, 0.1),
        threshold: fc.constantFrom(0, 0.05),
        cooldown: fc.integer({ min: 0, max: 2 }),
        smallest: fc.constantFrom(0, 0.01),
      }),
      (losses, o) => {
        const optimizer = Optimizer.chain(Optimizer.sgd({ rate: 0.5 }), Optimizer.plateau(o))
        const states = trajectory(
          optimizer,
          origin,
          losses.map(() => [[1]]),
          'f64',
          undefined,
          { losses },
        )
        const factors = reduced(losses, o)
        assertClose(
          states.map(s => s.get('1/factor')?.[0] ?? NaN),
          factors,
          { rel: 1e-12 },
        )
        assertClose(
          states.map(s => s.get('rate')?.[0] ?? NaN),
          factors.map(f => f / 2),
          { rel: 1e-12 },
        )
        assertClose([lastOf(states)], [-factors.reduce((a, f) => a + f / 2, 0)], { rel: 1e-6 })
      },
    ),
    { numRuns: 200 },
  )
  assert.equal(
    Optimizer.plateau(),
    Optimizer.plateau({ every: 1, patience: 10, factor: 0.1, threshold: 1e-4, cooldown: 0, smallest: 0 }),
  )
})

test.run()
