/** States are affine: a step consumes its state, and whatever is used twice is an error that says what to do. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { Data, Label, Layer, Loss, Net, Optimizer, Recipe, State, Trainer } from '../../src/index.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'
import { floats, hashOf, numbers, rows, small, tensorsOf } from './support.js'

const test = suite('State')
const trainer = expectRight(await Trainer.compile(small())())
const batch = rows(5)
const step = (state: State) => expectRight(trainer.step(state, batch)).state

test('a consumed state is refused by everything, with what to do', () => {
  const first = trainer.init()
  const second = step(first)
  for (const use of [
    () => trainer.step(first, batch),
    () => trainer.evaluate(first, batch),
    () => trainer.model(first),
    () => trainer.save(first),
    () => State.fork(first),
    () => State.hash(first),
  ]) {
    const left = expectLeft<{ readonly _tag: string; readonly message: string }>(use())
    assert.is(left._tag, 'StateConsumed')
    assert.match(left.message, /step 0 .*consumed/)
    assert.match(left.message, /State\.fork/)
  }
  assert.is(step(second).step, 2)
})

test('a state of another trainer is refused, of the same recipe too', async () => {
  const twin = expectRight(await Trainer.compile(small())())
  for (const use of [trainer.step, trainer.evaluate]) {
    const left = expectLeft(use(twin.init(), batch))
    assert.is(left._tag, 'StateForeign')
    assert.match(left.message, /another trainer; .*save.*restore/)
  }
  const forged: State = { _tag: 'State', step: 0, relaxed: false }
  const uses = [
    trainer.step(forged, batch),
    trainer.model(forged),
    trainer.save(forged),
    State.fork(forged),
    State.hash(forged),
  ]
  for (const left of uses.map(u => expectLeft<{ readonly _tag: string }>(u))) assert.is(left._tag, 'StateForeign')
})

test('a fork and its origin step alike, and neither consumes the other', () => {
  const origin = step(trainer.init())
  const fork = expectRight(State.fork(origin))
  const [a, b] = [step(origin), step(fork)]
  assert.is(hashOf(a), hashOf(b))
  assert.is(hashOf(step(a)), hashOf(step(b)))
})

test('states that wait while others step keep their values', () => {
  const states = Array.from({ length: 4 }, () => trainer.init())
  const hashes = states.map(hashOf)
  const moved = states.slice(1).map(step)
  assert.is(hashOf(states[0] as State), hashes[0])
  const again = moved.map(step)
  for (const s of again) assert.is(hashOf(s), hashOf(again[0] as State))
  assert.is(hashOf(states[0] as State), hashes[0])
})

test('a state is frozen, counts its steps and shows nothing else', () => {
  const state = step(step(trainer.init()))
  assert.ok(Object.isFrozen(state))
  assert.equal(Object.keys(state), ['_tag', 'step', 'relaxed'])
  assert.is(state.step, 2)
})

test('what was read of a state does not change when it is stepped', () => {
  const state = trainer.init()
  const saved = expectRight(trainer.save(state))
  const model = expectRight(trainer.model(state))
  const [copy, predicted] = [saved.slice(), expectRight(model.predict(numbers(12)))]
  step(step(state))
  assertBits(saved, copy)
  assertBits(expectRight(model.predict(numbers(12))), predicted)
})

test('a hash is that of the values: a parameter, a slot, a statistic, the step', () => {
  const seen = new Set<string>()
  let state = trainer.init()
  for (let i = 0; i < 20; i++) {
    seen.add(hashOf(state))
    state = step(state)
  }
  assert.is(seen.size, 20)
})

// --- constant memory ------------------------------------------------------------------------------------------------
setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

test('100,000 steps of a tiny net take no memory', async () => {
  const net = pipe(Net.input(2), Layer.dense(2), Layer.tanh(), Layer.dense(1))
  const optimizer = Optimizer.adam({ rate: 1e-4 })
  const tiny = expectRight(
    await Trainer.compile(Recipe.of({ net, loss: Loss.mse(), optimizer, batch: 2, epochs: 1, seed: 1 }))(),
  )
  const data = expectRight(
    Data.of({ inputs: [2], label: Label.values(1) })({ x: [0.1, 0.2, 0.3, 0.4], y: [0.5, -0.5] }),
  )
  const bytes = tiny.memoryBytes
  let state = tiny.init()
  const walk = (n: number) => {
    for (let i = 0; i < n; i++) state = expectRight(tiny.step(state, data)).state
    collect()
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    return heapUsed + external + arrayBuffers
  }
  walk(5_000)
  const before = walk(5_000)
  const after = walk(90_000)
  assert.is(state.step, 100_000)
  assert.is(tiny.memoryBytes, bytes)
  assert.ok(after - before < 500_000, `${after - before} bytes more`)
  assert.ok(floats(tensorsOf(tiny, state).get('dense1/w')).every(Number.isFinite))
})

test.run()
