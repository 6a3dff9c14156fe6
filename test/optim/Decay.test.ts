import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Decay from '../../src/optim/Decay.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Schedule from '../../src/optim/Schedule.js'
import { trajectory, updatesOf } from './support.js'

const test = suite('Decay')

test('l2 and l1 add to the gradient, decoupled decay to the update, of what is selected', () => {
  const g = [{ shape: [2], data: [1, 1] }]
  const of = (o: Optimizer.Optimizer, path = 'a/w') => [...(updatesOf(o, g, 'f64', [[4, -2]], [path])[0] ?? [])]
  const half = Optimizer.sgd({ rate: 0.5 })
  assert.equal(of(Optimizer.chain(Decay.l2(0.25), half)), [1, 0.25])
  assert.equal(of(Optimizer.chain(Decay.l1(0.25), half)), [0.625, 0.375])
  assert.equal([...(updatesOf([Decay.l1(0.25)], g, 'f64', [[0, -2]])[0] ?? [])], [1, 0.75])
  assert.equal(of(Optimizer.chain(half, Decay.decoupled(0.25))), [1.5, 0])
  assert.equal(of(Optimizer.chain(half, Decay.decoupled(0.25, { rate: 0.5 }))), [1, 0.25])
  for (const f of [Decay.l2, Decay.l1, Decay.decoupled])
    assert.equal(of([f(0.25, { exclude: Decay.biasesAndScales })], 'a/b'), [1, 1])
})

test('decoupled decay follows the schedule', () => {
  const rate = Schedule.piecewise({ boundaries: [0], values: [1, 0.5] })
  const states = trajectory([Decay.decoupled(0.5, { rate })], [{ shape: [1], data: [8] }], [[[0]], [[0]]])
  assert.equal(
    states.map(s => s.get('p 0')?.[0]),
    [4, 3],
  )
})

test.run()
