import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { flow, pipe } from '#fp/function.js'
import * as Init from '../../src/nn/Init.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { expectRight } from '../support/assert.js'
import { again, complaints, configOf, errorOf, gate, onto, pathsOf } from './support.js'

const test = suite('Net')

// --- names ------------------------------------------------------------------------------------------------------------
test('names by scope and name, or kind and ordinal', () => {
  const net = pipe(
    Net.input(4),
    Layer.dense(4),
    Layer.elu(),
    Net.scope('block', flow(Layer.dense(4), Net.scope('inner', Layer.dense(4, { name: 'w' })), Layer.dense(4))),
    Layer.dense(3),
    Layer.elu(),
  )
  assert.equal(pathsOf(net), [
    'input',
    'dense1',
    'elu1',
    'block/dense1',
    'block/inner/w',
    'block/dense2',
    'dense2',
    'elu2',
  ])
})

test('a named layer, or one of another kind, renames nothing', () => {
  const dense = () => Layer.dense(4)
  const plain = pathsOf(pipe(Net.input(4), dense(), dense()))
  const more = pathsOf(
    pipe(Net.input(4), Layer.elu(), dense(), Layer.dense(4, { name: 'mine' }), Layer.tanh(), dense()),
  )
  assert.equal(
    more.filter(p => p.startsWith('dense')),
    plain.filter(p => p.startsWith('dense')),
  )
})

test('a scope holds what the block adds, not what it captures', () => {
  const { a, b } = Net.inputs({ a: [4], b: [4] })
  const side = pipe(b, Layer.dense(4))
  const net = pipe(
    a,
    Net.scope('s', x => pipe(Layer.add(side, x), Layer.dense(2))),
    Layer.dense(1),
  )
  assert.equal(pathsOf(net), ['a', 'b', 'dense1', 's/add1', 's/dense1', 'dense2'])
})

test("a user's kind keeps its qualifier", () => {
  assert.equal(pathsOf(pipe(Net.input(2), gate({ start: 1 }))), ['input', 'acme.gate1'])
})

// --- sharing ----------------------------------------------------------------------------------------------------------
test('one name applied twice shares parameters', () => {
  const { a, b } = Net.inputs({ a: [4], b: [4] })
  const tower = Layer.dense(3, { name: 'tower' })
  const net = Layer.concat(pipe(a, tower), pipe(b, tower))
  assert.equal(E.isRight(Net.check(net)), true)
  assert.match(Net.summary(net), /^total 15 parameters$/m)
})

test('refuses one name for layers that differ', () => {
  const { a, b } = Net.inputs({ a: [4], b: [5] })
  const shared = Layer.dense(3, { name: 'h' })
  assert.is(
    errorOf(Layer.concat(pipe(a, shared), pipe(b, shared))),
    'h: dense: layers of one name share their parameters, but w [4, 3], b [3] is not w [5, 3], b [3]; give each its own name',
  )
  assert.is(
    errorOf(pipe(Net.input(4), Layer.dense(4, { name: 'h' }), Layer.tanh({ name: 'h' }))),
    'h: tanh: a dense and a tanh have this name; give each its own',
  )
  assert.is(
    errorOf(pipe(Net.input(4), Layer.dense(4, { name: 'h' }), Layer.dense(4, { name: 'h', bias: false }))),
    'h: dense: layers of one name share their parameters, but bias is true in one and false in the other; give each its own name',
  )
  assert.match(errorOf(pipe(Net.input(4), Layer.dense(4), Layer.dense(4, { name: 'dense1' }))), /ordinal/)
})

test('refuses equal branches that were built separately without a name', () => {
  const x = Net.input(4)
  const branch = flow(Layer.dense(3), Layer.tanh())
  assert.is(
    errorOf(Layer.add(branch(x), branch(x))),
    'dense1: dense: two layers are equal but were built separately; name one of them, or build it once and reuse it',
  )
  assert.match(errorOf(Layer.add(pipe(x, Layer.dropout(0.5)), pipe(x, Layer.dropout(0.5)))), /^dropout1: .*separately/)
  const trunk = branch(x)
  assert.match(errorOf(Layer.add(Net.freeze(trunk), trunk)), /^dense2: .*separately/)
})

