import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Clip from '../../src/optim/Clip.js'
import * as Constraint from '../../src/optim/Constraint.js'
import * as Guard from '../../src/optim/Guard.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Schedule from '../../src/optim/Schedule.js'
import * as Stage from '../../src/optim/Stage.js'
import { assertClose } from '../support/assert.js'
import { adam, all, end, numbersOf, run, same, waves } from './fixture.js'
import { type Leaf, origin, trajectory, updatesOf } from './support.js'

const test = suite('groups')

test('a stage for some parameters is that stage for them and nothing for the others', () => {
  const kernels = { include: ['**/w'] }
  const states = run(
    Optimizer.chain(Stage.only(kernels, adam), Stage.only({ exclude: ['**/w'] }, Optimizer.sgd({ rate: 0.5 }))),
  )
  const [whole, plain] = [run(adam), run(Optimizer.sgd({ rate: 0.5 }))]
  same(numbersOf(states[23], 'p 0'), numbersOf(whole[23], 'p 0'))
  same(end(states).slice(4), end(plain).slice(4))
  same(numbersOf(states[23], '0/0/mean 1'), [0, 0])
})

test('norms inside a group are of the group', () => {
  const clipped = updatesOf(
    [Stage.only({ include: ['**/w'] }, Clip.byGlobalNorm(1))],
    [
      { shape: [2], data: [3, 4] },
      { shape: [1], data: [100] },
    ],
    'f64',
    [],
    ['a/w', 'a/b'],
  )
  assertClose(clipped[0] ?? [], [0.6, 0.8], { rel: 1e-6 })
  assert.equal([...(clipped[1] ?? [])], [100])
})

test('a group reports its rate, and its guard and constraints work', () => {
  const optimizer = [Stage.only({ include: ['**/w'] }, [Guard.skip(), ...adam, Constraint.maxNorm(0.5)])]
  const bad = waves.map((g, t) =>
    t === 3
      ? [
          [NaN, 0, 0, 0],
          [0, 0],
          [0, 0],
        ]
      : g,
  )
  const states = run(optimizer, bad)
  same(all(states[3]), all(states[2]))
  assert.is(states[23]?.get('0/0/skipped')?.[0], 1)
  assertClose(states[23]?.get('rate') ?? [], [0.1 * 0.5 ** (22 / 5)], { rel: 1e-9 })
  const [a, b, c, d] = numbersOf(states[23], 'p 0')
  assert.ok(Math.hypot(a ?? NaN, c ?? NaN) < 0.5001 && Math.hypot(b ?? NaN, d ?? NaN) < 0.5001)
})

test('scaled rates: a factor per group, which may be a schedule', () => {
  const factor = Schedule.piecewise({ boundaries: [0], values: [0, 2] })
  const optimizer = Optimizer.chain(Optimizer.sgd({ rate: 1 }), Optimizer.scaleRate({ include: ['**/b'], factor }))
  const states = trajectory(
    optimizer,
    [origin[0] as Leaf, origin[0] as Leaf],
    [
      [[1], [3]],
      [[1], [3]],
    ],
    'f64',
    undefined,
    {
      paths: ['a/w', 'a/b'],
    },
  )
  assert.equal(
    states.map(s => [s.get('p 0')?.[0], s.get('p 1')?.[0]]),
    [
      [-1, 0],
      [-2, -6],
    ],
  )
})

test.run()
