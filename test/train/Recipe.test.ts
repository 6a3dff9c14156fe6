/** Recipes as data: equal when equal, hashed, and decoded from untrusted JSON. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { Init, Layer, Loss, Net, Optimizer, pipe, Recipe, Stop, standard, Trainer } from '../../src/index.js'
import { Arbitrary } from '../../src/testing/index.js'
import type { AnyRecipe } from '../../src/train/Recipe.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { rows, small, smallNet } from './support.js'

const test = suite('Recipe')
const codec = Recipe.codec(standard)
const json = (r: AnyRecipe): unknown => JSON.parse(JSON.stringify(codec.encode(r)))

test('decode . encode = id, and keeps the hash', () => {
  fc.assert(
    fc.property(Arbitrary.recipes(), r => {
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
