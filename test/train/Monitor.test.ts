/** Monitors: a monoid of machines; checkpoints at exact steps, from all of which a run ends alike; budgets and signals. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { type Aborted, Data, type FitEvent, Monitor, Stop, Trainer } from '../../src/index.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'
import { rows, small } from './support.js'

const test = suite('Monitor')
const split = { train: Data.slice(0, 19)(rows(30)), validation: Data.slice(19)(rows(30)) }

// --- laws -----------------------------------------------------------------------------------------------------------
const progress = (step: number): FitEvent => ({
  _tag: 'Progress',
  epoch: 1,
  batch: step,
  batches: 99,
  step,
  train: { loss: 1 },
  rate: null,
  skipped: 0,
  samplesPerSecond: 1,
  checkpoint: () => E.right(new Uint8Array()),
})

/** A monitor that counts, does something at every `does`-th event, stops at event `stops`, and asks for steps. */
interface Plan {
  readonly name: string
  readonly does: number
  readonly stops: number
  readonly asks: number
}
const make =
  (log: string[]) =>
  ({ name, does, stops, asks }: Plan): Monitor.Monitor =>
    Monitor.fold({
      start: 0,
      step: n => ({
        state: n + 1,
        stop: n + 1 >= stops ? `${name} at ${n + 1}` : null,
        act:
          (n + 1) % does === 0
            ? async () => {
                log.push(`${name} ${n + 1}`)
                return E.right(undefined)
              }
            : null,
      }),
      next: (n, step) => step + asks + n,
    })

/** All that a monitor says and does over some events. */
const traceOf = async (build: (log: string[]) => Monitor.Monitor, events: number) => {
  const log: string[] = []
  let monitor = build(log)
  const said: unknown[] = []
  for (let i = 1; i <= events; i++) {
    said.push(monitor.next(i))
    const next = monitor.see(progress(i))
    said.push(next.stop)
    if (next.act) said.push(await next.act())
    monitor = next.monitor
  }
  return { said, log }
}

const plan = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  does: fc.integer({ min: 1, max: 4 }),
  stops: fc.integer({ min: 1, max: 9 }),
  asks: fc.integer({ min: 1, max: 5 }),
})

test('monitors are a monoid, in what they say and in what they do', async () => {
  const { concat, empty } = Monitor.MonoidMonitor
  await fc.assert(
    fc.asyncProperty(plan, plan, plan, async (a, b, c) => {
      const of = (f: (m: (p: Plan) => Monitor.Monitor) => Monitor.Monitor) => traceOf(log => f(make(log)), 6)
      assert.equal(await of(m => concat(concat(m(a), m(b)), m(c))), await of(m => concat(m(a), concat(m(b), m(c)))))
      assert.equal(await of(m => Monitor.all([m(a), m(b), m(c)])), await of(m => concat(concat(m(a), m(b)), m(c))))
      assert.equal(await of(m => concat(empty, m(a))), await of(m => m(a)))
      assert.equal(await of(m => concat(m(a), empty)), await of(m => m(a)))
    }),
  )
})

test('the first to say stop counts, all see every event, and they act in their order', async () => {
  const two = (a: Plan, b: Plan) => traceOf(log => Monitor.all([make(log)(a), make(log)(b)]), 3)
  const a = { name: 'a', does: 1, stops: 3, asks: 5 }
  const b = { name: 'b', does: 1, stops: 2, asks: 2 }
  const { said, log } = await two(a, b)
  assert.equal(
    said.filter(x => x === null || typeof x === 'string'),
    [null, 'b at 2', 'a at 3'],
  )
  assert.equal(
    said.filter(x => typeof x === 'number'),
    [3, 5, 7],
  )
  assert.equal(log, ['a 1', 'b 1', 'a 2', 'b 2', 'a 3', 'b 3'])
})

test('what follows a deed that failed is not done', async () => {
  const log: string[] = []
  const bad = Monitor.fold({ start: 0, step: n => ({ state: n, act: async () => E.left({ message: 'no' }) }) })
  const { act } = Monitor.all([bad, make(log)({ name: 'b', does: 1, stops: 9, asks: 1 })]).see(progress(1))
  assert.equal(await act?.(), E.left({ message: 'no' }))
  assert.equal(log, [])
})

// --- checkpoints ----------------------------------------------------------------------------------------------------
const fit = Trainer.fit
type Made = ReturnType<typeof small>
const run = async (
  recipe: Made,
  data: typeof split | { train: typeof split.train },
  watch: Parameters<typeof fit>[1],
) => expectRight(await fit(recipe, watch)(data)())

