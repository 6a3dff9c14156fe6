/** All that comes with the library, as JSON and back; and settings out of range. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { explain } from '../../src/graph/settings.js'
import * as Clip from '../../src/optim/Clip.js'
import * as Constraint from '../../src/optim/Constraint.js'
import * as Decay from '../../src/optim/Decay.js'
import * as Guard from '../../src/optim/Guard.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Schedule from '../../src/optim/Schedule.js'
import * as Stage from '../../src/optim/Stage.js'
import { standard } from '../../src/optim/standard.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { end, run, same } from './fixture.js'

const test = suite('standard')

const rates = fc.double({ min: 0, max: 1, noNaN: true })
const shares = fc.double({ min: 0, max: 0.99, noNaN: true })
const small = fc.constantFrom(1e-10, 1e-8, 1e-3)
const counts = fc.integer({ min: 1, max: 9 })
const schedules: fc.Arbitrary<Schedule.Rate> = fc.oneof(
  rates,
  rates.map(initial => Schedule.cosine({ initial, steps: 9 })),
  rates.map(peak => Schedule.oneCycle({ peak, steps: 20, anneal: 'linear' })),
  rates.map(initial => Schedule.cosineRestarts({ initial, steps: 3, growth: 2, decay: 0.5 })),
  rates.map(initial => Schedule.product(Schedule.warmup(5), Schedule.polynomial({ initial, steps: 20, power: 2 }))),
)
const select = fc.record(
  { include: fc.constantFrom(['**'], ['**/w', '**/b']), exclude: fc.constantFrom([], ['**/gamma']) },
  { requiredKeys: [] },
)
const moments = {
  rate: schedules,
  beta1: shares,
  beta2: fc.double({ min: 0.7, max: 0.999, noNaN: true }),
  epsilon: small,
}
const optional = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] })
const forms = ['torch', 'tf1', 'keras', 'keras3'] as const

/** Every optimizer and stage of the library, by its kind or kinds. */
const arbitraries: readonly fc.Arbitrary<Optimizer.Optimizer>[] = [
  fc.record({ rate: schedules }).map(Optimizer.sgd),
  fc.record({ rate: schedules, momentum: shares, nesterov: fc.boolean() }).map(Optimizer.momentum),
  optional({ rate: schedules, initial: fc.constant(0.5), epsilon: small, form: fc.constantFrom(...forms) }).map(
    Optimizer.adagrad,
  ),
  optional({
    rate: schedules,
    rho: shares,
    momentum: shares,
    centered: fc.boolean(),
    form: fc.constantFrom(...forms),
  }).map(Optimizer.rmsprop),
  optional({ rate: schedules, rho: shares, epsilon: small }).map(Optimizer.adadelta),
  optional({ ...moments, form: fc.constantFrom('torch', 'tf1', 'slides' as const) }).map(Optimizer.adam),
  optional({ ...moments, decay: shares, exclude: fc.constant(['**/b']) }).map(Optimizer.adamW),
  optional({ ...moments, form: fc.constantFrom('torch', 'keras', 'paper' as const) }).map(Optimizer.amsgrad),
  optional({ ...moments, warmth: shares }).map(Optimizer.nadam),
  optional({ ...moments, form: fc.constantFrom('torch', 'keras' as const) }).map(Optimizer.adamax),
  optional(moments).map(Optimizer.radam),
  optional({ rate: schedules, beta1: shares, decay: shares }).map(Optimizer.lion),
  optional({ ...moments, decay: shares, exclude: fc.constant(['**/b']) }).map(Optimizer.lamb),
  fc.constantFrom(Clip.byValue, Clip.byNorm, Clip.byGlobalNorm).map(f => [f(2)]),
  fc.tuple(small, select).map(([epsilon, s]) => [Clip.adaptive(0.1, { epsilon, ...s })]),
  fc.tuple(fc.constantFrom(Decay.l2, Decay.l1), shares, select).map(([f, decay, s]) => [f(decay, s)]),
  fc.tuple(shares, select, schedules).map(([decay, s, rate]) => [Decay.decoupled(decay, { rate, ...s })]),
  fc.tuple(small, select).map(([limit, s]) => [Constraint.maxNorm(limit, s)]),
  select.map(s => [Constraint.unitNorm(s)]),
  fc.constant([Guard.skip()]),
  shares.map(decay => [Optimizer.ema(decay)]),
  fc.record({ from: fc.nat(2), every: counts }).map(o => [Optimizer.swa(o)]),
  fc.record({ every: counts, share: shares }).map(o => Optimizer.lookahead([], o)),
  counts.map(n => Optimizer.accumulate(n, [])),
  fc.tuple(schedules, select).map(([factor, s]) => [Optimizer.scaleRate({ factor, ...s })]),
  optional({ every: counts, patience: fc.nat(2), factor: fc.constant(0.5), cooldown: fc.nat(2) }).map(o => [
    Optimizer.plateau(o),
  ]),
]
const stages = fc.array(fc.oneof(...arbitraries), { maxLength: 4 }).map(parts => Optimizer.chain(...parts))
const optimizers = fc.oneof(
  stages,
  fc.tuple(select, stages, stages).map(([s, inner, after]) => Optimizer.chain(Stage.only(s, inner), after)),
)

