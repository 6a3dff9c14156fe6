/** Relaxed SIMD: refused where the host has none; close to the exact numbers; states and files that say so. */
import { setFlagsFromString } from 'node:v8'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { hasRelaxed } from '../../src/backend/kernels.js'
import { machine } from '../../src/backend/machine.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { input } from '../../src/graph/Expr.js'
import { decode } from '../../src/io/safetensors.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Loss from '../../src/nn/Loss.js'
import * as Net from '../../src/nn/Net.js'
import { matmul } from '../../src/op/matmul.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { fit } from '../../src/train/fit.js'
import * as Model from '../../src/train/Model.js'
import * as Recipe from '../../src/train/Recipe.js'
import * as Reuse from '../../src/train/Reuse.js'
import * as State from '../../src/train/State.js'
import { standard } from '../../src/train/standard.js'
import * as Trainer from '../../src/train/Trainer.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'

const test = suite('relaxed')

const recipe = Recipe.of({
  net: pipe(
    Net.input(8, 8, 3),
    Layer.conv2d(16, 3, { padding: 'same' }),
    Layer.relu(),
    Layer.flatten(),
    Layer.dense(40),
    Layer.elu(),
    Layer.dense(3),
  ),
  loss: Loss.softmaxCrossEntropy(),
  optimizer: Optimizer.momentum({ rate: 0.01, momentum: 0.9 }),
  batch: 16,
  epochs: 1,
  seed: 3,
})
const size = 48
const data = expectRight(
  Data.of({ inputs: [8, 8, 3], label: Label.classes(3) })({
    x: Float32Array.from({ length: size * 192 }, (_, i) => Math.sin(i * i)),
    y: Int32Array.from({ length: size }, (_, i) => (i * 5) % 3),
  }),
)
const batch = Data.take(16)(data)

/** A host that has it already has nothing to refuse; then the flag changes nothing. */
const has = hasRelaxed()
test('it is refused just where the host has none', async () => {
  const made = await Trainer.compile(recipe, { relaxed: true })()
  assert.is(made._tag, has ? 'Right' : 'Left')
  if (has) return
  const message = /no relaxed SIMD .*; leave out relaxed/
  assert.match(expectLeft(made).message, message)
  assert.match(expectLeft(await fit(recipe, { relaxed: true })({ train: data })()).message, message)
  const trainer = expectRight(await Trainer.compile(recipe)())
  const model = expectRight(trainer.model(trainer.init()))
  assert.match(expectLeft(await model.compile({ relaxed: true })()).message, message)
  setFlagsFromString('--experimental-wasm-relaxed-simd')
  assert.ok(hasRelaxed(), 'the flag of this engine')
})

test('products are those of exact arithmetic to within rounding, with one thread and two', async () => {
  const [m, k, n] = [30, 70, 50]
  const x = input('x', tensorType('f32', [m, k]))
  const y = input('y', tensorType('f32', [k, n]))
  const given = {
    x: Float32Array.from({ length: m * k }, (_, i) => Math.sin(i)),
    y: Float32Array.from({ length: k * n }, (_, i) => Math.cos(i * i)),
  }
  const expected = Float64Array.from({ length: m * n }, (_, i) => {
    let sum = 0
    for (let j = 0; j < k; j++) sum += (given.x[((i / n) | 0) * k + j] ?? 0) * (given.y[j * n + (i % n)] ?? 0)
    return sum
  })
  const product = async (relaxed: boolean, threads: number): Promise<Float32Array> => {
    const programs = { p: { results: { z: matmul(x, y) }, updates: {} } }
    const made = expectRight(machine({ rows: 1, state: [], programs, relaxed, threads, leastTile: 1 }))
    await made.up
    let z = made.run('p', 1, given)['z'] // local mutation: until other threads have had a part in it
    for (let i = 0; threads > 1 && made.helped() === 0 && i < 20_000; i++) z = made.run('p', 1, given)['z']
    assert.is(made.helped() > 0, threads > 1)
    return z as Float32Array
  }
  const relaxed = await product(true, 1)
  assertClose(relaxed, expected, { abs: 1e-5 })
  assert.equal(await product(true, 2), relaxed)
  assertClose(await product(false, 1), expected, { abs: 1e-5 })
})

