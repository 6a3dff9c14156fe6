/** Runs: their events, signals, and what they are called with. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import {
  Data,
  type FitEvent,
  Label,
  Layer,
  Loss,
  Net,
  Optimizer,
  orThrow,
  Recipe,
  State,
  Stop,
  Trainer,
} from '../../src/index.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { classes, numbers, rows, small } from './support.js'

const test = suite('fit')
const split = { train: rows(19), validation: rows(11) }
type Event = FitEvent | { readonly _tag: 'Fitted' | 'Failed' }

/** A run that takes seconds: wide layers, many epochs. */
const wide = pipe(Net.input(6), Layer.dense(400), Layer.relu(), Layer.dense(400), Layer.relu(), Layer.dense(3))
const long = small({ net: wide, epochs: 100_000, batch: 50 })
const much = { train: rows(100_000) } // one epoch takes seconds

test('reports its epochs in order, counted from 1, with means, rate and steps', async () => {
  const events: FitEvent[] = []
  const fitted = expectRight(await Trainer.fit(small(), { on: e => events.push(e) })(split)())
  const [started] = events
  assert.equal(started, { _tag: 'Started', epochs: 3, batches: 4, rows: 19, parameters: 6 * 7 + 7 + 14 + 21 + 3 })
  const epochs = events.flatMap(e => (e._tag === 'Epoch' ? [e] : []))
  assert.equal(
    epochs.map(e => [e.epoch, e.step, e.best]),
    [
      [1, 4, false],
      [2, 8, false],
      [3, 12, false],
    ],
  )
  assert.equal(
    fitted.history.map(({ epoch }) => epoch),
    [1, 2, 3],
  )
  for (const e of epochs) {
    assert.equal(Object.keys(e.train).sort(), ['accuracy', 'loss'])
    assert.equal(Object.keys(e.validation ?? {}).sort(), ['accuracy', 'loss'])
    assertClose([e.rate ?? 0], [0.1 * 0.5 ** ((e.step - 1) / 50)], { rel: 1e-6 })
    assert.ok(e.samplesPerSecond > 0)
  }
  const order = events.filter(e => e._tag !== 'Started').map(e => ('epoch' in e ? e.epoch : 0))
  assert.equal(
    order,
    [...order].sort((a, b) => a - b),
  )
  for (const e of events.flatMap(x => (x._tag === 'Progress' ? [x] : []))) {
    assert.ok(e.batch >= 1 && e.batch < e.batches && e.batches === 4)
    assert.ok(Number.isFinite(e.train['loss']))
  }
})

test('the means of an epoch are those of its steps, weighted by their rows', async () => {
  const recipe = small({ epochs: 1 })
  const fitted = expectRight(await Trainer.fit(recipe)({ train: rows(19) })())
  const { Batches } = await import('../../src/index.js')
  const trainer = expectRight(await Trainer.compile(recipe)())
  const order = Batches.order(recipe.seed, 0, 19)
  let [state, at, sum] = [trainer.init(), 0, 0]
  for (const size of [5, 5, 5, 4]) {
    const next = expectRight(trainer.step(state, expectRight(Data.gather(order.subarray(at, at + size))(rows(19)))))
    ;[state, at, sum] = [next.state, at + size, sum + size * (next.metrics['loss'] as number)]
  }
  assertClose([fitted.history[0]?.train['loss'] as number], [sum / 19], { rel: 1e-6 })
})

test('the validation in an epoch is what evaluate says of the state', async () => {
  const fitted = expectRight(await Trainer.fit(small())(split)())
  const trainer = expectRight(await Trainer.compile(small())())
  const state = expectRight(trainer.restore(fitted.state))
  assert.equal(expectRight(trainer.evaluate(state, split.validation)), fitted.history[2]?.validation)
})

test('a signal that has gone off stops a run before its first step', async () => {
  const events: FitEvent[] = []
  const watch = { signal: AbortSignal.abort(), on: (e: FitEvent) => events.push(e) }
  assert.is(expectLeft(await Trainer.fit(long, watch)(much)())._tag, 'Aborted')
  assert.ok(events.every(e => e._tag === 'Started'))
})

