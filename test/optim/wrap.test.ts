import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Clip from '../../src/optim/Clip.js'
import * as Guard from '../../src/optim/Guard.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Stage from '../../src/optim/Stage.js'
import { batchesPerUpdate } from '../../src/optim/wrap.js'
import { assertClose } from '../support/assert.js'
import { adam, all, end, leaves, numbersOf, run, same, wave, waves } from './fixture.js'
import { origin, trajectory } from './support.js'

const test = suite('wrap')

test('accumulated batches are one step with their mean, and nothing in between', () => {
  const n = 4
  const optimizer = Optimizer.chain(Clip.byGlobalNorm(0.5), adam, Optimizer.ema(0.9))
  const states = run(Optimizer.accumulate(n, optimizer), waves, 'f64')
  const means = Array.from({ length: 6 }, (_, k) =>
    leaves.map((l, leaf) =>
      l.data.map((_, i) => [0, 1, 2, 3].reduce((s, j) => s + (wave(n * k + j)[leaf]?.[i] ?? 0), 0) / n),
    ),
  )
  const expected = run(optimizer, means, 'f64')
  for (let k = 0; k < 6; k++) {
    assertClose(all(states[n * k + 3]), all(expected[k]), { rel: 1e-12 })
    for (const j of [0, 1, 2])
      same(all(states[n * k + j]), k === 0 ? leaves.flatMap(l => [...l.data]) : all(states[n * k - 1]))
    assertClose(states[n * k + 3]?.get('2/mean 0') ?? [], expected[k]?.get('1/mean 0') ?? [], { rel: 1e-12 })
    assertClose(states[n * k + 3]?.get('3/average 0') ?? [], expected[k]?.get('2/average 0') ?? [], { rel: 1e-12 })
    assertClose(states[n * k + 3]?.get('rate') ?? [], [0.1 * 0.5 ** (k / 5)], { rel: 1e-12 })
  }
  same(end(run(Optimizer.accumulate(1, adam))), end(run(adam)))
})

test('a guard before accumulation drops the batch, not the others of its step', () => {
  const optimizer = Optimizer.chain(Guard.skip(), Optimizer.accumulate(2, Optimizer.sgd({ rate: 1 })))
  const states = trajectory(optimizer, origin, [[[1]], [[NaN]], [[3]], [[5]], [[7]]])
  assert.equal(
    states.map(s => s.get('p 0')?.[0]),
    [0, 0, -2, -2, -8],
  )
})

test('ema is the average of the parameters, which go on as without it', () => {
  const states = run(Optimizer.chain(adam, Optimizer.ema(0.75)), waves, 'f64')
  const plain = run(adam, waves, 'f64')
  let average = all(plain[0])
  plain.forEach((s, t) => {
    if (t > 0) average = all(s).map((p, i) => 0.75 * (average[i] as number) + 0.25 * p)
    const kept = [0, 1, 2].flatMap(k => numbersOf(states[t], `1/average ${k}`))
    assertClose(kept, average, { rel: 1e-12, abs: 1e-12 }, `after ${t + 1} updates`)
  })
  same(end(states), end(plain))
})

test('swa is the mean of every n-th parameters from a step on', () => {
  const states = run(Optimizer.chain(adam, Optimizer.swa({ from: 5, every: 3 })), waves, 'f64')
  const plain = run(adam, waves, 'f64')
  const kept = (t: number) => [0, 1, 2].flatMap(k => numbersOf(states[t], `1/average ${k}`))
  for (let t = 0; t < 24; t++) {
    const chosen = plain.filter((_, i) => i >= 5 && i <= t && (i - 5) % 3 === 0).map(all)
    const mean = all(plain[t]).map((_, i) => chosen.reduce((s, p) => s + (p[i] as number), 0) / chosen.length)
    assertClose(kept(t), t < 5 ? all(plain[t]) : mean, { rel: 1e-12, abs: 1e-12 }, `after ${t + 1} updates`)
  }
  same(end(states), end(plain))
})

test('accumulations multiply, and averages count updates', () => {
  const { accumulate, ema, swa } = Optimizer
  const nested = accumulate(3, accumulate(2, adam))
  assert.equal([adam, accumulate(4, adam), nested, [...nested, ema(0.5)]].map(batchesPerUpdate), [1, 4, 6, 6])
  assert.is(batchesPerUpdate([Stage.only({ include: ['a'] }, accumulate(3, adam))]), 3)
  const states = run(accumulate(2, Optimizer.chain(adam, ema(0.9), swa({ from: 2 }))), waves, 'f64')
  assert.equal(
    [0, 1, 2, 9].map(t => [2, 3].map(i => states[t]?.get(`${i}/updates`)?.[0])),
    [0, 1, 1, 5].map(n => [n, n]),
  )
})

test('the slot with the averages is found', () => {
  assert.is(Optimizer.averageSlot(Optimizer.chain(Clip.byValue(1), adam, Optimizer.ema(0.9))), '2/average')
  assert.is(Optimizer.averageSlot(Optimizer.chain(Optimizer.swa({ from: 0 }), adam)), '0/average')
  assert.is(Optimizer.averageSlot(Optimizer.lookahead(adam)), '1/slow')
  assert.is(
    Optimizer.averageSlot([Stage.only({ include: ['a'] }, Optimizer.chain(adam, Optimizer.ema(0.5)))]),
    '0/1/average',
  )
  assert.is(Optimizer.averageSlot(adam), null)
})

test('lookahead goes a share of the way of the fast parameters, every k updates', () => {
  const [every, share, r] = [5, 0.5, 0.25]
  const states = run(Optimizer.lookahead(Optimizer.sgd({ rate: r }), { every, share }), waves, 'f64')
  let slow = leaves.flatMap(l => [...l.data])
  let fast = slow
  waves.forEach((g, t) => {
    fast = fast.map((p, i) => p - r * (g.flat()[i] as number))
    if ((t + 1) % every === 0) {
      slow = slow.map((s, i) => s + share * ((fast[i] as number) - s))
      fast = slow
    }
    assertClose(all(states[t]), fast, { rel: 1e-12, abs: 1e-12 }, `after ${t + 1} updates`)
  })
  const o = Optimizer.sgd({ rate: r })
  same(end(run(Optimizer.lookahead(o, { every: 1, share: 1 }))), end(run(o)))
  assert.equal(Optimizer.lookahead(o), Optimizer.lookahead(o, { every: 5, share: 0.5 }))
})

test.run()