/** The history but for what the clock says. */
const sober = (history: readonly object[]) => history.map(e => ({ ...e, samplesPerSecond: 0 }))

test('checkpoints come after exactly the steps that are due, and each leads to the end of the run itself', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom<Made['batching']>('arraySplit', 'dropLast', 'keepRemainder'),
      fc.constantFrom(2, 4, 7),
      fc.boolean(),
      fc.boolean(),
      async (n, epochs, batching, batch, validated, stops) => {
        const stop = stops ? [Stop.early({ patience: 1, minDelta: 0.02 })] : []
        const recipe = small({ epochs, batching, batch, stop })
        const data = validated ? split : { train: split.train }
        const kept = Monitor.inMemory(1000)
        const whole = await run(recipe, data, {
          monitors: [Monitor.checkpoints({ every: { steps: n } }, kept.sink)],
        })
        const taken = whole.history[whole.history.length - 1]?.step ?? 0
        assert.equal(
          kept.kept().map(c => c.step),
          Array.from({ length: Math.floor(taken / n) }, (_, i) => (i + 1) * n),
        )
        const plain = await run(recipe, data, {})
        assert.is(whole.hash, plain.hash)
        assert.equal(sober(whole.history), sober(plain.history))
        for (const { step, epoch, bytes } of kept.kept()) {
          const resumed = await run(recipe, data, { from: bytes })
          assert.is(resumed.hash, whole.hash, `from step ${step}`)
          assertBits(resumed.state, whole.state)
          assertBits(resumed.checkpoint, whole.checkpoint)
          const later = whole.history.filter(e => e.step > step)
          assert.equal(sober(resumed.history), sober(later), `from step ${step}`)
          assert.is(epoch, Math.ceil(step / (taken / whole.history.length)))
        }
      },
    ),
    { numRuns: 12 },
  )
})

test('checkpoints by epochs, and of the best', async () => {
  const by = async (every: Monitor.Every, stop: Made['stop'] = []) => {
    const { sink, kept } = Monitor.inMemory(99)
    const { history } = await run(small({ epochs: 7, stop }), split, {
      monitors: [Monitor.checkpoints({ every }, sink)],
    })
    return { epochs: kept().map(c => c.epoch), history }
  }
  assert.equal((await by({ epochs: 1 })).epochs, [1, 2, 3, 4, 5, 6, 7])
  assert.equal((await by({ epochs: 3 })).epochs, [3, 6])
  const { epochs, history } = await by('best', [Stop.keepBest({ monitor: 'accuracy' })])
  assert.equal(
    epochs,
    history.flatMap(e => (e.best ? [e.epoch] : [])),
  )
  assert.ok(epochs.length >= 1 && epochs.length < 7)
})

test('memory keeps the last ones', async () => {
  const { sink, kept } = Monitor.inMemory(2)
  await run(small(), split, { monitors: [Monitor.checkpoints({ every: { steps: 3 } }, sink)] })
  assert.equal(
    kept().map(c => c.step),
    [9, 12],
  )
})

test('settings that are not possible stop the run before its first step', async () => {
  const { sink } = Monitor.inMemory(1)
  const monitors: readonly (readonly [Monitor.Monitor, RegExp])[] = [
    [Monitor.checkpoints({ every: { steps: 0 } }, sink), /checkpoints: every .* but it is 0$/],
    [Monitor.checkpoints({ every: { epochs: 1.5 } }, sink), /1\.5$/],
    [Monitor.checkpoints({ every: { steps: Number.NaN } }, sink), /NaN$/],
    [Monitor.timeBudget(-1), /timeBudget: .* -1$/],
    [Monitor.timeBudget(Number.NaN), /NaN$/],
  ]
  for (const [monitor, words] of monitors) {
    const left = expectLeft(await fit(small(), { monitors: [monitor] })(split)())
    assert.is(left._tag === 'Aborted' && left.step, 0)
    assert.match(left.message, words)
  }
  const none = Monitor.checkpoints({ every: { steps: 2 } }, Monitor.inMemory(0).sink)
  assert.match(expectLeft(await fit(small(), { monitors: [none] })(split)()).message, /keep .* 0$/)
})