test('accepts one branch reused, one named, and layers without parameters built twice', () => {
  const x = Net.input(4)
  const once = pipe(x, Layer.dense(3))
  const nets: readonly Net.AnyNet[] = [
    Layer.add(once, once),
    Layer.add(pipe(x, Layer.dense(3)), pipe(x, Layer.dense(3, { name: 'other' }))),
    Layer.add(pipe(once, Layer.tanh()), pipe(once, Layer.tanh())),
    Layer.add(pipe(x, Layer.dropout(0)), pipe(x, Layer.dropout(0))),
  ]
  for (const net of nets) expectRight(Net.check(net))
})

// --- check ------------------------------------------------------------------------------------------------------------
const unknown: number = 5

test('says which shapes do not fit, where, and what to do', () => {
  assert.is(
    errorOf(onto(Net.input(28, 28), Layer.dense, configOf(Layer.dense(2)))),
    'dense1: dense: expects a vector, but the input is [28, 28]; put Layer.flatten() before it',
  )
  assert.is(
    errorOf(
      pipe(
        Net.input(10),
        Layer.residual(x => pipe(x, Layer.dense(unknown))),
      ),
    ),
    'residual1: residual: the block must keep the shape: [5] is not [10]; end the block with the size it starts with',
  )
  assert.is(
    errorOf(Layer.add(pipe(Net.input(10), Layer.dense(4)), pipe(Net.input(10), Layer.dense(unknown)))),
    'add1: add: the shapes must agree: [5] is not [4]; end both branches with the same size',
  )
  assert.match(errorOf(pipe(Net.input(2, unknown), Layer.reshape(3, 3))), /\[2, 5\] has 10, but \[3, 3\] has 9/)
  assert.match(errorOf(pipe(Net.input(3), Layer.standardize([0], [1]))), /1 means and 1 deviations .* give 3 of each/)
  assert.match(errorOf(pipe(Net.input(), Layer.batchNorm())), /reshape it to \[1\]/)
})

test('refuses branches on different inputs', () => {
  const net = Layer.add<readonly number[], readonly [4], readonly [4]>(
    pipe(Net.input(10), Layer.dense(4)),
    pipe(Net.input(11), Layer.dense(4)),
  )
  assert.is(errorOf(net), 'input: the input is [10] and [11]; build all branches on the same input')
})

test('refuses settings, names and sizes that are impossible', () => {
  const x = Net.input(3)
  const wrong: readonly (readonly [Net.AnyNet, RegExp])[] = [
    [pipe(x, Layer.dense(0)), /^dense1: dense: units must be a whole number from 1 to/],
    [pipe(x, Layer.dense(NaN)), /units must be .* NaN/],
    [pipe(x, Layer.dense(2.5)), /units must be .* 2.5/],
    [pipe(x, Layer.dropout(1)), /^dropout1: dropout: rate must be a number in \[0, 1\), but it is 1/],
    [pipe(x, Layer.batchNorm({ epsilon: 0 })), /epsilon must be a number > 0/],
    [pipe(x, Layer.dense(2, { init: Init.normal(-1) })), /init.config.deviation must be a number > 0, but it is -1/],
    [pipe(x, Layer.dense(2, { name: 'a/b' })), /"a\/b" is no name/],
    [pipe(x, Net.scope('', Layer.dense(2))), /"" is no name/],
    [pipe(x, Layer.dense(2, { name: '\ud800' })), /is no name/],
    [Net.input(0), /\[0\] is not a shape/],
    [Net.input(-1), /\[-1\] is not a shape/],
    [Net.input(NaN, 3), /\[NaN, 3\] is not a shape/],
    [Net.input(2 ** 20, 2 ** 20), /is not a shape/],
    [pipe(Net.input(2 ** 20), Layer.dense(2 ** 20)), /its parameter w: \[1048576, 1048576\] is not a shape/],
    [Net.inputs({ 'a/b': [1] })['a/b'], /slash/],
    [pipe(x, Layer.dense(2, { init: { of: 'init', kind: 'acme/x', config: null } })), /"acme\/x" has no definition/],
  ]
  for (const [net, message] of wrong) assert.match(errorOf(net), message)
})

