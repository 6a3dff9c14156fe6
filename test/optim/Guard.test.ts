import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Clip from '../../src/optim/Clip.js'
import * as Constraint from '../../src/optim/Constraint.js'
import * as Guard from '../../src/optim/Guard.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Stage from '../../src/optim/Stage.js'
import { end, leaves, numbersOf, run, same, wave, waves } from './fixture.js'
import { origin, stepOf, trajectory, updatesOf } from './support.js'

const test = suite('Guard')

test('a step with a gradient that is not finite changes nothing but the count', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(NaN, Infinity, -Infinity),
      fc.subarray([0, 1, 2, 3, 7, 11], { minLength: 1 }),
      fc.integer({ min: 0, max: 2 }),
      (bad, at, leaf) => {
        const optimizer = Optimizer.chain(Guard.skip(), Clip.byGlobalNorm(1), Optimizer.nadam(), Optimizer.ema(0.5))
        const broken = waves
          .slice(0, 14)
          .map((g, t) =>
            at.includes(t) ? g.map((x, k) => (k === leaf ? x.map((y, i) => (i === 1 ? bad : y)) : x)) : g,
          )
        const guarded = run(optimizer, broken)
        const clean = run(
          optimizer,
          broken.filter((_, t) => !at.includes(t)),
        )
        same(end(guarded), end(clean))
        const [last, other] = [guarded[13], clean[clean.length - 1]]
        for (const name of ['2/mean 0', '2/square 2', '2/product', '3/average 1'])
          same(numbersOf(last, name), numbersOf(other, name), name)
        assert.is(last?.get('0/skipped')?.[0], at.length)
      },
    ),
    { numRuns: 25 },
  )
})

test('a skipped step keeps the bits of parameters that a constraint would change, and updates nothing', () => {
  const bad = [
    [NaN, 1, 1, 1],
    [1, 1],
    [1, 1],
  ]
  const start = leaves.flatMap(l => [...l.data])
  for (const more of [[], [Constraint.maxNorm(0.1)], Optimizer.lookahead([], { every: 1 })]) {
    const optimizer = Optimizer.chain(Guard.skip(), Optimizer.sgd({ rate: 1 }), more)
    same(end(run(optimizer, [bad])), start)
    same(end(run(optimizer, [bad, wave(0)])), end(run(optimizer, [wave(0)])))
  }
  const given = leaves.map(({ shape }, i) => ({ shape, data: bad[i] ?? [] }))
  for (const update of updatesOf([Guard.skip()], given)) assert.ok(update.every(u => u === 0))
})

test('a loss that is not finite is as good a reason, and a step is discarded rather than put off', () => {
  const optimizer = Optimizer.chain(Guard.skip(), Optimizer.sgd({ rate: 1 }))
  for (const bad of [NaN, Infinity, -Infinity]) {
    const states = trajectory(optimizer, origin, [[[1]], [[1]], [[1]]], 'f32', undefined, { losses: [1, bad, 3e38] })
    assert.equal(
      states.map(s => s.get('p 0')?.[0]),
      [-1, -1, -2],
    )
    assert.is(states[2]?.get('0/skipped')?.[0], 1)
  }
  const shapes = [[1]]
  const within = (o: Optimizer.Optimizer) => stepOf([Stage.only({ include: ['leaf*'] }, o)], shapes)
  for (const of of [(o: Optimizer.Optimizer) => stepOf(o, shapes), within]) {
    assert.ok(of(optimizer).discard)
    assert.is(of(Optimizer.accumulate(2, Optimizer.sgd({ rate: 1 }))).discard, null)
    assert.ok(of(Optimizer.accumulate(2, optimizer)).discard)
  }
})

test('large finite gradients are no reason to skip', () => {
  const states = trajectory(
    Optimizer.chain(Guard.skip(), Optimizer.sgd({ rate: 1e-38 })),
    origin,
    [[[3e38]], [[-3e38]]],
    'f32',
  )
  assert.is(states[1]?.get('0/skipped')?.[0], 0)
  assert.ok((states[0]?.get('p 0')?.[0] ?? 0) < -2)
})

test.run()
