/** Nets as JSON: what is encoded is decoded again, and what was not encoded by us is refused in words. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { flow, pipe } from '#fp/function.js'
import * as t from '#io/index.js'
import { param } from '../../src/graph/Expr.js'
import * as Init from '../../src/nn/Init.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { standard } from '../../src/nn/standard.js'
import { Arbitrary } from '../../src/testing/index.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { again, codec, complaints, configOf, gate, pathsOf } from './support.js'

const test = suite('Net as JSON')

test('decode . encode = id, as JSON text, for any net that is accepted', () => {
  fc.assert(
    fc.property(Arbitrary.nets({ maxLayers: 12 }), net => {
      expectRight(Net.check(net))
      const decoded = again(net)
      assert.ok(Net.equals(decoded, net))
      assert.is(Net.hash(decoded), Net.hash(net))
      assert.equal(decoded.inputs, net.inputs)
      assert.equal(decoded.shape, net.shape)
      assert.equal(pathsOf(decoded), pathsOf(net))
    }),
  )
})

test('nets with several inputs survive JSON, also an input alone and one that is not used', () => {
  const { b, a } = Net.inputs({ b: [2], a: [3] })
  for (const net of [a, b, pipe(a, Layer.dense(1)), Layer.concat(pipe(b, Layer.dense(2)), a)]) {
    const decoded = again(net)
    assert.ok(Net.equals(decoded, net))
    assert.equal(decoded.inputs, { a: [3], b: [2] })
    assert.equal(decoded.shape, net.shape)
  }
})

test('equal nets are equal whatever they share, and other nets are not', () => {
  const build = () => pipe(Net.input(4), Layer.dense(3), Layer.elu(), Layer.dense(1))
  assert.ok(Net.equals(build(), build()))
  assert.is(Net.hash(build()), Net.hash(build()))
  const x = Net.input(4)
  const e = Layer.elu()(x)
  assert.ok(Net.equals(Layer.add(e, e), Layer.add(Layer.elu()(x), Layer.elu()(x))))
  const others = [
    pipe(Net.input(4), Layer.dense(3), Layer.elu(), Layer.dense(2)),
    pipe(Net.input(5), Layer.dense(3), Layer.elu(), Layer.dense(1)),
    pipe(Net.input(4), Layer.dense(3, { name: 'h' }), Layer.elu(), Layer.dense(1)),
    Net.scope('s', (y: Net.Net<readonly [4], readonly [4]>) => pipe(y, Layer.dense(3), Layer.elu(), Layer.dense(1)))(x),
    Net.freeze(build()),
  ]
  for (const other of others) assert.not(Net.equals(build(), other))
})

test('composition is associative and has an identity', () => {
  const [f, g, h] = [Layer.dense(3), Layer.elu(), Layer.dense(2)] as const
  const x = Net.input(4)
  const left = pipe(x, flow(flow(f, g), h))
  assert.is(Net.hash(left), Net.hash(pipe(x, flow(f, flow(g, h)))))
  assert.ok(pipe(x, Layer.identity()) === x)
  assert.is(Net.hash(left), Net.hash(pipe(x, Layer.identity(), f, g, Layer.identity(), h)))
})

test('a hash does not change from version to version', () => {
  const net = pipe(Net.input(64), Layer.dense(10, { name: 'out' }))
  assert.is(Net.hash(net), 'd3bf935b0a57cd36c8f53ec513c2118fe562405623a5d7e3ff07d289fb0aa526')
})

test("decodes a user's layers and initializers with their definitions", () => {
  const sevens = Init.define({
    kind: 'acme/sevens',
    config: t.type({ n: t.number }),
    make: (_c, shape) => param('seven', { dtype: 'f32', shape }),
  })
  const net = pipe(Net.input(2), gate({ start: 1 }), Layer.dense(2, { init: sevens({ n: 7 }) }))
  const json = JSON.parse(JSON.stringify(Net.toJSON(net)))
  const decoded = expectRight(Net.codec([...standard, gate.def, sevens.def]).decode(json))
  assert.ok(Net.equals(decoded, net))
  assert.match(complaints(json)[0] ?? '', /no definition of the layer "acme\/gate"/)
  assert.match(complaints(json, [...standard, gate.def])[0] ?? '', /"acme\/sevens" has no definition/)
})

test('refuses what is no net, saying where, and stops after 20 errors', () => {
  const dense = { layer: 'gradus/dense', config: configOf(Layer.dense(2)), inputs: [0] }
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [null, /must be a list/],
    [[], /must be a list/],
    [[7], /must be an entry/],
    [[{}], /must be { "input"/],
    [[{ input: ['4'] }], /"input" must be a shape/],
    [[{ input: [4] }, { ...dense, inputs: [1] }], /positions of entries before this one, but one is 1/],
    [[{ input: [4] }, { ...dense, inputs: [0, 0] }], /a list of 1 positions/],
    [[{ input: [4] }, { ...dense, config: { units: 'x' } }], /units|must be/],
    [[{ input: [4] }, { ...dense, name: 3 }], /"name" must be text/],
    [[{ input: [4] }, { ...dense, scope: 'x' }], /"scope" must be/],
    [[{ input: [4] }, { ...dense, frozen: 1 }], /"frozen" must be/],
    [[{ input: [4] }, { ...dense, layer: '__proto__' }], /no definition of the layer "__proto__"/],
    [[{ input: [4] }, { input: [4] }, dense], /need a name each/],
    [
      [
        { input: [4], name: 'a' },
        { input: [4], name: 'a' },
      ],
      /same name/,
    ],
    [[{ input: [4] }, dense, { ...dense, inputs: [0] }], /entry 1 is used by no other/],
    [[{ input: [4, 4] }, dense], /dense1: dense: expects a vector, but the input is \[4, 4\]/],
    [[{ input: [-1] }], /is not a shape/],
  ]
  for (const [json, message] of wrong) assert.match(complaints(json)[0] ?? '', message)
  const mine = {
    get input() {
      throw new Error('looked at the 21st')
    },
  }
  assert.is(complaints([...new Array(20).fill(7), mine]).length, 20)
  const forged = {
    ...dense,
    config: { units: 2, bias: true, init: { of: 'init', kind: 'acme/x', config: 1, def: {} } },
  }
  expectLeft(codec.decode([{ input: [4] }, forged]))
})

test('gives decoded nets their types back', () => {
  const net = again(pipe(Net.input(4), Layer.dense(3)))
  const typed: Net.Net<readonly [4], readonly [3]> = expectRight(Net.as({ inputs: [4], shape: [3] })(net))
  assert.equal(typed.shape, [3])
  assert.is(expectLeft(Net.as({ inputs: [5], shape: [3] })(net)).message, 'the net takes [4], but wanted is [5]')
  assert.is(expectLeft(Net.as({ inputs: [4], shape: [2] })(net)).message, 'the net gives [3], but wanted is [2]')
  expectLeft(Net.as({ inputs: { a: [4] }, shape: [3] })(net))
})

test.run()
