import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Label from '../../src/data/Label.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('Label')

test('labels are plain data, and their types know the count and the shape', () => {
  const ten: Label.Class<10> = Label.classes(10)
  const pets: Label.Class<2> = Label.classes('cat', 'dog')
  const pair: Label.Values<readonly [2]> = Label.values(2)
  assert.equal(ten, { target: 'class', classes: 10 })
  assert.equal(pets, { target: 'class', classes: 2, names: ['cat', 'dog'] })
  assert.equal(pair, { target: 'values', shape: [2] })
  // @ts-expect-error ten classes are not two
  const wrong: Label.Class<2> = Label.classes(10)
  assert.equal(wrong.classes, 10)
})

test('decode . encode = id', () => {
  for (const label of [Label.classes(3), Label.classes('cat', 'dog'), Label.values(), Label.values(2, 3)]) {
    assert.equal(expectRight(Label.codec.decode(JSON.parse(JSON.stringify(Label.codec.encode(label))))), label)
  }
})

test('impossible labels are refused in words', () => {
  assert.match(expectLeft(Label.check(Label.classes(0))).message, /classes is 0/)
  assert.match(expectLeft(Label.check(Label.classes(2.5))).message, /2\.5/)
  assert.match(expectLeft(Label.check(Label.classes('a', 'a'))).message, /two classes are named "a"/)
  assert.match(expectLeft(Label.check(Label.values(0))).message, /\[0\]/)
  assert.match(expectLeft(Label.check({ ...Label.classes('a', 'b'), classes: 3 })).message, /3 classes have 2 names/)
  for (const bad of [
    null,
    {},
    { target: 'class' },
    { target: 'class', classes: -1 },
    { target: 'values', shape: [0] },
  ]) {
    expectLeft(Label.codec.decode(bad))
  }
})

test('show and is', () => {
  assert.is(Label.show(Label.classes('cat', 'dog')), '2 classes (cat, dog)')
  assert.is(Label.show(Label.values(2)), 'values [2]')
  assert.ok(Label.is(Label.classes(2))(Label.classes('cat', 'dog')))
  assert.not(Label.is(Label.classes('cat', 'dog'))(Label.classes(2)))
  assert.not(Label.is(Label.classes('cat', 'dog'))(Label.classes('dog', 'cat')))
  assert.not(Label.is(Label.values(2))(Label.values(3)))
  assert.not(Label.is(Label.values(2))(Label.classes(2)))
})

test.run()
