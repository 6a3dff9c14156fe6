import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as t from '#io/index.js'
import { constant, type Expr, input, param } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { explain, positive } from '../../src/graph/settings.js'
import { add, mul } from '../../src/op/arithmetic.js'
import * as Clip from '../../src/optim/Clip.js'
import * as Constraint from '../../src/optim/Constraint.js'
import * as Decay from '../../src/optim/Decay.js'
import * as Guard from '../../src/optim/Guard.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Schedule from '../../src/optim/Schedule.js'
import * as Stage from '../../src/optim/Stage.js'
import { standard } from '../../src/optim/standard.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { atStep, lastOf, origin, stepOf, trajectory } from './support.js'

/** Adds up all gradients seen, times a factor of their path's length. */
const hoard = Stage.define({
  kind: 'acme/hoard',
  config: t.type({ factor: positive }),
  slots: () => [{ name: 'all', init: 0.5 }],
  apply: ({ factor }, x) =>
    Stage.leafwise(x, ['all'], ({ gradient, slots, path }) => {
      const all = add(slots.all, mul(gradient, factor * path.length))
      return { update: all, slots: { all } }
    }),
})

const test = suite('Stage')

test('no stages are descent at rate 1', () => assert.is(lastOf(trajectory([], origin, [[[3]], [[1]]])), -4))

test('a stage of your own takes the updates of the one before it', () => {
  const optimizer = Optimizer.chain(Optimizer.sgd({ rate: 2 }), hoard({ factor: 1 }))
  // paths are leaf0: factor 5; all = 0.5 + 5 * 2 = 10.5, then 10.5 + 5 * 4
  assert.is(lastOf(trajectory(optimizer, origin, [[[1]], [[2]]])), -10.5 - 30.5)
  assert.equal(Stage.slotsOf(optimizer), [{ name: '1/all', init: 0.5 }])
})

const x: Stage.StageInput = {
  gradients: [input('g', tensorType('f32', [2]))],
  params: [param('p', tensorType('f32', [2]))],
  paths: ['p'],
  slots: {},
  scalars: {},
  step: input('step', tensorType('f64')),
  loss: input('loss', tensorType('f32')),
}

const wrong = (stepped: Stage.Stepped): string => {
  const all = [...stepped.params, ...Object.values(stepped.slots).flat()]
  const { path, message } = expectLeft(Program.of(all))
  return `${path}: ${message}`
}

const careless = (update: (x: Stage.StageInput) => readonly Expr[]) =>
  Stage.define({
    kind: 'acme/careless',
    config: t.type({}),
    slots: () => [],
    apply: (_, given) => ({ updates: update(given), slots: {} }),
  })({})

test('what a stage gets wrong names it', () => {
  assert.is(
    wrong(Stage.run([careless(() => [])], x)),
    'optimizer/0 (acme/careless): updates: 0 tensors for 1 parameters',
  )
  assert.is(
    wrong(Stage.run([careless(() => [constant(1)])], x)),
    'optimizer/0 (acme/careless): updates: f32[] for a parameter that is f32[2]',
  )
  assert.is(wrong(Stage.run(Optimizer.adam(), x)), 'optimizer/0 (gradus/adam): slot mean: 0 tensors for 1 parameters')
  assert.match(
    wrong(Stage.run([{ of: 'stage', kind: 'acme/lost', config: {} }], x)),
    /^optimizer\/0 \(acme\/lost\): the stage "acme\/lost" has no definition/,
  )
})

test('the reported rate is the last one, from inside the graph', () => {
  const rate = Schedule.exponential({ initial: 1, steps: 1, decay: 0.5 })
  const optimizer = Optimizer.chain(Clip.byValue(1), Optimizer.sgd({ rate: 3 }), Optimizer.momentum({ rate }))
  const rateOf = (stages: Optimizer.Optimizer, step: Expr) =>
    Stage.transform(stages, { ...x, gradients: [], params: [], paths: [], step }).rate
  assert.is(
    atStep(step => rateOf(optimizer, step) ?? step, 2),
    0.25,
  )
  assert.is(rateOf([Clip.byValue(1)], x.step), null)
})

test('check passes what is in range', () => {
  const optimizer = Optimizer.chain(
    Clip.byGlobalNorm(1),
    Optimizer.adam({ rate: Schedule.product(Schedule.warmup(10), 0.1) }),
  )
  assert.is(expectRight(Stage.check(optimizer)), optimizer)
})

test('check names the stage, the field and the bound', () => {
  const cases: readonly (readonly [Optimizer.Optimizer, string])[] = [
    [Optimizer.sgd({ rate: -1 }), '0 (gradus/sgd): rate.value must be a number >= 0, but it is -1'],
    [Optimizer.sgd({ rate: NaN }), '0 (gradus/sgd): rate.value must be a number >= 0, but it is NaN'],
    [
      Optimizer.chain(Clip.byNorm(1), Optimizer.momentum({ rate: 1, momentum: 1 })),
      '1 (gradus/momentum): momentum must be a number in [0, 1), but it is 1',
    ],
    [Optimizer.adam({ beta2: -0.1 }), '0 (gradus/adam): beta2 must be a number in [0, 1), but it is -0.1'],
    [Optimizer.adam({ epsilon: 0 }), '0 (gradus/adam): epsilon must be a number > 0, but it is 0'],
    [[Clip.byGlobalNorm(0)], '0 (gradus/clipByGlobalNorm): limit must be a number > 0, but it is 0'],
    [
      Optimizer.sgd({ rate: Schedule.sequence(Schedule.phase(Schedule.warmup(0), 3), 1) }),
      '0 (gradus/sgd): rate.phases.0.schedule.steps must be a number > 0, but it is 0',
    ],
  ]
  for (const [optimizer, message] of cases) {
    const error = expectLeft(Stage.check(optimizer))
    assert.is(`${error.path}: ${error.message}`, `optimizer/${message}`)
  }
})

