/** Recipes as data: equal when equal, hashed, and decoded from untrusted JSON. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import {
  Clip,
  Init,
  Layer,
  Loss,
  Metric,
  Net,
  Optimizer,
  pipe,
  Recipe,
  Schedule,
  Stop,
  standard,
  Trainer,
} from '../../src/index.js'
import type { AnyRecipe } from '../../src/train/Recipe.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { rows, small, smallNet } from './support.js'

const test = suite('Recipe')
const codec = Recipe.codec(standard)
const json = (r: AnyRecipe): unknown => JSON.parse(JSON.stringify(codec.encode(r)))

// --- arbitrary recipes ----------------------------------------------------------------------------------------------
const positive = fc.double({ min: 1e-6, max: 10, noNaN: true })
const share = fc.double({ min: 0, max: 0.99, noNaN: true })
const steps = fc.integer({ min: 1, max: 1e6 })
const simple = fc.oneof(
  positive.map(Schedule.constant),
  fc.record({ initial: positive, steps, decay: positive, staircase: fc.boolean() }).map(Schedule.exponential),
  fc.record({ initial: positive, steps }).map(Schedule.power),
  fc.constant(Schedule.piecewise({ boundaries: [10, 20], values: [0.1, 0.01, 0.001] })),
)
const rate = fc.oneof(
  simple,
  fc.tuple(simple, simple).map(([a, b]) => Schedule.product(a, b)),
  fc.tuple(simple, simple).map(([a, b]) => Schedule.sequence(Schedule.phase(a, 5), b)),
)
const main = fc.oneof(
  rate.map(r => Optimizer.sgd({ rate: r })),
  fc
    .record({ rate, momentum: share, nesterov: fc.boolean(), form: fc.constantFrom('torch', 'tf1', 'keras', 'slides') })
    .map(Optimizer.momentum),
  fc
    .record({
      rate,
      beta1: share,
      beta2: share,
      epsilon: positive,
      form: fc.constantFrom('torch', 'paper', 'tf1', 'slides'),
    })
    .map(Optimizer.adam),
)
const clip = fc.oneof(positive.map(Clip.byValue), positive.map(Clip.byNorm), positive.map(Clip.byGlobalNorm))
const optimizer = fc.tuple(fc.array(clip, { maxLength: 2 }), main).map(([c, m]) => Optimizer.chain(...c, m))

type Vector = Net<readonly [4], readonly [number]>
const init = fc.constantFrom(
  Init.he(),
  Init.glorotNormal(),
  Init.zeros(),
  Init.uniform(-1, 1),
  Init.truncatedNormal(0.1),
)
const layer: fc.Arbitrary<(x: Vector) => Vector> = fc.oneof(
  fc
    .record({ bias: fc.boolean(), init })
    .chain(o => fc.integer({ min: 1, max: 9 }).map(n => (x: Vector) => Layer.dense(n, o)(x))),
  fc.constantFrom<(x: Vector) => Vector>(
    Layer.elu(),
    Layer.leakyRelu({ alpha: 0.2 }),
    Layer.gelu({ approximate: 'tanh' }),
    Layer.swish(),
    Layer.batchNorm({ form: 'tf1', momentum: 0.9 }),
    Layer.rescale(1 / 16, 1),
    x => Net.scope('part', (y: Vector): Vector => Layer.dense(3, { bias: false })(y))(x),
    Layer.residual((x: Vector) => Layer.tanh()(x)),
    x => Layer.concat(x, Layer.relu()(x)),
    Net.freeze,
  ),
  share.map(r => (x: Vector) => Layer.dropout(r)(x)),
)
const settings = fc.record({
  batch: fc.integer({ min: 1, max: 999 }),
  epochs: fc.integer({ min: 1, max: 999 }),
  seed: fc.maxSafeInteger(),
  batching: fc.constantFrom('arraySplit', 'dropLast', 'keepRemainder'),
  optimizer,
  stop: fc.array(
    fc
      .record({
        patience: fc.integer({ min: 1, max: 99 }),
        restoreBest: fc.boolean(),
        minDelta: share,
        monitor: fc.constantFrom('loss', 'own'),
      })
      .map(o => (own: string) => Stop.early({ ...o, monitor: o.monitor === 'own' ? own : 'loss' })),
    { maxLength: 2 },
  ),
})
const recipe: fc.Arbitrary<AnyRecipe> = fc
  .tuple(fc.array(layer, { maxLength: 8 }), settings, fc.constantFrom(0, 1, 2, 3, 4), fc.boolean())
  .map(([layers, { stop, ...s }, kind, named]) => {
    const body = layers.reduce<Vector>((x, f) => f(x), Net.input(4))
    const net = Layer.dense(3, { name: 'end' })(body)
    if (kind === 0) {
      const more = named ? { label: { names: ['a', 'é', '"'] } } : {}
      const rules = stop.map(f => f('accuracy'))
      return Recipe.of({
        ...s,
        ...more,
        net,
        loss: Loss.softmaxCrossEntropy(),
        metrics: [Metric.accuracy()],
        stop: rules,
      })
    }
    const loss =
      [Loss.mse(), Loss.mae(), Loss.huber({ delta: 0.3 }), Loss.sigmoidCrossEntropy()][kind - 1] ?? Loss.mse()
    return Recipe.of({ ...s, net, loss, metrics: [Metric.mae(), Metric.mse()], stop: stop.map(f => f('mse')) })
  })

test('decode . encode = id, and keeps the hash', () => {
  fc.assert(
    fc.property(recipe, r => {
      const decoded = expectRight(codec.decode(json(r)))
      assert.is(Recipe.hash(decoded), Recipe.hash(r))
      assert.equal(json(decoded), json(r))
      assert.ok(codec.is(decoded))
      assert.equal(decoded.optimizer, r.optimizer)
      assert.equal(decoded.stop, r.stop)
      assert.ok(Net.equals(decoded.net, r.net))
    }),
  )
})

test('equal recipes have one hash, of 64 hexadecimal digits', () => {
  assert.is(Recipe.hash(small()), Recipe.hash(small()))
  assert.match(Recipe.hash(small()), /^[0-9a-f]{64}$/)
  const list = json(small()) as object
  const reversed = Object.fromEntries(Object.entries(list).reverse())
  assert.is(Recipe.hash(expectRight(codec.decode(reversed))), Recipe.hash(small()))
})

test('every setting is part of the hash', () => {
  const changes = [
    {},
    { batch: 5 },
    { epochs: 4 },
    { seed: 8 },
    { batching: 'dropLast' },
    { metrics: [] },
    { optimizer: Optimizer.sgd({ rate: 0.1 }) },
    { optimizer: Optimizer.sgd({ rate: 0.2 }) },
    { optimizer: [...small().optimizer].reverse() },
    { stop: Stop.early({ patience: 1 }) },
    { stop: Stop.early({ patience: 2 }) },
    { stop: Stop.early({ patience: 2, restoreBest: false }) },
    { label: { names: ['a', 'b', 'c'] } },
    { label: { names: ['a', 'c', 'b'] } },
    { net: pipe(smallNet, Net.freeze) },
    { net: pipe(smallNet, Layer.elu()) },
    { net: pipe(Net.input(6), Layer.dense(3)) },
    { net: pipe(Net.input(6), Layer.dense(3, { name: 'a' })) },
    { net: pipe(Net.input(6), Layer.dense(3, { init: Init.he() })) },
    { net: pipe(Net.input(6), Net.scope('a', Layer.dense(3))) },
  ] as const
  const hashes = [...changes.map(c => Recipe.hash(small(c))), Recipe.hash({ ...small(), loss: Loss.mse() })]
  assert.is(new Set(hashes).size, changes.length + 1)
})

test('a decoded recipe trains to the same bits', async () => {
  const decoded = expectRight(codec.decode(json(small())))
  const net = expectRight(Net.as({ inputs: [6], shape: [3] })(decoded.net))
  const again = expectRight(
    await Trainer.fit({ ...small(), ...decoded, net, loss: small().loss, metrics: small().metrics })({
      train: rows(19),
    })(),
  )
  assert.is(again.hash, expectRight(await Trainer.fit(small())({ train: rows(19) })()).hash)
})

// --- untrusted ------------------------------------------------------------------------------------------------------
type Path = readonly (string | number)[]
const pathsOf = (u: unknown, at: Path = []): readonly Path[] =>
  typeof u === 'object' && u !== null ? [at, ...Object.entries(u).flatMap(([k, v]) => pathsOf(v, [...at, k]))] : [at]
const replaced = (u: unknown, [key, ...rest]: Path, by: unknown): unknown => {
  if (key === undefined) return by
  const inside = replaced((u as Record<string, unknown>)[key], rest, by)
  return Array.isArray(u) ? u.map((x, i) => (`${i}` === key ? inside : x)) : { ...(u as object), [key]: inside }
}
const full = json(small({ stop: Stop.early({ patience: 2 }), label: { names: ['a', 'b', 'c'] } }))

test('any part of a recipe replaced by any JSON is a Left or a recipe that compiles or says why not', async () => {
  const recipes: AnyRecipe[] = []
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(null, -1, 0, 1.5, '', 'x', [], {}, 1e308, '\ud800', { of: 'stage' }, [[]]),
  )
  fc.assert(
    fc.property(fc.constantFrom(...pathsOf(full)), odd, (path, by) => {
      const decoded = codec.decode(replaced(full, path, by))
      if (E.isLeft(decoded)) return assert.ok(decoded.left.length > 0)
      assert.match(Recipe.hash(decoded.right), /^[0-9a-f]{64}$/)
      recipes.push(decoded.right)
    }),
    { numRuns: 2000 },
  )
  for (const r of recipes.filter(x => x.batch < 1e4).slice(0, 20)) await Trainer.compile(r)()
})

test('JSON that is no recipe is refused', () => {
  fc.assert(fc.property(fc.jsonValue(), u => assert.ok(E.isLeft(codec.decode(u)))))
  for (const u of [undefined, Number.NaN, () => 1, Symbol('x'), 1n, new Date(), new Map()])
    assert.ok(E.isLeft(codec.decode(u)))
  const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)
  for (const key of Object.keys(full as object)) assert.ok(E.isLeft(codec.decode({ ...(full as object), [key]: deep })))
})

test('what is wrong is said with its place', () => {
  const message = (path: Path, by: unknown) => {
    const [first] = expectLeft(codec.decode(replaced(full, path, by)))
    return first?.message ?? ''
  }
  assert.match(message(['batch'], 0), /batch.*>= 1.*0/)
  assert.match(message(['optimizer', '1', 'config', 'momentum'], 1.5), /momentum|\[0, 1\)/)
  assert.match(message(['stop', '0', 'config', 'patience'], 0), /patience|>= 1/)
  assert.match(message(['metrics', '0', 'kind'], 'gradus/mae'), /mae.*values.*class/)
  assert.match(message(['labels'], ['a']), /1 label names/)
  assert.match(message(['optimizer', '0', 'kind'], 'acme/none'), /acme\/none/)
  assert.match(message(['loss', 'kind'], 'acme/none'), /acme\/none/)
})

test('definitions that are not given, or given twice, are refused', () => {
  assert.ok(E.isLeft(Recipe.codec({ ...standard, metric: [] }).decode(full)))
  assert.ok(E.isLeft(Recipe.codec({ ...standard, stop: [...standard.stop, ...standard.stop] }).decode(full)))
  assert.ok(E.isLeft(Recipe.codec({ ...standard, net: [] }).decode(full)))
})

test.run()
