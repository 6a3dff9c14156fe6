import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { input } from '../../src/graph/Expr.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Stage from '../../src/optim/Stage.js'
import { standard } from '../../src/optim/standard.js'
import { tensorType } from '../../src/shape/TensorType.js'
import * as Metric from '../../src/train/Metric.js'
import { assertClose } from '../support/assert.js'
import { keras, optax } from './libraries.js'
import { lastOf, origin, trajectory, valuesOf } from './support.js'

const test = suite('plateau')

/** torch's ReduceLROnPlateau (mode min, relative threshold), told the mean loss of every so many steps. */
const reduced = (
  losses: readonly number[],
  o: Required<Omit<Optimizer.PlateauOptions, 'form' | 'per' | 'monitor'>>,
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

interface Fixture {
  readonly cases: readonly {
    readonly mode: 'min' | 'max'
    readonly config: Required<Omit<Optimizer.PlateauOptions, 'form' | 'per' | 'monitor' | 'every'>>
    /** null: NaN */
    readonly values: readonly (number | null)[]
    readonly factors: readonly number[]
  }[]
}
const fixture: Fixture = JSON.parse(readFileSync(new URL('../oracle/plateau.json', import.meta.url), 'utf8'))

/** The factors of a plateau by epochs that hears one value after another. */
const judged = (stage: Stage.Stage, name: string, values: readonly number[]): readonly number[] => {
  const scalars = Stage.scalarsOf([stage])
  const f64 = tensorType('f64')
  const next = Stage.judge([stage], Object.fromEntries(scalars.map(s => [s.name, input(s.name, f64)])), {
    [name]: input('value', f64),
  })
  let now: readonly ArrayLike<number>[] = scalars.map(s => [s.init])
  return values.map(v => {
    const bindings = new Map([...scalars.map((s, i) => [s.name, now[i] ?? []] as const), ['value', [v]] as const])
    now = valuesOf(
      scalars.map(s => next[s.name] ?? input('value', f64)),
      bindings,
      'f64',
    )
    return now[scalars.findIndex(s => s.name === '0/factor')]?.[0] ?? NaN
  })
}

const stepped = (stage: Stage.Stage, losses: readonly number[]): readonly number[] =>
  trajectory(
    [stage],
    origin,
    losses.map(() => [[1]]),
    'f64',
    undefined,
    { losses },
  ).map(s => s.get('0/factor')?.[0] ?? NaN)

const told = (of: number) => (fixture.cases[of]?.values ?? []).map(v => v ?? NaN)
const bothForms = [
  ['torch', fixture.cases.map((c, of) => ({ of, factors: c.factors }))],
  ['keras', keras.plateau],
] as const

for (const [form, cases] of bothForms)
  test(`as ${form} does`, () => {
    assert.is(cases.length, 28)
    for (const { of, factors } of cases) {
      const { mode, config } = fixture.cases[of] as Fixture['cases'][number]
      const monitor = mode === 'max' ? Metric.accuracy() : 'loss'
      const stage = Optimizer.plateau({ form, per: 'epoch', monitor, ...config })
      const what = `${mode} ${JSON.stringify(config)}`
      assertClose(judged(stage, mode === 'max' ? 'accuracy' : 'loss', told(of)), factors, { rel: 1e-8 }, what)
      if (mode === 'max') continue
      const steps = stepped(Optimizer.plateau({ form, per: 'step', ...config }), told(of))
      assertClose(steps, factors, { rel: 1e-8 }, what)
    }
  })

test('as Optax does with the mean of so many values', () => {
  assert.equal([...new Set(optax.plateau.map(c => c.every))], [1, 3])
  for (const { of, every = 1, factors } of optax.plateau) {
    const { config } = fixture.cases[of] as Fixture['cases'][number]
    const what = `every ${every}, ${JSON.stringify(config)}`
    assertClose(stepped(Optimizer.plateau({ ...config, every }), told(of)), factors, { rel: 1e-8 }, what)
  }
})

test("Keras' form sees the mean of so many steps", () => {
  const values = fixture.cases[0]?.values.map(v => v ?? 1) ?? []
  const o = { form: 'keras', per: 'step', threshold: 0.3, factor: 0.5, patience: 2, cooldown: 1 } as const
  const doubled = values.flatMap(v => [v - 0.25, v + 0.25])
  const often = stepped(Optimizer.plateau({ ...o, every: 2 }), doubled)
  assert.equal(
    often.filter((_, t) => t % 2 === 1),
    stepped(Optimizer.plateau(o), values),
  )
  assert.ok((often[often.length - 1] ?? 1) < 0.1)
})

test("Keras' form counts epochs unless told otherwise", () => {
  assert.equal(Optimizer.plateau({ form: 'keras' }), Optimizer.plateau({ form: 'keras', per: 'epoch' }))
  assert.equal(Optimizer.plateau({ form: 'torch' }), Optimizer.plateau({ per: 'step' }))
  const keras = [Optimizer.plateau({ form: 'keras', threshold: 2 })]
  const codec = Optimizer.codec(standard)
  assert.equal(codec.decode(JSON.parse(JSON.stringify(codec.encode(keras)))), E.right(keras))
})

test.run()