test('a signal stops a run within an epoch', async () => {
  const control = new AbortController()
  const after: FitEvent[] = []
  const on = (e: FitEvent) => void (control.signal.aborted && after.push(e))
  const run = Trainer.fit(long, { signal: control.signal, on })(much)()
  await new Promise(resolve => setTimeout(resolve, 200))
  control.abort()
  const left = expectLeft(await run)
  assert.is(left._tag, 'Aborted')
  assert.match(left.message, /signal/)
  assert.equal(after, [])
})

test('a signal given by a listener stops at the epoch', async () => {
  const control = new AbortController()
  const epochs: number[] = []
  const on = (e: FitEvent) => {
    if (e._tag !== 'Epoch') return
    epochs.push(e.epoch)
    if (e.epoch === 2) control.abort()
  }
  assert.is(
    expectLeft(await Trainer.fit(small({ epochs: 99 }), { signal: control.signal, on })(split)())._tag,
    'Aborted',
  )
  assert.equal(epochs, [1, 2])
})

const collect = async (events: AsyncIterable<Event>): Promise<readonly Event[]> => {
  const all: Event[] = []
  for await (const e of events) all.push(e)
  return all
}

test('a run lets its host go on now and then, not after each short epoch; in a page by a message', async () => {
  const { setImmediate, MessageChannel } = globalThis
  const host = globalThis as { setImmediate?: unknown; MessageChannel?: unknown }
  let pauses = 0
  try {
    host.setImmediate = (done: () => void) => {
      pauses++
      return setImmediate(done)
    }
    const started = performance.now()
    const { hash } = expectRight(await Trainer.fit(small({ epochs: 300 }))(split)())
    const most = (performance.now() - started) / 20 + 1
    assert.ok(pauses <= most, `${pauses} pauses, at most ${most} wanted`)
    for (const missing of ['setImmediate', 'MessageChannel'] as const) {
      delete host[missing]
      assert.is(expectRight(await Trainer.fit(small({ epochs: 300 }))(split)()).hash, hash)
      const control = new AbortController()
      setTimeout(() => control.abort(), 30)
      assert.is(expectLeft(await Trainer.fit(long, { signal: control.signal })(much)())._tag, 'Aborted')
    }
  } finally {
    Object.assign(globalThis, { setImmediate, MessageChannel })
  }
})

test('nor do short runs, one after the other, keep the host from its timers', async () => {
  let heard = 0
  const timer = setInterval(() => heard++, 1)
  for (let i = 0; i < 20; i++) expectRight(await Trainer.fit(small({ epochs: 1 }))(split)())
  clearInterval(timer)
  assert.ok(heard >= 10, `${heard} ticks within 20 runs`)
})

test('events are those of fit, then the model', async () => {
  const seen: FitEvent[] = []
  const all = await collect(
    Trainer.events(small({ stop: Stop.early({ patience: 1, minDelta: 99 }) }), { on: e => seen.push(e) })(split),
  )
  assert.is(all[0]?._tag, 'Started')
  const last = all[all.length - 1]
  assert.is(last?._tag, 'Fitted')
  assert.is(all[all.length - 2]?._tag, 'Stopped')
  assert.equal(all.slice(0, -1), seen)
  const fitted = expectRight(await Trainer.fit(small({ stop: Stop.early({ patience: 1, minDelta: 99 }) }))(split)())
  assert.is(last?._tag === 'Fitted' && 'model' in last && (last.model as typeof fitted).hash, fitted.hash)
})

test('events end with the error', async () => {
  for (const recipe of [small({ batch: 0 }), small({ batch: 999 })])
    assert.equal(
      (await collect(Trainer.events(recipe)(split))).map(e => e._tag),
      ['Failed'],
    )
})

test('a reader slower than the run gets all events', async () => {
  const all: string[] = []
  for await (const e of Trainer.events(small())(split)) {
    await new Promise(resolve => setTimeout(resolve, 5))
    if (e._tag !== 'Progress') all.push(e._tag)
  }
  assert.equal(all, ['Started', 'Epoch', 'Epoch', 'Epoch', 'Fitted'])
})

test('leaving the loop stops the run', async () => {
  let count = 0
  const on = () => {
    count++
  }
  for await (const e of Trainer.events(long, { on })(much)) if (e._tag === 'Progress') break
  const left = count
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.is(count, left)
})