const codec = Optimizer.codec(standard)
const json = (u: unknown): unknown => JSON.parse(JSON.stringify(u))
const numbers = fc.double({ min: 0.001, max: 0.999, noNaN: true })
const rates = fc.oneof(
  numbers,
  fc.record({ initial: numbers, steps: fc.constant(7), decay: numbers }).map(Schedule.exponential),
  numbers.map(rate => Schedule.product(Schedule.warmup(3), rate)),
)
const someOptimizer = fc
  .array(
    fc.oneof(
      fc.constantFrom(Clip.byValue, Clip.byNorm, Clip.byGlobalNorm).map(f => [f(2)]),
      rates.map(rate => Optimizer.sgd({ rate })),
      fc.record({ rate: rates, momentum: numbers, nesterov: fc.boolean() }).map(Optimizer.momentum),
      fc.record({ rate: rates, beta1: numbers, form: fc.constantFrom('tf1', 'slides' as const) }).map(Optimizer.adam),
    ),
    { maxLength: 4 },
  )
  .map(parts => Optimizer.chain(...parts))

test('decode . encode = id, through JSON text, and the decoded one steps alike', () => {
  fc.assert(
    fc.property(someOptimizer, optimizer => {
      const again = expectRight(codec.decode(json(codec.encode(optimizer))))
      assert.equal(again, optimizer)
      const grads = [[[1]], [[-3]]]
      assertClose([lastOf(trajectory(again, origin, grads))], [lastOf(trajectory(optimizer, origin, grads))], {})
    }),
  )
})

test('a rate may be a plain number in JSON; what is wrong is said with its place', () => {
  const spec = (config: unknown) => [{ of: 'stage', kind: 'gradus/sgd', config }]
  assert.equal(expectRight(codec.decode(spec({ rate: 0.1 }))), Optimizer.sgd({ rate: 0.1 }))
  assert.is(
    explain(expectLeft(codec.decode(spec({ rate: -0.1 })))),
    '0.rate.value must be a number >= 0, but it is -0.1',
  )
  const inner = { of: 'schedule', kind: 'gradus/nothing', config: {} }
  assert.is(
    explain(expectLeft(codec.decode(spec({ rate: inner })))),
    '0.rate: no definition of the schedule "gradus/nothing" was given',
  )
  assert.is(explain(expectLeft(codec.decode({}))), 'must be a list of at most 100 stages, but it is an object')
  const endless = new Array(1e6).fill(0)
  assert.is(explain(expectLeft(codec.decode(endless))), 'must be a list of at most 100 stages, but it is a list')
})

test('a stage of your own decodes with its definition', () => {
  const own = Optimizer.codec({ ...standard, stage: [...standard.stage, hoard.def] })
  const optimizer = Optimizer.chain(hoard({ factor: 2 }), Optimizer.adam())
  assert.equal(expectRight(own.decode(json(own.encode(optimizer)))), optimizer)
  assert.match(
    explain(expectLeft(codec.decode(json(own.encode(optimizer))))),
    /no definition of the stage "acme\/hoard"/,
  )
})

test('equal stages are equal values', () => {
  assert.equal(Optimizer.nesterov({ rate: 0.1 }), Optimizer.momentum({ rate: 0.1, momentum: 0.9, nesterov: true }))
  assert.equal(Optimizer.sgd({ rate: 0.1 }), Optimizer.sgd({ rate: Schedule.constant(0.1) }))
})

test('the state of a step has every slot, in order', () => {
  const { state } = stepOf(Optimizer.chain(Clip.byValue(1), Optimizer.adam()), [[2], [3]])
  assert.equal(
    state.map(s => s.name),
    ['p 0', 'p 1', '1/mean 0', '1/mean 1', '1/square 0', '1/square 1'],
  )
})

test('transform and apply are run, one by one', () => {
  const optimizer = Optimizer.chain(
    Guard.skip(),
    Decay.l2(0.1),
    Optimizer.momentum({ rate: 0.1 }),
    Constraint.maxNorm(1),
  )
  const params = [param('p', tensorType('f32', [2, 2]))]
  const like = tensorType('f32', [2, 2])
  const given: Stage.StageInput = {
    gradients: [input('g', like)],
    params,
    paths: ['p'],
    slots: { '2/momentum': [param('2/momentum', like)] },
    scalars: { '0/skipped': param('0/skipped', tensorType('f64')) },
    step: input('step', tensorType('f64')),
    loss: constant(0),
  }
  const [whole, parts] = [Stage.run(optimizer, given), Stage.apply(optimizer, given, Stage.transform(optimizer, given))]
  const text = (s: Stage.Stepped) => {
    const program = Program.of([
      ...s.params,
      ...s.updates,
      ...Object.values(s.slots).flat(),
      ...Object.values(s.scalars),
    ])
    return program._tag === 'Right' ? Program.print(program.right) : ''
  }
  assert.ok(text(whole).length > 100)
  assert.is(text(whole), text(parts))
})

test.run()
