/** The determinism check and the arbitraries of recipes. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import * as t from '#io/index.js'
import { Expr, Init, Layer, Loss, Net, Optimizer, orThrow, Recipe, State, standard, Trainer } from '../../src/index.js'
import { Arbitrary, checkDeterminism, checkRoundTrip, checkStates } from '../../src/testing/index.js'
import { expectLeft } from '../support/assert.js'
import { rows, small } from '../train/support.js'

const test = suite('checkDeterminism')

test('a recipe with batch norm, dropout, clipping and a schedule', async () => {
  orThrow(await checkDeterminism(small())(rows(19))())
})

test('random recipes are accepted, come back from JSON, and keep the contract', async () => {
  const codec = Recipe.codec(standard)
  fc.assert(
    fc.property(Arbitrary.recipes(), recipe => {
      orThrow(Recipe.check(recipe))
      orThrow(checkRoundTrip('recipe', codec, recipe, Recipe.hash))
    }),
    { numRuns: 60, seed: 22 },
  )
  for (const recipe of fc.sample(Arbitrary.recipes(), { numRuns: 5, seed: 23 }))
    orThrow(await checkDeterminism(recipe)(Arbitrary.dataFor(recipe, 17))())
})

/** x times 1, 2, 3, ...: another number each time it is compiled. */
const drifting = () => {
  let calls = 0
  return Layer.define<() => Layer.Keeps>()<null, never, never>({
    kind: 'acme/drifting',
    config: t.null,
    args: () => null,
    shape: (_c, x) => E.right(x ?? []),
    params: () => ({}),
    state: () => ({}),
    infer: (_c, _p, _s, x) => Expr.mul(x as Expr, 1 + ++calls / 1000),
    train: (_c, _p, s, _key, x) => [Expr.mul(x as Expr, 1 + ++calls / 1000), s],
  })
}

test('a layer that drifts is caught by the first number that differs', async () => {
  const layer = drifting()
  const net = pipe(Net.input(6), Layer.dense(3, { init: Init.he() }), layer())
  const recipe = Recipe.of({
    net,
    loss: Loss.softmaxCrossEntropy(),
    optimizer: Optimizer.sgd({ rate: 0.1 }),
    batch: 4,
    epochs: 1,
    seed: 1,
  })
  const unknown = expectLeft(await checkDeterminism(recipe)(rows(9))())
  assert.match(`${unknown.path}: ${unknown.message}`, /^recipe: .*no definition of the layer "acme\/drifting"/)
  const definitions = { ...standard, net: [...standard.net, layer.def] }
  const found = expectLeft(await checkDeterminism(recipe, { definitions })(rows(9))())
  assert.match(`${found.path}: ${found.message}`, /^fitted again: dense1\/w \[\d, \d\] is -?[\d.]+, not -?[\d.]+$/)
})

test('states that differ are told apart to the bit, with the parameter and the place', async () => {
  const trainer = orThrow(await Trainer.compile(small())())
  const one = trainer.init()
  orThrow(checkStates('same', one, orThrow(State.fork(one))))
  const gamma = orThrow(State.values(one))['batchNorm1/gamma']?.values ?? []
  const other = orThrow(
    State.assign({ 'batchNorm1/gamma': Array.from(gamma, (v, i) => (i === 3 ? v + 2 ** -20 : v)) })(one),
  )
  const { path, message } = expectLeft(checkStates('changed', one, other))
  assert.is(`${path}: ${message}`, 'changed: batchNorm1/gamma [3] is 1, not 1.0000009536743164')
})

test('data that do not fit are a fault, not an exception', async () => {
  const found = expectLeft(await checkDeterminism(small())(rows(2))())
  assert.match(found.message, /4 rows, but there are only 2/)
})

test.run()
