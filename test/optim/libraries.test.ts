/** Optimizers, and what goes around them, against 60 steps of Optax, Keras 3 and 2, and TensorFlow 1. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Optimizer from '../../src/optim/Optimizer.js'
import { assertClose } from '../support/assert.js'
import { keras, optax, optimizerOf } from './libraries.js'
import { gradients, rates, start } from './oracle.js'
import { trajectory } from './support.js'

const test = suite('optimizers against Optax, Keras and TensorFlow')

for (const { recorded, cases } of [optax, keras])
  for (const c of cases)
    test(`${c.source ?? 'Optax'}: ${c.optimizer} ${JSON.stringify(c.config)}`, () => {
      const optimizer = optimizerOf(c, rates.exponential)
      const seen = c.optimizer === 'ema' ? Optimizer.averageSlot(optimizer) : 'p'
      assert.is(c.params.length, recorded.length)
      for (const precision of ['f64', 'f32'] as const) {
        const rel = precision === 'f64' ? 1e-8 : 2e-6
        const states = trajectory(optimizer, start, gradients, precision)
        recorded.forEach((step, i) => {
          const expected = c.params[i] ?? []
          const actual = [0, 1].flatMap(leaf => Array.from(states[step - 1]?.get(`${seen} ${leaf}`) ?? []))
          const largest = Math.max(...expected.map(Math.abs))
          assertClose(actual, expected, { abs: rel * largest }, `${precision}, after ${step} steps`)
        })
      }
    })

test.run()