test('a state says that a step to it was relaxed, also from its file and in a trainer that is not', async () => {
  const trainer = expectRight(await Trainer.compile(recipe, { relaxed: true })())
  const exact = expectRight(await Trainer.compile(recipe)())
  assert.is(trainer.init().relaxed, false)
  assert.is(expectRight(State.hash(trainer.init())), expectRight(State.hash(exact.init())))
  const { state, metrics } = expectRight(trainer.step(trainer.init(), batch))
  const other = expectRight(exact.step(exact.init(), batch))
  assertClose([metrics['loss'] as number], [other.metrics['loss'] as number], { abs: 1e-5 })
  assert.is(other.state.relaxed, false)
  assert.match(expectRight(State.hash(other.state)), /^[0-9a-f]{64}$/)

  assert.is(state.relaxed, true)
  assert.match(expectRight(State.hash(state)), /^relaxed:[0-9a-f]{64}$/)
  assert.is(expectRight(State.fork(state)).relaxed, true)
  const bytes = expectRight(trainer.save(state))
  assert.is(expectRight(decode(bytes)).metadata['relaxed'], 'true')
  assert.is(expectRight(decode(expectRight(exact.save(other.state)))).metadata['relaxed'], undefined)
  const restored = expectRight(exact.restore(bytes))
  assert.is(expectRight(State.hash(restored)), expectRight(State.hash(state)))
  assert.is(expectRight(exact.step(restored, batch)).state.relaxed, true)
})

test('the phases give the bits of a relaxed step; a relaxed fit says so in its hash and its checkpoint', async () => {
  const trainer = expectRight(await Trainer.compile(recipe, { relaxed: true })())
  const whole = expectRight(trainer.step(trainer.init(), batch)).state
  const start = trainer.init()
  const phased = expectRight(trainer.apply(start, expectRight(trainer.gradients(start, batch)))).state
  assert.is(expectRight(State.hash(phased)), expectRight(State.hash(whole)))
  const fitted = expectRight(await fit(recipe, { relaxed: true })({ train: data })())
  assert.match(fitted.hash, /^relaxed:/)
  const resumed = expectRight(await fit({ ...recipe, epochs: 2 }, { from: fitted.checkpoint })({ train: data })())
  assert.match(resumed.hash, /^relaxed:/)
  const model = expectRight(await fitted.compile({ relaxed: true })())
  assertClose(expectRight(model.predict(batch)), expectRight(fitted.predict(batch)), { abs: 1e-4 })
})

test('what was fitted relaxed is evaluated so: the validation of its last epoch, to the bit', async () => {
  const fitted = expectRight(
    await fit({ ...recipe, epochs: 4 }, { relaxed: true })({ train: data, validation: data })(),
  )
  assert.equal(expectRight(fitted.evaluate(data)), fitted.history[3]?.validation)
})

test('a model says that steps to its variables were relaxed, also from its file, and so does what is made of it', async () => {
  const fitted = expectRight(await fit(recipe, { relaxed: true })({ train: data })())
  const loaded = expectRight(Model.load(standard)(fitted.save()))
  const part = expectRight(Reuse.part(expectRight(Net.upTo('dense1')(recipe.net)))(loaded))
  const again = expectRight(await loaded.compile({ rows: 1 })())
  for (const model of [fitted, loaded, part, again]) assert.is(model.relaxed, true)
  assert.is(expectRight(decode(again.save())).metadata['relaxed'], 'true')
  const exact = expectRight(await Trainer.compile(recipe)())
  const start = expectRight(Reuse.weights(loaded)(exact.init()))
  assert.match(expectRight(State.hash(start)), /^relaxed:/)

  const plain = expectRight(exact.model(exact.init()))
  assert.is(expectRight(await plain.compile({ relaxed: true })()).relaxed, false)
  assert.is(expectRight(decode(plain.save())).metadata['relaxed'], undefined)
  assert.is(expectRight(Model.load(standard)(plain.save())).relaxed, false)
  assert.is(expectRight(Reuse.weights(plain)(exact.init())).relaxed, false)
})

test.run()
