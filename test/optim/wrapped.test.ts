/** What goes around an optimizer, against torch's own around its Adam, 60 steps at a falling rate: test/oracle/wrapped.json. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Optimizer from '../../src/optim/Optimizer.js'
import { assertClose } from '../support/assert.js'
import { gradients, rates, start } from './oracle.js'
import { trajectory } from './support.js'

type Config = Readonly<Record<string, number>>
interface Wrapped {
  readonly recorded: readonly number[]
  readonly cases: readonly {
    readonly name: string
    readonly config: Config
    readonly params: readonly (readonly number[])[]
  }[]
}
const wrapped: Wrapped = JSON.parse(readFileSync(new URL('../oracle/wrapped.json', import.meta.url), 'utf8'))

const adam = Optimizer.adam({ rate: rates.exponential })
const made: { readonly [name: string]: (c: Config) => Optimizer.Optimizer } = {
  ema: ({ decay = NaN }) => Optimizer.chain(adam, Optimizer.ema(decay)),
  swa: ({ first = NaN, every = NaN }) => Optimizer.chain(adam, Optimizer.swa({ from: first, every })),
  accumulate: ({ batches = NaN }) => Optimizer.accumulate(batches, adam),
  groups: ({ factor = NaN }) => Optimizer.chain(adam, Optimizer.scaleRate({ factor, include: ['q'] })),
}

const test = suite('wrapped optimizers against PyTorch')

for (const { name, config, params } of wrapped.cases)
  test(`${name} ${JSON.stringify(config)}`, () => {
    const optimizer = made[name]?.(config) ?? []
    const slots = name === 'ema' || name === 'swa' ? '1/average' : 'p'
    assert.is(params.length, wrapped.recorded.length)
    for (const [precision, rel] of [
      ['f64', 1e-7],
      ['f32', 1e-6],
    ] as const) {
      const states = trajectory(optimizer, start, gradients, precision, undefined, { paths: ['p', 'q'] })
      wrapped.recorded.forEach((step, i) => {
        const expected = params[i] ?? []
        const actual = [0, 1].flatMap(leaf => Array.from(states[step - 1]?.get(`${slots} ${leaf}`) ?? []))
        const largest = Math.max(...expected.map(Math.abs))
        assertClose(actual, expected, { abs: rel * largest }, `${precision}, after ${step} steps`)
      })
    }
  })

test.run()