test("a signal stops events too, and a listener's exception reaches the reader", async () => {
  const signal = AbortSignal.timeout(200)
  const all = await collect(Trainer.events(long, { signal })(much))
  assert.is(all[all.length - 1]?._tag, 'Failed')
  const on = (e: FitEvent) => {
    if (e._tag === 'Epoch') throw new Error('mine')
  }
  const caught = await collect(Trainer.events(small(), { on })(split)).catch((e: unknown) => e)
  assert.match((caught as Error).message, /mine/)
})

test('orThrow throws the message', async () => {
  const data = expectRight(Data.of({ inputs: [6], label: Label.classes(3) })({ x: numbers(12), y: classes(2, 3) }))
  const result = await Trainer.fit(small())({ train: data })()
  assert.throws(() => orThrow(result), /a batch takes 4 rows/)
})

test('what was fitted is judged on data of the same classes only, and gives what a trainer gives', async () => {
  const named = (...names: readonly [string, string, string]) =>
    expectRight(Data.of({ inputs: [6], label: Label.classes(...names) })({ x: numbers(60), y: classes(10, 3) }))
  const fitted = expectRight(await Trainer.fit(small({ epochs: 2 }))({ train: named('a', 'b', 'c') })())
  assert.match(expectLeft(fitted.evaluate(named('b', 'a', 'c'))).message, /a, b, c|b, a, c/)
  const trainer = expectRight(await Trainer.compile(small({ epochs: 2 }))())
  const state = expectRight(trainer.restore(fitted.state))
  assert.equal(expectRight(fitted.evaluate(named('a', 'b', 'c'))), expectRight(trainer.evaluate(state, rows(10))))
})

test("what was fitted by F(4x4) is judged by it: the last epoch's validation, to the bit", async () => {
  const net = pipe(
    Net.input(12, 12, 8),
    Layer.conv2d(16, 3, { padding: 'same' }),
    Layer.conv2d(16, 3, { padding: 'same' }),
    Layer.flatten(),
    Layer.dense(3),
  )
  const optimizer = Optimizer.sgd({ rate: 0.001 })
  const recipe = Recipe.of({ net, loss: Loss.softmaxCrossEntropy(), optimizer, batch: 4, epochs: 1, seed: 7 })
  const images = { inputs: [12, 12, 8], label: Label.classes(3) } as const
  const validation = expectRight(Data.of(images)({ x: numbers(8 * 1152), y: classes(8, 3) }))
  const fitted = expectRight(await Trainer.fit(recipe, { winograd: 'F(4x4)' })({ train: validation, validation })())
  assert.equal(expectRight(fitted.evaluate(validation)), fitted.history[0]?.validation)
  const other = expectRight(await Trainer.compile(recipe)())
  const state = expectRight(other.restore(fitted.state))
  assert.not.equal(expectRight(other.evaluate(state, validation)), fitted.history[0]?.validation)
})

test('what was fitted compiles once to evaluate, and only when it is asked to', async () => {
  const fitted = expectRight(await Trainer.fit(small({ epochs: 2 }))({ train: rows(19) })())
  const { Memory } = WebAssembly
  let machines = 0
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor)
      machines++
    }
  }
  try {
    const seen = [10, 4, 10].map(n => expectRight(fitted.evaluate(rows(n))))
    assert.equal(seen[0], seen[2])
    assert.not.equal(seen[0], seen[1])
    assert.is(machines, 1)
  } finally {
    WebAssembly.Memory = Memory
  }
})

test('batches are those of fit, and their epochs count from 1', async () => {
  const recipe = small({ epochs: 2 })
  const fitted = expectRight(await Trainer.fit(recipe)({ train: rows(19) })())
  const trainer = expectRight(await Trainer.compile(recipe)())
  let state = trainer.init()
  for (const epoch of [1, 2])
    for (const batch of expectRight(Trainer.batches(recipe, epoch)(rows(19))))
      state = expectRight(trainer.step(state, batch)).state
  assert.is(expectRight(State.hash(state)), fitted.hash)
  for (const epoch of [0, -1, 1.5, Number.NaN]) expectLeft(Trainer.batches(recipe, epoch)(rows(19)))
})

test.run()
