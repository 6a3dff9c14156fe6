import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Program from '../../src/graph/Program.js'
import * as Clip from '../../src/optim/Clip.js'
import * as Decay from '../../src/optim/Decay.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Schedule from '../../src/optim/Schedule.js'
import { slotsOf } from '../../src/optim/Stage.js'
import { fuse } from '../../src/transform/Fuse.js'
import { assertClose, expectRight } from '../support/assert.js'
import { type Case, gradients, oracle, rates, start } from './oracle.js'
import { descend, lastOf, monoidLaws, origin, stepOf, trajectory, updatesOf } from './support.js'

const momentsOf = ({ betas: [beta1, beta2] = [NaN, NaN], eps: epsilon = NaN }: Case['config']) => ({
  beta1,
  beta2,
  epsilon,
})

/** The optimizers that a case of the oracle stands for, in all forms that agree with it; none for those not offered. */
const optimizersOf = ({ optimizer, source, config, rate: name }: Case): Optimizer.Optimizer[] => {
  const rate = rates[name]
  const momentumForms = source === 'torch' ? (['torch', 'tf1'] as const) : (['keras', 'slides'] as const)
  const adamForms = source === 'sklearn' ? (['tf1', 'keras'] as const) : (['paper', 'torch'] as const)
  switch (optimizer) {
    case 'sgd':
      return config.weight_decay
        ? [Optimizer.chain(Decay.l2(config.weight_decay), Optimizer.sgd({ rate }))]
        : [Optimizer.sgd({ rate })]
    case 'momentum':
      return momentumForms.map(form => Optimizer.momentum({ rate, momentum: 0.9, form }))
    case 'nesterov':
      return momentumForms.map(form => Optimizer.nesterov({ rate, momentum: 0.9, form }))
    case 'adam':
      return adamForms.map(form => Optimizer.adam({ rate, form, epsilon: 1e-8 }))
    case 'amsgrad':
      return [Optimizer.amsgrad({ rate, ...momentsOf(config) })]
    case 'adamw':
      return [Optimizer.adamW({ rate })]
    case 'adamax':
      return [Optimizer.adamax({ rate })]
    case 'nadam':
      return [
        Optimizer.nadam({
          rate,
          ...momentsOf(config),
          warmth: config.momentum_decay ?? NaN,
          form: 'torch1',
        }),
      ]
    case 'radam':
      return [Optimizer.radam({ rate, ...momentsOf(config) })]
    case 'adadelta':
      return [Optimizer.adadelta({ rate })]
    case 'adagrad':
      if (config.eps === 1e-7) return [Optimizer.adagrad({ rate, form: 'keras' })]
      return config.initial_accumulator_value === 0
        ? [Optimizer.adagrad({ rate })]
        : [
            Optimizer.adagrad({ rate, form: 'tf1' }),
            Optimizer.adagrad({ rate, form: 'keras', epsilon: 0 }),
            Optimizer.adagrad({ rate, form: 'keras3', epsilon: 0 }),
          ]
    case 'rmsprop': {
      const { alpha: rho = NaN, eps: epsilon = NaN, momentum = 0, centered = false } = config
      return [Optimizer.rmsprop({ rate, rho, epsilon, momentum, centered })]
    }
    default:
      return []
  }
}

const formOf = ([stage]: Optimizer.Optimizer): string => {
  const config = stage?.config
  return typeof config === 'object' && config !== null && 'form' in config ? `${config.form}` : ''
}

const test = suite('Optimizer')

for (const c of oracle.cases) {
  for (const optimizer of optimizersOf(c)) {
    for (const [precision, rel] of [
      ['f64', 1e-7],
      ['f32', 1e-6],
    ] as const)
      test(`${c.source} ${c.optimizer} ${formOf(optimizer)} at a rate ${c.rate} in ${precision}`, () => {
        const states = trajectory(optimizer, start, gradients, precision)
        oracle.recorded.forEach((step, i) => {
          const expected = c.params[i] ?? []
          const largest = Math.max(...expected.map(Math.abs))
          const actual = ['p 0', 'p 1'].flatMap(name => Array.from(states[step - 1]?.get(name) ?? []))
          assertClose(actual, expected, { abs: rel * largest }, `after ${step} steps`)
        })
      })
  }
}

test('every case stands for an optimizer', () => {
  for (const c of oracle.cases) assert.ok(optimizersOf(c).length > 0, `${c.source} ${c.optimizer}`)
})

test('momentum forms differ when the rate changes', () => {
  const rate = Schedule.piecewise({ boundaries: [0], values: [0.1, 0.01] })
  const after = (form: Optimizer.MomentumForm) =>
    lastOf(trajectory(Optimizer.momentum({ rate, momentum: 0.9, form }), origin, [[[1]], [[1]]]))
  assertClose([after('torch'), after('tf1'), after('keras'), after('slides')], [-0.119, -0.119, -0.2, -0.2], {
    rel: 1e-7,
  })
})

test('Adam forms differ in where epsilon stands', () => {
  const rate = 0.001
  const first = (form: Optimizer.AdamForm) =>
    (updatesOf(Optimizer.adam({ rate, form, epsilon: 1e-8 }), [{ shape: [1], data: [1e-8] }], 'f32')[0]?.[0] ?? NaN) /
    rate
  assertClose([first('torch'), first('paper'), first('tf1'), first('slides')], [0.5, 0.5, 0.030653, 1e-4], {
    rel: 2e-5,
  })
  assert.is(first('keras'), first('tf1'))
})

