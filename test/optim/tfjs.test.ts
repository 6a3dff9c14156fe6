/** Optimizers in TensorFlow's and Keras' forms against TensorFlow.js, 60 steps at a falling rate: test/oracle/tfjs.json. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { tfjs } from '../oracle/tfjs.js'
import { assertClose } from '../support/assert.js'
import { gradients, rates, start } from './oracle.js'
import { trajectory } from './support.js'
import { optimizerOf } from './tfjs.js'

const test = suite('optimizers against TensorFlow.js')

for (const c of tfjs.optimizers)
  test(`${c.optimizer} ${JSON.stringify(c.config)}`, () => {
    for (const precision of ['f64', 'f32'] as const) {
      const states = trajectory(optimizerOf(c, rates.exponential), start, gradients, precision)
      assert.is(c.params.length, tfjs.recorded.length)
      tfjs.recorded.forEach((step, i) => {
        const said = c.params[i] ?? []
        const known = said.flatMap((x, k) => (x === null ? [] : [k]))
        const all = ['p 0', 'p 1'].flatMap(name => Array.from(states[step - 1]?.get(name) ?? []))
        assert.is(all.length, said.length)
        // where the gradient is 0, or as good as, tfjs takes the root of a negative number
        assert.is(said.length - known.length, c.config['form'] === 'keras3' && c.config['centered'] ? 2 : 0)
        const expected = known.map(k => said[k] as number)
        const actual = known.map(k => all[k] as number)
        const largest = Math.max(...expected.map(Math.abs))
        assertClose(actual, expected, { abs: 2e-6 * largest }, `${precision}, after ${step} steps`)
      })
    }
  })

test.run()
