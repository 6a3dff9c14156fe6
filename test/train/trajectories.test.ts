/**
 * 60 steps of a batch-normalized net with torch's optimizers, weight decay, clipping and schedulers, against PyTorch in
 * float64: test/oracle/trajectories.json.
 */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Clip, Data, Decay, Label, Loss, Optimizer, Recipe, Schedule, type Stage, Trainer } from '../../src/index.js'
import { leafName, type Case as Net, netOf } from '../nn/oracle.js'
import type { OracleNode, Tensor } from '../nn/oracleNode.js'
import { assertClose, expectRight } from '../support/assert.js'
import { floats, stateWith, tensorsOf } from './support.js'

const test = suite('trajectories against PyTorch')

interface Case {
  readonly optimizer: string
  readonly rate: number
  readonly schedule: string
  readonly clip: { readonly value?: number; readonly norm?: number }
  readonly rates: readonly number[]
  readonly losses: readonly number[]
  readonly final: readonly OracleNode[]
}
interface Fixture {
  readonly nodes: readonly OracleNode[]
  readonly batches: readonly { readonly inputs: Tensor; readonly labels: Tensor }[]
  readonly cases: readonly Case[]
}
const fixture: Fixture = JSON.parse(readFileSync(new URL('../oracle/trajectories.json', import.meta.url), 'utf8'))

/** The schedules of `trajectories.py`, by name. */
const schedules: { readonly [name: string]: (initial: number) => Schedule.Schedule } = {
  oneCycle: peak => Schedule.oneCycle({ peak, steps: 60 }),
  cosineRestarts: initial => Schedule.cosineRestarts({ initial, final: 1e-4, steps: 10, growth: 2 }),
  plateau: Schedule.constant,
  staircase: initial => Schedule.exponential({ initial, steps: 10, decay: 0.5, staircase: true }),
  // torch's milestone 15 is the first step with the next rate, a boundary the last with the old one
  piecewise: r => Schedule.piecewise({ boundaries: [14, 29], values: [r, r / 10, r / 100] }),
  polynomial: initial => Schedule.polynomial({ initial, steps: 60, power: 2 }),
  linear: final => Schedule.linear({ initial: final / 4, final, steps: 20 }),
  cosine: initial => Schedule.cosine({ initial, final: 1e-3, steps: 60 }),
  exponential: initial => Schedule.exponential({ initial, steps: 1, decay: 0.95 }),
  sequence: r =>
    Schedule.sequence(
      Schedule.phase(Schedule.linear({ initial: r / 10, final: r, steps: 10 }), 10),
      Schedule.exponential({ initial: r, steps: 1, decay: 0.9 }),
    ),
}

/** The optimizers of `trajectories.py`, by name and schedule. */
const optimizers: { readonly [name: string]: (rate: Schedule.Schedule) => readonly Stage.Stage[] } = {
  'sgd oneCycle': rate => Optimizer.chain(Decay.l2(0.01), Optimizer.nesterov({ rate })),
  'adamW cosineRestarts': rate => Optimizer.adamW({ rate, decay: 0.1 }),
  'amsgrad plateau': rate =>
    Optimizer.chain(Decay.l2(0.01), Optimizer.amsgrad({ rate }), Optimizer.plateau({ factor: 0.5, patience: 2 })),
  'rmsprop staircase': rate => Optimizer.rmsprop({ rate, rho: 0.9, momentum: 0.5 }),
  'rmsprop piecewise': rate => Optimizer.rmsprop({ rate, rho: 0.95, centered: true, epsilon: 1e-3 }),
  'adagrad polynomial': rate => Optimizer.adagrad({ rate, initial: 0.1 }),
  'adadelta linear': rate => Optimizer.adadelta({ rate }),
  'adamax cosine': rate => Optimizer.chain(Decay.l2(0.01), Optimizer.adamax({ rate })),
  'nadam exponential': rate => Optimizer.nadam({ rate, form: 'torch1' }),
  'radam sequence': rate => Optimizer.radam({ rate, beta2: 0.99 }),
}

const clips = ({ clip: { value, norm } }: Case): readonly Stage.Stage[] => [
  ...(value === undefined ? [] : [Clip.byValue(value)]),
  ...(norm === undefined ? [] : [Clip.byGlobalNorm(norm)]),
]

const near = (actual: ArrayLike<number>, expected: readonly number[], what: string) =>
  assertClose(actual, expected, { abs: 1e-5 * Math.max(0.1, ...expected.map(Math.abs)) }, what)

const leaves = (nodes: readonly OracleNode[]): ReadonlyMap<string, readonly number[]> =>
  new Map(
    nodes.flatMap((n, i) =>
      Object.entries({ ...n.params, ...n.state }).map(([k, v]) => [`n${i}/${leafName(k)}`, v.data] as const),
    ),
  )

test('every case has its optimizer', () =>
  assert.equal(
    fixture.cases.map(c => `${c.optimizer} ${c.schedule}`),
    Object.keys(optimizers),
  ))

for (const c of fixture.cases)
  test(`${c.optimizer}, ${c.schedule}, clipped at ${JSON.stringify(c.clip)}`, async () => {
    const net = netOf({ nodes: fixture.nodes } as Net)
    const schedule = schedules[c.schedule]?.(c.rate) ?? Schedule.constant(Number.NaN)
    const made = optimizers[`${c.optimizer} ${c.schedule}`]?.(schedule) ?? []
    const optimizer = Optimizer.chain(...clips(c), made)
    const loss = Loss.softmaxCrossEntropy()
    const recipe = Recipe.of({ net, loss, optimizer, batch: 10, epochs: 1, seed: 0 })
    const trainer = expectRight(await Trainer.compile(recipe)())
    const batches = fixture.batches.map(b =>
      expectRight(Data.of({ inputs: net.inputs, label: Label.classes(4) })({ x: b.inputs.data, y: b.labels.data })),
    )
    let state = stateWith(trainer, leaves(fixture.nodes))
    const seen: Readonly<Record<string, number>>[] = []
    for (const [t] of c.losses.entries()) {
      const next = expectRight(trainer.step(state, batches[t % batches.length] as (typeof batches)[0]))
      seen.push(next.metrics as Readonly<Record<string, number>>)
      state = next.state
    }
    assert.is(seen.length, 60)
    assertClose(
      seen.map(m => m['rate'] ?? NaN),
      c.rates,
      { rel: 1e-8, abs: 1e-12 },
      'rates',
    ) // nine digits
    near(
      seen.map(m => m['loss'] ?? NaN),
      c.losses,
      'losses',
    )
    const after = tensorsOf(trainer, state)
    for (const [path, values] of leaves(c.final)) near(floats(after.get(path)), values, path)
  })

test.run()
