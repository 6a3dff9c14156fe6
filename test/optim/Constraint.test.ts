import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Constraint from '../../src/optim/Constraint.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import type * as Stage from '../../src/optim/Stage.js'
import { assertClose } from '../support/assert.js'
import { numbersOf } from './fixture.js'
import { trajectory } from './support.js'

const test = suite('Constraint')

test('max norm and unit norm are per output unit, and leave vectors alone', () => {
  const kernel = [3, 0.25, 4, 0]
  const project = (stage: Stage.Stage) =>
    trajectory(
      [stage],
      [
        { shape: [2, 2], data: kernel },
        { shape: [2], data: [9, 9] },
        { shape: [2, 2], data: [0, 1, 0, 1] },
      ],
      [
        [
          [0, 0, 0, 0],
          [0, 0],
          [0, 0, 0, 0],
        ],
      ],
    )[0]
  const most = project(Constraint.maxNorm(1))
  assertClose(most?.get('p 0') ?? [], [0.6, 0.25, 0.8, 0], { rel: 1e-12 })
  assert.equal(numbersOf(most, 'p 1'), [9, 9])
  const unit = project(Constraint.unitNorm())
  assertClose(unit?.get('p 0') ?? [], [0.6, 1, 0.8, 0], { rel: 1e-12 })
  assertClose(numbersOf(unit, 'p 2'), [0, Math.SQRT1_2, 0, Math.SQRT1_2], { rel: 1e-12 })
})

test('a filter of a convolution is one unit', () => {
  const data = [3, 1, 4, 0, 0, 0, 12, 0]
  const [state] = trajectory([Constraint.maxNorm(6.5)], [{ shape: [2, 2, 1, 2], data }], [[data.map(() => 0)]])
  assertClose(state?.get('p 0') ?? [], [1.5, 1, 2, 0, 0, 0, 6, 0], { rel: 1e-12 })
})

test('constraints see the parameter after the update', () => {
  const states = trajectory(
    Optimizer.chain(Constraint.maxNorm(1), Optimizer.sgd({ rate: 1 })),
    [{ shape: [1, 1], data: [0] }],
    [[[-5]], [[0.25]]],
  )
  assert.equal(
    states.map(s => s.get('p 0')?.[0]),
    [1, 0.75],
  )
})

test.run()