test('a sink that fails stops the run, which can go on from there', async () => {
  const whole = await run(small(), split, {})
  const sink: Monitor.Sink = c => async () =>
    c.step === 6 ? E.left({ message: 'the disk is full' }) : E.right(undefined)
  const monitors = [Monitor.checkpoints({ every: { steps: 2 } }, sink)]
  const left = expectLeft(await fit(small(), { monitors })(split)()) as Aborted
  assert.is(left.message, 'the run was stopped after step 6: the disk is full')
  assert.is(left._tag, 'Aborted')
  assert.is((await run(small(), split, { from: left.checkpoint })).hash, whole.hash)
})

// --- budgets, signals, one's own --------------------------------------------------------------------------------------
test('a time budget stops the run with a model, from whose checkpoint it goes on to the same bits', async () => {
  const recipe = small({ epochs: 6, stop: Stop.keepBest() })
  const whole = await run(recipe, split, {})
  for (const budget of [0, 1, 5, 9, 14, 20, 1000]) {
    let time = 0 // a clock that ticks at every look
    const events: FitEvent[] = []
    const monitors = [
      Monitor.timeBudget(budget, () => time++),
      Monitor.fold({ start: 0, step: s => ({ state: s }), next: (_, s) => s + 1 }),
    ]
    const some = await run(recipe, split, { monitors, on: e => events.push(e) })
    const looks = events.filter(e => e._tag !== 'Stopped').length
    const stopped = events.filter(e => e._tag === 'Stopped')
    if (budget === 1000) assert.is(some.hash, whole.hash)
    else {
      assert.is(looks, budget + 1, 'it sees every step')
      assert.is(stopped.length, 1)
      assert.match((stopped[0] as { reason: string }).reason, `${budget} ms`)
    }
    const resumed = await run(recipe, split, { from: some.checkpoint })
    assert.is(resumed.hash, whole.hash)
    assert.equal(sober([...some.history, ...resumed.history]), sober(whole.history))
  }
})

test('the clock of a budget is the host’s unless told', async () => {
  const started = performance.now()
  await run(small({ epochs: 1_000_000 }), split, { monitors: [Monitor.timeBudget(300)] })
  const took = performance.now() - started
  assert.ok(took >= 300 && took < 30_000, `${took}`)
})

test('an aborted run gives a checkpoint to go on from', async () => {
  const recipe = small({ epochs: 5, stop: Stop.early({ patience: 2 }) })
  const whole = await run(recipe, split, {})
  for (const at of [0, 1, 6, 8, 11]) {
    const control = new AbortController()
    if (at === 0) control.abort()
    const every = Monitor.fold({
      start: null,
      step: (state, e) => {
        if ('step' in e && e.step === at) control.abort()
        return { state }
      },
      next: (_, step) => step + 1,
    })
    const left = expectLeft(await fit(recipe, { signal: control.signal, monitors: [every] })(split)()) as Aborted
    assert.is(left._tag, 'Aborted')
    assert.is(left.step, at)
    const resumed = await run(recipe, split, { from: left.checkpoint })
    assert.is(resumed.hash, whole.hash, `after step ${at}`)
    assertBits(resumed.checkpoint, whole.checkpoint)
  }
})

test('a run that its rules stopped is over, also when it goes on from its end', async () => {
  const recipe = small({ epochs: 9, stop: Stop.early({ patience: 1, minDelta: 99 }) })
  const whole = await run(recipe, split, {})
  assert.is(whole.history.length, 2)
  const events: FitEvent[] = []
  const again = await run(recipe, split, { from: whole.checkpoint, on: e => events.push(e) })
  assert.is(again.hash, whole.hash)
  assert.equal(
    events.map(e => e._tag),
    ['Started', 'Stopped'],
  )
  const patient = small({ epochs: 9, stop: Stop.early({ patience: 3, minDelta: 99 }) })
  assert.is((await run(patient, split, { from: whole.checkpoint })).history.length, 2)
})

test('a checkpoint within an epoch is of what that run reported', async () => {
  const { sink, kept } = Monitor.inMemory(9)
  const monitors = [Monitor.checkpoints({ every: { steps: 1 } }, sink)]
  await run(small({ epochs: 1, metrics: [] }), split, { monitors })
  const [within, ...more] = kept()
  const end = more[more.length - 1]
  assert.ok(within && end)
  const left = expectLeft(await fit(small(), { from: within.bytes })(split)())
  assert.match(left.message, /within an epoch, .* no "sum\/accuracy"/)
  await run(small(), split, { from: end.bytes })
})

test.run()