test("Adam's defaults are the paper's", () => {
  const given = { rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, form: 'torch' } as const
  assert.equal(Optimizer.adam()[0]?.config, Optimizer.adam(given)[0]?.config)
})

test('Adam keeps the scale of its averages: a constant gradient moves by the rate, also after 20,000 steps', () => {
  const optimizer = Optimizer.adam({ rate: 0.5 })
  const [square, mean] = [9 * (1 - 0.999 ** 20_000), 3 * (1 - 0.9 ** 20_000)]
  const states = trajectory(optimizer, origin, new Array(20_000).fill([[3]]), 'f32')
  const last = states[states.length - 1]
  assertClose([last?.get('0/mean 0')?.[0] ?? NaN], [mean], { rel: 1e-6 })
  assertClose([last?.get('0/square 0')?.[0] ?? NaN], [square], { rel: 1e-4 })
  assertClose([lastOf(states)], [-10_000], { rel: 1e-3 })
})

test('on a quadratic, momentum converges exactly where 0 < a l < 2 + 2b, and plain descent where a l < 2', () => {
  const end = (optimizer: Optimizer.Optimizer) => Math.abs(lastOf(descend(optimizer, 1, p => p, 300)))
  assert.ok(end(Optimizer.momentum({ rate: 2.9, momentum: 0.5 })) < 1e-3)
  assert.ok(end(Optimizer.momentum({ rate: 3.1, momentum: 0.5 })) > 1e3)
  assert.ok(end(Optimizer.sgd({ rate: 1.9 })) < 1e-3)
  assert.ok(end(Optimizer.sgd({ rate: 2.1 })) > 1e3)
})

test('the best momentum on a quadratic reaches the closed rate (sqrt k - 1) / (sqrt k + 1)', () => {
  const [low, high] = [1, 100]
  const [a, b] = [(2 / (Math.sqrt(low) + Math.sqrt(high))) ** 2, ((10 - 1) / (10 + 1)) ** 2]
  const states = descend(Optimizer.momentum({ rate: a, momentum: b }), 1, p => p, 200)
  // at the optimum the error goes like t rate^t
  const error = (t: number) => Math.abs(states[t - 1]?.get('p 0')?.[0] ?? NaN) / t
  assertClose([(error(200) / error(100)) ** (1 / 100)], [9 / 11], { rel: 1e-2 })
})

test('every parameter is updated in one loop', () => {
  const shapes = [[7], [3, 4], [300, 100]]
  for (const optimizer of [
    Optimizer.sgd({ rate: 0.1 }),
    Optimizer.momentum({ rate: 0.1 }),
    Optimizer.nesterov({ rate: 0.1, form: 'keras' }),
    Optimizer.adam(),
    Optimizer.chain(Clip.byValue(1), Optimizer.adam({ form: 'slides' })),
    Optimizer.adagrad(),
    Optimizer.rmsprop({ momentum: 0.9, centered: true }),
    Optimizer.adamW(),
    Optimizer.amsgrad(),
    Optimizer.nadam(),
    Optimizer.adamax(),
    Optimizer.radam(),
    Optimizer.chain(Decay.l2(0.01), Optimizer.adam(), Optimizer.ema(0.9)),
  ]) {
    const program = expectRight(Program.of(stepOf(optimizer, shapes).state.map(s => s.expr)))
    expectRight(Program.verify(program))
    const regions = fuse(program).filter(u => u._tag === 'Region')
    assert.is(regions.length, shapes.length, Program.print(program))
    assert.is(new Set(regions.map(r => r.key)).size, 1)
  }
})

const someStage = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }).map(rate => Optimizer.sgd({ rate })),
  fc.double({ min: 0, max: 0.99, noNaN: true }).map(m => Optimizer.momentum({ rate: 0.1, momentum: m })),
  fc.boolean().map(nesterov => Optimizer.momentum({ rate: 0.1, nesterov })),
  fc.constantFrom('torch', 'tf1', 'slides' as const).map(form => Optimizer.adam({ form })),
  fc.constantFrom(0.5, 1).map(limit => [Clip.byGlobalNorm(limit)]),
)
const someOptimizer = fc.array(someStage, { maxLength: 3 }).map(parts => Optimizer.chain(...parts))
test('chain is a monoid', () => monoidLaws(Optimizer.MonoidChain, someOptimizer))

test('chain is associative on the whole state, and its unit changes nothing', () => {
  const grads = [[[0.5, -2, 3]], [[1, 1, -1]]]
  const start = [{ shape: [3], data: [1, 2, 3] }]
  const run = (o: Optimizer.Optimizer) =>
    [...(trajectory(o, start, grads)[1] ?? [])].map(([k, v]) => [k, [...(v as Float64Array)]])
  fc.assert(
    fc.property(someOptimizer, someOptimizer, someOptimizer, (a, b, c) => {
      const flat = run(Optimizer.chain(...a, ...b, ...c))
      assert.equal(run(Optimizer.chain(Optimizer.chain(a, b), c)), flat)
      assert.equal(run(Optimizer.chain(a, Optimizer.chain(b, c))), flat)
      assert.equal(run(Optimizer.chain([], a, [])), run(a))
    }),
    { numRuns: 30 },
  )
})

test('slots are named by the stage', () => {
  const optimizer = Optimizer.chain(Clip.byNorm(1), Optimizer.momentum({ rate: 1 }), Optimizer.adam())
  assert.equal(slotsOf(optimizer), [
    { name: '1/momentum', init: 0 },
    { name: '2/mean', init: 0 },
    { name: '2/square', init: 0 },
  ])
})

test.run()