const codec = Optimizer.codec(standard)
const json = (u: unknown): unknown => JSON.parse(JSON.stringify(u))

test('every kind of the library is drawn here', () => {
  const kinds = new Set(
    arbitraries.flatMap(a =>
      fc
        .sample(a, { numRuns: 60, seed: 1 })
        .flat()
        .map(s => s.kind),
    ),
  )
  const missing = standard.stage.map(d => d.kind).filter(kind => kind !== 'gradus/only' && !kinds.has(kind))
  assert.equal(missing, [])
})

test('no two definitions have one kind', () => {
  for (const list of [standard.stage, standard.schedule]) assert.is(new Set(list.map(d => d.kind)).size, list.length)
})

test('decode . encode = id, through JSON text', () => {
  fc.assert(
    fc.property(optimizers, optimizer => {
      assert.equal(expectRight(codec.decode(json(codec.encode(optimizer)))), optimizer)
      expectRight(Stage.check(optimizer))
    }),
    { numRuns: 300 },
  )
})

test('what was decoded steps alike, to the bit', () => {
  fc.assert(
    fc.property(optimizers, optimizer => {
      const again = expectRight(codec.decode(json(codec.encode(optimizer))))
      same(end(run(again)), end(run(optimizer)))
    }),
    { numRuns: 25 },
  )
})

test('settings out of range are refused in a sentence', () => {
  const cases: readonly (readonly [Optimizer.Optimizer, string])[] = [
    [[Decay.l2(-1)], '0 (gradus/l2): decay must be a number >= 0, but it is -1'],
    [[Decay.l1(NaN)], '0 (gradus/l1): decay must be a number >= 0, but it is NaN'],
    [
      [Decay.decoupled(1, { include: [''] })],
      '0 (gradus/decoupledDecay): include must be a list of patterns of at most 200 characters, but it is a list',
    ],
    [[Constraint.maxNorm(0)], '0 (gradus/maxNorm): limit must be a number > 0, but it is 0'],
    [[Clip.adaptive(-1)], '0 (gradus/clipAdaptive): limit must be a number > 0, but it is -1'],
    [[Clip.adaptive(1, { epsilon: 0 })], '0 (gradus/clipAdaptive): epsilon must be a number > 0, but it is 0'],
    [Optimizer.accumulate(0, []), '0 (gradus/accumulate): batches must be a whole number >= 1, but it is 0'],
    [[Optimizer.ema(1)], '0 (gradus/ema): decay must be a number in [0, 1), but it is 1'],
    [[Optimizer.swa({ from: 0, every: 0 })], '0 (gradus/swa): every must be a whole number >= 1, but it is 0'],
    [[Optimizer.swa({ from: 1.5 })], '0 (gradus/swa): from must be a whole number >= 0, but it is 1.5'],
    [Optimizer.lookahead([], { share: 2 }), '0 (gradus/lookahead): share must be a number in [0, 1], but it is 2'],
    [[Optimizer.plateau({ every: 0 })], '0 (gradus/plateau): every must be a whole number >= 1, but it is 0'],
    [[Optimizer.plateau({ patience: -1 })], '0 (gradus/plateau): patience must be a whole number >= 0, but it is -1'],
    [[Optimizer.plateau({ factor: 0 })], '0 (gradus/plateau): factor must be a number in (0, 1), but it is 0'],
    [[Optimizer.plateau({ factor: 1 })], '0 (gradus/plateau): factor must be a number in (0, 1), but it is 1'],
    [
      [Stage.only({}, Optimizer.sgd({ rate: -1 }))],
      '0 (gradus/only): stages.0.rate.value must be a number >= 0, but it is -1',
    ],
    [[Optimizer.scaleRate({ factor: -1 })], '0 (gradus/scaleRate): factor.value must be a number >= 0, but it is -1'],
  ]
  for (const [optimizer, message] of cases) {
    const { path, message: text } = expectLeft(Stage.check(optimizer))
    assert.is(`${path}: ${text}`, `optimizer/${message}`)
  }
})

test('what is wrong inside a group of JSON is said with its place', () => {
  const only = (stage: unknown) => [
    { of: 'stage', kind: 'gradus/only', config: { select: { include: ['**'], exclude: [] }, stages: [stage] } },
  ]
  const sgd = (rate: unknown) => ({ of: 'stage', kind: 'gradus/sgd', config: { rate } })
  assert.equal(expectRight(codec.decode(only(sgd(0.5)))), [Stage.only({}, Optimizer.sgd({ rate: 0.5 }))])
  assert.is(
    explain(expectLeft(codec.decode(only(sgd(-1))))),
    '0.stages.0.rate.value must be a number >= 0, but it is -1',
  )
  assert.is(explain(expectLeft(codec.decode(only({})))), '0.stages.0 must be a stage, but it is an object')
})

test.run()
