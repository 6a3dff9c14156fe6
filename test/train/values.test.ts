/** The slots of a state as numbers: what is assigned is what is read, and what does not fit is refused. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { State, Trainer } from '../../src/index.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'
import { hashOf, rows, small } from './support.js'

const test = suite('values')
const trainer = expectRight(await Trainer.compile(small())())

test('names every slot, and assigning what was read changes no bit', () => {
  const state = expectRight(trainer.step(trainer.init(), rows(5))).state
  const all = expectRight(State.values(state))
  assert.equal(all['dense1/w']?.shape, [6, 7])
  assert.is(all['step']?.values[0], 1)
  assert.ok(Object.keys(all).some(name => name.startsWith('optimizer/')))
  const { step, ...rest } = all
  const again = expectRight(
    State.assign(Object.fromEntries(Object.entries(rest).map(([k, v]) => [k, v.values])))(state),
  )
  assert.is(hashOf(again), hashOf(state))
  assert.is(again.step, step?.values[0])
})

test('changes the slots given, leaves the others and the state alone', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 7, maxLength: 7 }), bias => {
      const state = trainer.init()
      const before = hashOf(state)
      const changed = expectRight(State.assign({ 'dense1/b': bias })(state))
      const [now, then] = [changed, state].map(s => expectRight(State.values(s)))
      assertBits(now?.['dense1/b']?.values as Float32Array, Float32Array.from(bias))
      assertBits(now?.['dense1/w']?.values as Float32Array, then?.['dense1/w']?.values as Float32Array)
      assert.is(hashOf(state), before)
    }),
  )
})

test('what is read is a copy', () => {
  const state = trainer.init()
  const before = hashOf(state)
  expectRight(State.values(state))['dense1/w']?.values.fill(7)
  assert.is(hashOf(state), before)
})

test('refuses names, sizes and numbers that do not fit', () => {
  const refused = (given: Record<string, number[]>) => expectLeft(State.assign(given)(trainer.init())).message
  assert.match(refused({ 'dense9/w': [1] }), 'no slot "dense9/w"')
  assert.match(refused({ 'dense1/b': [1, 2] }), '2 values do not fill f32[7]')
  assert.match(
    refused({ 'dense1/b': [1, 2, 3, 4, 5, 6, Number.NaN] }),
    'value 6 must be a finite 32-bit float, but it is NaN',
  )
  assert.match(refused({ 'dense1/b': [1, 2, 3, 4, 5, 6, 1e39] }), 'value 6 must be a finite 32-bit float')
  for (const step of [-1, 0.5, 2 ** 53]) assert.match(refused({ step: [step] }), 'must be a whole number >= 0')
  const key = Object.keys(expectRight(State.values(trainer.init()))).find(name => name.startsWith('key/')) as string
  assert.match(refused({ [key]: [0, 0.5] }), 'value 1 must be an integer of 32 bits')
})

test.run()
