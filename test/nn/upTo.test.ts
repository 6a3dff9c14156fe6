import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { Layer, Net } from '../../src/index.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('Net.upTo')

const front = pipe(Net.input(6), Layer.dense(5), Layer.relu(), Layer.dense(4, { name: 'b' }))
const net = pipe(front, Layer.relu(), Layer.dense(3))

test('the part is the net that was built as far as the layer', () => {
  const part = expectRight(Net.upTo('b')(net))
  assert.ok(Net.equals(part, front))
  assert.equal(part.shape, [4])
  assert.ok(Net.equals(expectRight(Net.upTo('dense2')(net)), net))
})

test('scopes and frozen layers stay', () => {
  const block = Net.scope('block', x => pipe(x as typeof front, Layer.dense(4), Layer.relu()))
  const deep = pipe(front, block, Net.freeze)
  assert.ok(Net.equals(expectRight(Net.upTo('block/relu1')(pipe(deep, Layer.dense(2)))), deep))
})

test('a path that no layer or several layers have is refused', () => {
  assert.is(expectLeft(Net.upTo('c')(net)).message, 'the net has no such layer, only dense1, relu1, b, relu2, dense2')
  const shared = Layer.dense(4, { name: 'b' })
  const twice = pipe(Net.input(4), shared, Layer.relu(), shared)
  assert.match(expectLeft(Net.upTo('b')(twice)).message, /several layers have this path/)
})

test('so is a part in which a layer without a name would get the path of another', () => {
  const x = Net.input(6)
  const [left, right] = [pipe(x, Layer.dense(5)), pipe(x, Layer.dense(4), Layer.relu())]
  const { path, message } = expectLeft(Net.upTo('relu1')(Layer.concat(left, right)))
  assert.is(path, 'dense2')
  assert.match(message, /its path is dense1 without the layers dropped; give it a name/)
})

test('a net that does not fit says what does not', () => {
  const wrong = { ...net, shape: [7] }
  assert.match(expectLeft(Net.upTo('b')(wrong)).message, /the net says \[7\]/)
})

test.run()
