/** What the families of optimizers have beside their formulas: defaults, slots, edges, settings that are refused. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Decay from '../../src/optim/Decay.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Schedule from '../../src/optim/Schedule.js'
import { check } from '../../src/optim/Stage.js'
import { assertClose, expectLeft } from '../support/assert.js'
import { lastOf, origin, trajectory, updatesOf } from './support.js'

const test = suite('Optimizer families')

const rate = Schedule.exponential({ initial: 0.1, steps: 25, decay: 0.3 })
const e = 1e-3
const all: Readonly<Record<string, Optimizer.Optimizer>> = {
  adagradKeras: Optimizer.adagrad({ rate, form: 'keras', epsilon: e }),
  adagradKeras3: Optimizer.adagrad({ rate, form: 'keras3', epsilon: e }),
  rmspropTf1: Optimizer.rmsprop({ rate, form: 'tf1', momentum: 0.5, centered: true, epsilon: 1e-2 }),
  rmspropKeras: Optimizer.rmsprop({ rate, form: 'keras', momentum: 0.5, epsilon: 1e-2 }),
  rmspropKeras3: Optimizer.rmsprop({ rate, form: 'keras3', momentum: 0.5, epsilon: 1e-2 }),
  rmspropTorch: Optimizer.rmsprop({ rate, rho: 0.9, momentum: 0.5, centered: true, epsilon: 1e-2 }),
  adadelta: Optimizer.adadelta({ rate, rho: 0.95, epsilon: e }),
  adamW: Optimizer.adamW({ rate, decay: 0.05, epsilon: e }),
  amsgradTorch: Optimizer.amsgrad({ rate, epsilon: e }),
  amsgradKeras: Optimizer.amsgrad({ rate, epsilon: e, form: 'keras' }),
  amsgradPaper: Optimizer.amsgrad({ rate, epsilon: e, form: 'paper' }),
  nadam: Optimizer.nadam({ rate, epsilon: e }),
  adamaxTorch: Optimizer.adamax({ rate, epsilon: e }),
  adamaxKeras: Optimizer.adamax({ rate, epsilon: e, form: 'keras' }),
  radam: Optimizer.radam({ rate, beta2: 0.99, epsilon: e }),
  lion: Optimizer.lion({ rate, decay: 0.05 }),
}

test('what is exempt from LAMB takes the plain step without decay', () => {
  const gradients = Array.from({ length: 60 }, (_, t) => [[0, 1, 2].map(i => Math.sin(1.7 * t + i) + 0.2)])
  const end = (optimizer: Optimizer.Optimizer) =>
    trajectory(optimizer, [{ shape: [3], data: [0.5, -1.25, 2] }], gradients, 'f64', undefined, { paths: ['a/b'] })[59]
  const of = { rate, epsilon: e }
  const exempt = end(Optimizer.lamb({ ...of, decay: 0.05, exclude: Decay.biasesAndScales }))?.get('p 0') ?? []
  assertClose(exempt, end(Optimizer.adam(of))?.get('p 0') ?? [], { rel: 1e-12 })
})

test('the trust ratio is 1 where either norm is 0', () => {
  const g = [{ shape: [2], data: [3, 4] }]
  assert.equal([...(updatesOf([Optimizer.trustRatio()], g, 'f64', [[0, 0]])[0] ?? [])], [3, 4])
  assert.equal([...(updatesOf([Optimizer.trustRatio()], g, 'f64', [[0, 10]])[0] ?? [])], [6, 8])
  const none = [{ shape: [2], data: [0, 0] }]
  assert.equal([...(updatesOf([Optimizer.trustRatio()], none, 'f64', [[1, 2]])[0] ?? [])], [0, 0])
})

test('defaults are those of the paper or the library', () => {
  const same = (a: Optimizer.Optimizer, b: Optimizer.Optimizer) => assert.equal(a, b)
  const moments = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
  const rate = 0.1
  same(Optimizer.momentum({ rate }), Optimizer.momentum({ rate, momentum: 0.9, nesterov: false, form: 'torch' }))
  same(Optimizer.nesterov({ rate }), Optimizer.momentum({ rate, momentum: 0.9, nesterov: true, form: 'torch' }))
  same(Optimizer.adagrad(), Optimizer.adagrad({ rate: 0.01, initial: 0, epsilon: 1e-10, form: 'torch' }))
  same(Optimizer.adagrad({ form: 'tf1' }), Optimizer.adagrad({ form: 'tf1', initial: 0.1, epsilon: 0 }))
  same(Optimizer.adagrad({ form: 'keras' }), Optimizer.adagrad({ form: 'keras', initial: 0.1, epsilon: 1e-7 }))
  same(
    Optimizer.rmsprop(),
    Optimizer.rmsprop({ rate: 0.01, rho: 0.99, momentum: 0, epsilon: 1e-8, centered: false, form: 'torch' }),
  )
  same(Optimizer.rmsprop({ form: 'tf1' }), Optimizer.rmsprop({ form: 'tf1', rate: 0.001, rho: 0.9, epsilon: 1e-10 }))
  same(Optimizer.rmsprop({ form: 'keras' }), Optimizer.rmsprop({ form: 'keras', rate: 0.001, rho: 0.9, epsilon: 1e-7 }))
  same(Optimizer.adadelta(), Optimizer.adadelta({ rate: 1, rho: 0.9, epsilon: 1e-6 }))
  same(Optimizer.adamW(), Optimizer.chain(Optimizer.adam(moments), Decay.decoupled(0.01, { rate: 0.001 })))
  same(Optimizer.amsgrad(), Optimizer.amsgrad({ ...moments, rate: 0.001, form: 'torch' }))
  same(Optimizer.amsgrad({ form: 'keras' }), Optimizer.amsgrad({ form: 'keras', epsilon: 1e-7 }))
  same(Optimizer.adam({ form: 'keras' }), Optimizer.adam({ form: 'keras', epsilon: 1e-7 }))
  same(Optimizer.nadam(), Optimizer.nadam({ ...moments, rate: 0.002, warmth: 0.004, form: 'torch' }))
  same(Optimizer.adamax(), Optimizer.adamax({ ...moments, rate: 0.002, form: 'torch' }))
  same(Optimizer.adamax({ form: 'keras' }), Optimizer.adamax({ form: 'keras', epsilon: 1e-7 }))
  same(Optimizer.radam(), Optimizer.radam({ ...moments, rate: 0.001 }))
  same(Optimizer.lion(), Optimizer.lion({ rate: 1e-4, beta1: 0.9, beta2: 0.99, decay: 0 }))
  same(Optimizer.lamb(), Optimizer.lamb({ ...moments, rate: 0.001, epsilon: 1e-6, decay: 0.01 }))
})

test('slots are only those that a form needs', () => {
  const names = (optimizer: Optimizer.Optimizer) => optimizer[0]?.def?.slots(optimizer[0].config).map(s => s.name)
  assert.equal(names(Optimizer.rmsprop()), ['square'])
  assert.equal(names(Optimizer.rmsprop({ momentum: 0.9 })), ['square', 'momentum'])
  assert.equal(names(Optimizer.rmsprop({ centered: true })), ['square', 'mean'])
})

test('a constant gradient moves every adaptive optimizer by its rate at the first step', () => {
  const plain = { rate: 0.1 }
  const some = [Optimizer.adam(plain), Optimizer.amsgrad(plain), Optimizer.adamax(plain), Optimizer.adagrad(plain)]
  fc.assert(
    fc.property(fc.float({ min: Math.fround(0.01), max: 100, noNaN: true }), g => {
      for (const o of some) assertClose([lastOf(trajectory(o, origin, [[[g]]]))], [-0.1], { rel: 1e-5 })
    }),
    { numRuns: 20 },
  )
})

test('a gradient of 0 from the start moves nothing and gives no NaN', () => {
  for (const [name, optimizer] of Object.entries(all))
    assert.is(lastOf(trajectory(optimizer, origin, [[[0]], [[0]]])) + 0, 0, name)
})

test('settings out of range are refused in a sentence', () => {
  const cases: readonly (readonly [Optimizer.Optimizer, string])[] = [
    [Optimizer.adagrad({ initial: -1 }), '0 (gradus/adagrad): initial must be a number >= 0, but it is -1'],
    [Optimizer.rmsprop({ rho: 1 }), '0 (gradus/rmsprop): rho must be a number in [0, 1), but it is 1'],
    [Optimizer.rmsprop({ momentum: 2 }), '0 (gradus/rmsprop): momentum must be a number in [0, 1), but it is 2'],
    [Optimizer.adadelta({ epsilon: 0 }), '0 (gradus/adadelta): epsilon must be a number > 0, but it is 0'],
    [Optimizer.amsgrad({ beta1: 1 }), '0 (gradus/amsgrad): beta1 must be a number in [0, 1), but it is 1'],
    [Optimizer.nadam({ warmth: -1 }), '0 (gradus/nadam): warmth must be a number >= 0, but it is -1'],
    [Optimizer.adamax({ rate: NaN }), '0 (gradus/adamax): rate.value must be a number >= 0, but it is NaN'],
    [Optimizer.radam({ beta2: 0.5 }), '0 (gradus/radam): beta2 must be a number in (0.6, 1), but it is 0.5'],
    [Optimizer.radam({ beta2: 0.6 }), '0 (gradus/radam): beta2 must be a number in (0.6, 1), but it is 0.6'],
    [Optimizer.radam({ beta2: 1 }), '0 (gradus/radam): beta2 must be a number in (0.6, 1), but it is 1'],
    [Optimizer.lion({ beta2: -1 }), '0 (gradus/lion): beta2 must be a number in [0, 1), but it is -1'],
    [Optimizer.lamb({ decay: -1 }), '1 (gradus/decoupledDecay): decay must be a number >= 0, but it is -1'],
  ]
  for (const [optimizer, message] of cases) {
    const { path, message: text } = expectLeft(check(optimizer))
    assert.is(`${path}: ${text}`, `optimizer/${message}`)
  }
})

test.run()