test('settings of other types, which a program in JavaScript may give, are errors of the check as well', () => {
  const [images, rows] = [Net.input(5, 5, 3), Net.input(9, 3)]
  const wrong: readonly (readonly [() => Net.AnyNet, RegExp])[] = [
    [() => Layer.conv2d(4, 'wide' as never)(images), /^conv2d1: conv2d: size must be .* "wide"/],
    [() => Layer.conv2d(4, 3, { padding: null as never })(images), /padding must be "same", .* null/],
    [() => Layer.maxPool2d(2, { stride: 'same' as never })(images), /stride must be .* "same"/],
    [() => Layer.maxPool2d(undefined as never)(images), /size must be .* missing/],
    [() => Layer.averagePool1d([2, 2] as never)(rows), /size must be .* \[2, 2\]/],
    [() => Layer.crop({} as never)(images), /edges must be .* an object/],
    [() => Layer.pad(3 as never)(images), /edges must be .* 3/],
    [() => Layer.dense(4n as never)(Net.input(3)), /units must be .* 4/],
    [() => Layer.dense(4, null as never)(Net.input(3)), /^dense1: dense: null is no options/],
    [() => Layer.elu(null as never)(Net.input(3)), /^elu1: elu: null is no options/],
  ]
  for (const [make, message] of wrong) assert.match(errorOf(make()), message)
})

// --- user's layers ----------------------------------------------------------------------------------------------------

test('the name among the options names the layer and is no setting', () => {
  const net = pipe(Net.input(2), gate({ start: 1, name: 'door' }))
  assert.equal(pathsOf(net), ['input', 'door'])
  assert.equal(Net.toJSON(net)[1], { layer: 'acme/gate', config: { start: 1 }, inputs: [0], name: 'door' })
})

test('refuses two definitions of one kind', () => {
  const other = { def: { ...gate.def } }
  const net = pipe(Net.input(2), gate({ start: 1 }))
  assert.match(errorOf(onto(net, other, { start: 1 })), /two definitions of the kind acme\/gate/)
  assert.equal(complaints([{ input: [1] }], [gate.def, other.def]), [
    'two definitions of the layer acme/gate were given',
  ])
})

// --- size -------------------------------------------------------------------------------------------------------------
test('2,000 layers and 60 residual blocks are not too much', () => {
  const start: Net.Net<readonly [4], readonly [4]> = Net.input(4)
  let deep = start
  for (let i = 0; i < 1000; i++) deep = pipe(deep, Layer.dense(4), Layer.elu())
  let wide = start
  for (let i = 0; i < 60; i++) wide = Layer.residual<readonly [4], readonly [4], readonly [4]>(Layer.dense(4))(wide)
  for (const net of [deep, wide]) {
    const begun = Date.now()
    expectRight(Net.check(Net.freeze(net)))
    assert.ok(Net.equals(again(net), net))
    assert.ok(Net.summary(net).length > 1000 && Net.print(net).length > 1000)
    assert.ok(Date.now() - begun < 5000, 'too slow')
  }
})

// --- text -------------------------------------------------------------------------------------------------------------
test('summary and print', () => {
  const lower = pipe(Net.input(64), Layer.dense(300, { name: 'h1' }), Layer.batchNorm(), Net.freeze)
  const net = pipe(lower, Net.scope('top', flow(Layer.elu(), Layer.dense(10))))
  assert.is(
    Net.summary(net),
    [
      'path        layer               output  parameters',
      'input       input               [64]',
      'h1          dense (frozen)      [300]       19,500',
      'batchNorm1  batchNorm (frozen)  [300]          600',
      'top/elu1    elu                 [300]            0',
      'top/dense1  dense               [10]         3,010',
      'total 23,110 parameters, 3,010 trainable, and 600 numbers of state',
    ].join('\n'),
  )
  assert.is(
    Net.print(pipe(Net.input(2), Net.scope('s', Layer.elu({ name: 'e' })), Net.freeze)),
    '%0 = input [2]\n%1 = gradus/elu {"alpha":1} (%0) as e in s frozen\nreturn %1',
  )
  assert.is(Net.summary(Net.input(0)).slice(0, 25), 'input: [0] is not a shape')
})

test.run()
