/** Optimizers in Keras' forms against the numbers that Keras' own tests expect: test/oracle/keras.json. Lion against MLX. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Optimizer from '../../src/optim/Optimizer.js'
import { assertClose } from '../support/assert.js'
import { gradients, rates, start } from './oracle.js'
import { lastOf, trajectory } from './support.js'

type Config = Readonly<Record<string, number | boolean | string>>
interface Case {
  readonly optimizer: keyof typeof made
  readonly config: Config
}
interface Keras {
  readonly golden: { start: number; first: number; gradients: readonly number[]; tolerance: number }
  readonly goldenCases: readonly (Case & { readonly after: readonly (readonly number[])[] })[]
  readonly single: { start: readonly number[]; gradients: readonly number[]; rate: number; tolerance: number }
  readonly singleCases: readonly (Case & { readonly after: readonly number[] })[]
  readonly decay: {
    readonly start: number
    readonly decay: number
    readonly rate: number
    readonly steps: number
    readonly after: number
    readonly optimizers: readonly Case['optimizer'][]
  }
}
interface Mlx {
  readonly recorded: readonly number[]
  readonly cases: readonly (Case & { readonly params: readonly (readonly number[])[] })[]
}
const read = (name: string) => JSON.parse(readFileSync(new URL(`../oracle/${name}.json`, import.meta.url), 'utf8'))
const keras: Keras = read('keras')
const mlx: Mlx = read('mlx')

const { adadelta, adagrad, adam, adamax, adamW, amsgrad, lamb, lion, nadam, rmsprop, sgd } = Optimizer
const made = { adadelta, adagrad, adam, adamax, adamW, amsgrad, lamb, lion, nadam, rmsprop, sgd }
/** The fixtures have the names and forms of our settings. */
const optimizerOf = ({ optimizer, config }: Case, more: Optimizer.LionOptions = {}): Optimizer.Optimizer =>
  (made[optimizer] as (config: object) => Optimizer.Optimizer)({ ...config, ...more })

const test = suite("optimizers against Keras' and MLX's numbers")

for (const c of keras.goldenCases)
  test(`five steps of Keras: ${c.optimizer}`, () => {
    const { start, first, gradients, tolerance } = keras.golden
    const leaf = { shape: [10], data: gradients.map(() => start) }
    const steps = [gradients.map(() => first), ...c.after.slice(1).map(() => gradients)]
    const states = trajectory(
      optimizerOf(c),
      [leaf],
      steps.map(g => [g]),
    )
    c.after.forEach((after, t) => {
      const expected = gradients.map((_, i) => after[i % after.length] as number)
      assertClose(states[t]?.get('p 0') ?? [], expected, { rel: tolerance, abs: tolerance }, `after ${t + 1} steps`)
    })
  })

for (const c of keras.singleCases)
  test(`one step of Keras: ${c.optimizer}`, () => {
    const { start, gradients, rate, tolerance } = keras.single
    const states = trajectory(optimizerOf(c, { rate }), [{ shape: [4], data: start }], [[gradients]])
    assertClose(states[0]?.get('p 0') ?? [], c.after, { rel: tolerance, abs: tolerance })
  })

test('decoupled decay without gradients', () => {
  const { start, decay, rate, steps, after, optimizers } = keras.decay
  for (const optimizer of optimizers) {
    const made = optimizerOf({ optimizer, config: { decay, rate } })
    const states = trajectory(made, [{ shape: [], data: [start] }], new Array(steps).fill([[0]]))
    assertClose([lastOf(states)], [after], { abs: 1e-6 }, optimizer)
  }
})

for (const c of mlx.cases)
  test(`60 steps of MLX: ${c.optimizer} ${JSON.stringify(c.config)}`, () => {
    for (const precision of ['f64', 'f32'] as const) {
      const states = trajectory(optimizerOf(c, { rate: rates.exponential }), start, gradients, precision)
      assert.is(c.params.length, mlx.recorded.length)
      mlx.recorded.forEach((step, i) => {
        const expected = c.params[i] ?? []
        const actual = ['p 0', 'p 1'].flatMap(name => Array.from(states[step - 1]?.get(name) ?? []))
        const largest = Math.max(...expected.map(Math.abs))
        assertClose(actual, expected, { abs: 2e-6 * largest }, `${precision}, after ${step} steps`)
      })
    }
  })

test.run()
