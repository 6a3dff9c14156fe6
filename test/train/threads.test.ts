/** Several threads: the same bits, also when workers are killed; settings that make no sense; what is too small to share. */
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Loss from '../../src/nn/Loss.js'
import * as Net from '../../src/nn/Net.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Batches from '../../src/train/feed.js'
import { fit } from '../../src/train/fit.js'
import * as Recipe from '../../src/train/Recipe.js'
import * as State from '../../src/train/State.js'
import * as Trainer from '../../src/train/Trainer.js'
import { takeTile } from '../backend/sharing.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('threads')

const shape = [10, 10, 4] as const
const net = pipe(
  Net.input(...shape),
  Layer.conv2d(16, 3),
  Layer.batchNorm(),
  Layer.relu(),
  Layer.maxPool2d(2),
  Layer.flatten(),
  Layer.dropout(0.3),
  Layer.dense(64),
  Layer.elu(),
  Layer.dense(3),
)
const recipe = Recipe.of({
  net,
  loss: Loss.softmaxCrossEntropy(),
  optimizer: Optimizer.adam({ rate: 0.01 }),
  batch: 32,
  epochs: 2,
  seed: 5,
})
const size = 150
const data = expectRight(
  Data.of({ inputs: shape, label: Label.classes(3) })({
    x: Float32Array.from({ length: size * 400 }, (_, i) => Math.sin(i * i)),
    y: Int32Array.from({ length: size }, (_, i) => (i * 7) % 3),
  }),
)

const hashOf = async (threads: number, between: () => Promise<void> = async () => {}): Promise<string> => {
  const trainer = expectRight(await Trainer.compile(recipe, { threads })())
  let state = trainer.init()
  for (const batch of expectRight(Batches.batches(recipe, 1)(data))) {
    state = expectRight(trainer.step(state, batch)).state
    await between()
  }
  return expectRight(State.hash(state))
}

test('2, 3 and 4 threads: the state of one, stepped by hand', async () => {
  const expected = await hashOf(1)
  for (const threads of [2, 3, 4]) assert.is(await hashOf(threads), expected, `${threads} threads`)
})

test('2 and 3 threads: the state of one, fitted; and the model predicts the same', async () => {
  const one = expectRight(await fit(recipe, { threads: 1 })({ train: data })())
  const expected = expectRight(one.predict(data))
  for (const threads of [2, 3]) {
    const fitted = expectRight(await fit(recipe, { threads })({ train: data })())
    assert.is(fitted.hash, one.hash, `${threads} threads`)
    const model = expectRight(await fitted.compile({ threads })())
    assert.equal(model.threads, { threads, note: null })
    assert.equal(expectRight(model.predict(data)), expected)
  }
})

test('killed workers cost speed only', async () => {
  const expected = await hashOf(1)
  await new Promise(setImmediate) // the workers of other tests have been announced
  const workers: Worker[] = []
  let killed = 0
  const collect = (worker: Worker) => workers.push(worker)
  process.on('worker', collect)
  const hash = await hashOf(3, async () => {
    const worker = workers.pop()
    if (!worker) return
    await worker.terminate()
    killed++
  })
  process.off('worker', collect)
  assert.is(killed, 2)
  assert.is(hash, expected)
})

/** With workers that take a tile, once there is one, and end; the caller waits 50 ms for it, and `lost` says so. */
const robbed = async (work: (lost: () => boolean) => Promise<void>): Promise<void> => {
  const { getBuiltinModule } = process
  let flag = new Int32Array(1)
  class Thief extends Worker {
    constructor(_source: string, options: WorkerOptions) {
      super(
        `const { parentPort } = require('node:worker_threads')
         ${takeTile}
         parentPort.once('message', ({ memory, control }) => {
           new Int32Array(memory.buffer, control)[204 / 4] = 50
           parentPort.postMessage('done')
           takeTile(memory.buffer, control)
         })`,
        options,
      )
    }
    override postMessage(job: { readonly memory: WebAssembly.Memory; readonly control: number }) {
      flag = new Int32Array(job.memory.buffer, job.control + 208, 1)
      super.postMessage(job)
    }
  }
  try {
    ;(process as { getBuiltinModule?: unknown }).getBuiltinModule = (name: string) =>
      name === 'node:worker_threads' ? { Worker: Thief } : getBuiltinModule(name)
    await work(() => flag[0] === 1)
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
}

test('a thread lost in the middle of a step leaves a void state: of a trainer, of a fit', () =>
  robbed(async lost => {
    const trainer = expectRight(await Trainer.compile(recipe, { threads: 2 })())
    const [batch] = expectRight(Batches.batches(recipe, 1)(data))
    assert.ok(batch)
    const untilLost = async (state: State.State, steps: number): Promise<ReturnType<typeof trainer.step>> => {
      const stepped = trainer.step(state, batch)
      assert.is(E.isLeft(stepped), lost())
      await new Promise(setImmediate)
      return steps > 0 && E.isRight(stepped) ? untilLost(stepped.right.state, steps - 1) : stepped
    }
    const { _tag, message } = expectLeft(await untilLost(trainer.init(), 1000))
    assert.is(_tag, 'StateVoid')
    assert.match(message, 'a thread ended in the middle of a step')
    const fresh = trainer.init()
    assert.is(expectLeft(trainer.step(fresh, batch))._tag, 'StateVoid')
    assert.is(expectLeft(trainer.evaluate(fresh, batch))._tag, 'StateVoid')
    const long = { ...recipe, epochs: 1000 }
    assert.is(expectLeft(await fit(long, { threads: 2 })({ train: data })())._tag, 'StateVoid')
  }))

test('a trainer says how many threads it has; too small a net keeps one; a number that makes no sense is refused', async () => {
  const trainer = expectRight(await Trainer.compile(recipe, { threads: 2 })())
  assert.equal(trainer.threads, { threads: 2, note: null })
  const tiny = { ...recipe, net: pipe(Net.input(...shape), Layer.flatten(), Layer.dense(3)), batch: 2 }
  const small = expectRight(await Trainer.compile(tiny, { threads: 2 })())
  assert.equal(small.threads, { threads: 1, note: 'no step is long enough to be shared' })
  for (const threads of [0, 1.5, -1, Number.NaN, 65, '2' as unknown as number, true as unknown as number]) {
    const { message } = expectLeft(await Trainer.compile(recipe, { threads })())
    assert.match(message, `threads must be a whole number from 1 to 64, but it is ${threads}`)
    assert.match(expectLeft(await fit(recipe, { threads })({ train: data })()).message, 'from 1 to 64')
  }
})

test('unasked: threads for a step that is worth it, the state of one; none for a small net or a small model', async () => {
  const { getBuiltinModule } = process
  try {
    ;(process as { getBuiltinModule?: unknown }).getBuiltinModule = (name: string) =>
      name === 'node:os' ? { availableParallelism: () => 3 } : getBuiltinModule(name)
    const wide = { ...recipe, net: pipe(Net.input(...shape), Layer.flatten(), Layer.dense(1000), Layer.dense(3)) }
    const trainer = expectRight(await Trainer.compile(wide)())
    assert.equal(trainer.threads, { threads: 3, note: null })
    const fitted = expectRight(await fit(wide)({ train: data })())
    assert.is(fitted.hash, expectRight(await fit(wide, { threads: 1 })({ train: data })()).hash)
    for (const { threads } of [expectRight(await Trainer.compile({ ...recipe, batch: 1 })()), fitted]) {
      assert.is(threads.threads, 1)
      assert.match(threads.note ?? '', 'too little work to share')
    }
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
})

test.run()
