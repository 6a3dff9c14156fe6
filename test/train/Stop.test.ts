/** When runs stop, which parameters they give back, and that rules form a monoid. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { Metric, Optimizer, Recipe, Stop, standard, Trainer } from '../../src/index.js'
import { mean } from '../../src/op/reduce.js'
import { monoidLaws } from '../optim/support.js'
import { assertBits, expectRight } from '../support/assert.js'
import { rows, small } from './support.js'

const test = suite('Stop')
type Rule = ReturnType<typeof Stop.early>

/** The epoch at which rules stop on a sequence of values, or null, and the best epochs. */
const watch = (rules: readonly Rule[], values: readonly number[], monitor = 'loss') => {
  let running = Stop.start(rules)
  const best: number[] = []
  for (const [i, value] of values.entries()) {
    const judged = Stop.step(rules, running, { epoch: i + 1, values: { [monitor]: value }, skipped: 0 })
    running = judged.state
    if (judged.best) best.push(i + 1)
    const reason = Stop.stop(rules, running, i + 1)
    if (reason !== null) return { stopped: i + 1, best, reason }
  }
  return { stopped: null, best, reason: null }
}
const stoppedAt = (o: Parameters<typeof Stop.early>[0], values: readonly number[]) =>
  watch([Stop.early(o)], values).stopped

test("'keras' stops when the epochs without progress reach the patience, 'slides' when they exceed it", () => {
  const values = [3, 2, 2.5, 2.4, 2.3, 2.2]
  assert.is(stoppedAt({ patience: 2 }, values), 4)
  assert.is(stoppedAt({ patience: 2, form: 'keras' }, values), 4)
  assert.is(stoppedAt({ patience: 2, form: 'slides' }, values), 5)
  assert.is(stoppedAt({ patience: 1 }, values), 3)
  assert.is(stoppedAt({ patience: 1, form: 'slides' }, values), 4)
  assert.is(stoppedAt({ patience: 4 }, values), 6)
  assert.is(stoppedAt({ patience: 4, form: 'slides' }, values), null)
  assert.match(watch([Stop.early({ patience: 2 })], values).reason ?? '', /loss .* 2 epochs, since epoch 2/)
})

test('progress starts the count anew', () => {
  assert.is(stoppedAt({ patience: 2 }, [3, 4, 2, 3, 1, 2, 3]), 7)
  assert.equal(watch([Stop.early({ patience: 2 })], [3, 4, 2, 3, 1, 2, 3]).best, [1, 3, 5])
})

test('only strictly better is progress, and by more than minDelta', () => {
  assert.is(stoppedAt({ patience: 2 }, [1, 1, 1]), 3)
  assert.equal(watch([Stop.early({ patience: 9 })], [1, 1, 1]).best, [1])
  assert.is(stoppedAt({ patience: 2, minDelta: 0.5 }, [4, 3.5, 3.5, 3]), 3)
  assert.is(stoppedAt({ patience: 2, minDelta: 0.5 }, [4, 3.25, 2.5, 2]), null)
})

test('NaN is no progress, at first neither', () => {
  const nan = Number.NaN
  assert.is(stoppedAt({ patience: 2 }, [nan, nan]), 2)
  assert.is(stoppedAt({ patience: 3 }, [nan, 5, nan, nan, nan]), 5)
  assert.equal(watch([Stop.early({ patience: 9 })], [nan, 5, nan, 4, nan, 6]).best, [2, 4])
  assert.is(stoppedAt({ patience: 1 }, [Infinity, 1]), 1)
  assert.is(stoppedAt({ patience: 2 }, [Infinity, 5, -Infinity, 4]), null)
})

test('the first epochs are not looked at, as with start_from_epoch', async () => {
  const values = [1, 9, 3, 4, 5, 2]
  for (const [startFrom, stopped, best] of [
    [0, 3, [1]],
    [1, 5, [2, 3]],
    [2, 5, [3]],
    [4, null, [5, 6]],
  ] as const) {
    const seen = watch([Stop.early({ patience: 2, startFrom })], values)
    assert.equal([seen.stopped, seen.best], [stopped, best], `from ${startFrom}`)
  }
  assert.match(watch([Stop.early({ patience: 2, startFrom: 1 })], values).reason ?? '', /2 epochs, since epoch 3/)
  assert.equal(Stop.early({ patience: 2, startFrom: 0 }), Stop.early({ patience: 2 }))
  const recipe = small({ epochs: 3, stop: Stop.early({ patience: 1, startFrom: 3 }) })
  const codec = Recipe.codec(standard)
  assert.equal(expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(recipe))))), recipe)
  const plain = expectRight(await Trainer.fit(small({ epochs: 3 }))({ train: rows(19) })())
  assert.is(expectRight(await Trainer.fit(recipe)({ train: rows(19) })()).hash, plain.hash)
  const bad = small({ stop: Stop.early({ patience: 1, startFrom: 0.5 }) })
  assert.ok(E.isLeft(await Trainer.fit(bad)({ train: rows(19) })()))
})

test('states that are not those of the rules are refused', () => {
  const rules = [Stop.early({ patience: 2 }), Stop.skipped()]
  const saved = Stop.start(rules)
  assert.equal(Stop.resume(rules, saved), E.right(saved))
  for (const bad of [null, {}, { length: 2 }, [], saved.slice(1), [...saved, 0], [...saved].reverse(), [0, 0]])
    assert.ok(E.isLeft(Stop.resume(rules, bad)), JSON.stringify(bad))
})

/** A metric of one's own, whose name says nothing. */
const gap = (rising: boolean) =>
  Metric.define({ kind: 'acme/gap', target: 'class', name: 'gap', rising, compute: output => mean(output, [1]) })()

test('whether more is better is what the recipe says of its metric, unless told', () => {
  const metrics = [Metric.accuracy(), Metric.topK(2), gap(false)]
  const at = (o: Parameters<typeof Stop.early>[0], name: string, all: readonly Metric<'class'>[] = metrics) =>
    watch(small({ metrics: all, stop: Stop.early(o) }).stop, [1, 2, 3], name).stopped
  for (const monitor of ['accuracy', 'top2', Metric.accuracy(), Metric.topK(2)]) {
    const name = typeof monitor === 'string' ? monitor : monitor.def.name
    assert.is(at({ patience: 1, monitor }, name), null, name)
    assert.is(at({ patience: 1, monitor, mode: 'min' }, name), 2, name)
  }
  assert.is(at({ patience: 1, monitor: 'gap' }, 'gap'), 2)
  assert.is(at({ patience: 1, monitor: 'gap', mode: 'max' }, 'gap'), null)
  assert.is(at({ patience: 1, monitor: 'gap' }, 'gap', [gap(true)]), null)
  assert.is(at({ patience: 1, monitor: gap(true) }, 'gap'), null)
  assert.is(at({ patience: 1 }, 'loss'), 2)
  assert.is(at({ patience: 1, mode: 'max' }, 'loss'), null)
})

test('a recipe that was put together by hand is watched alike', async () => {
  const metrics = [gap(true)]
  const rule = Stop.early({ patience: 1, monitor: 'gap' })
  assert.is('mode' in (rule.config as object), false)
  const by = async (stop: readonly Stop[]) =>
    expectRight(await Trainer.fit({ ...small({ metrics, epochs: 9 }), stop })({ train: rows(24) })()).history.map(
      e => e.best,
    )
  assert.equal(await by([rule]), await by(Stop.bind([rule], metrics)))
  assert.equal(await by([rule]), await by([Stop.early({ patience: 1, monitor: 'gap', mode: 'max' })]))
  assert.not.equal(await by([rule]), await by([Stop.early({ patience: 1, monitor: 'gap', mode: 'min' })]))
})

test('the JSON and the hash of a recipe do not tell how the way was found', () => {
  const of = (o: Partial<Parameters<typeof Stop.early>[0]>) =>
    Recipe.hash(small({ metrics: [Metric.accuracy(), gap(false)], stop: Stop.early({ patience: 3, ...o }) }))
  assert.is(of({}), of({ mode: 'min' }))
  assert.is(of({ monitor: 'accuracy' }), of({ monitor: 'accuracy', mode: 'max' }))
  assert.is(of({ monitor: gap(false) }), of({ monitor: 'gap', mode: 'min' }))
  const [rule] = small({ stop: Stop.early({ patience: 3, monitor: 'accuracy' }) }).stop
  assert.equal(rule && Stop.codec(standard.stop).encode(rule), {
    of: 'stop',
    kind: 'gradus/early',
    config: { patience: 3, restoreBest: true, monitor: 'accuracy', mode: 'max', minDelta: 0, form: 'keras' },
  })
})

test('keepBest never stops, and knows its best as early stopping does', () => {
  const values = [3, 4, 2, 9, 9, 1, 5, 5, 5, 5]
  const kept = watch([Stop.keepBest()], values)
  assert.is(kept.stopped, null)
  assert.equal(kept.best, watch([Stop.early({ patience: 99 })], values).best)
  assert.equal(watch([Stop.keepBest({ mode: 'max', minDelta: 1 })], values).best, [1, 4])
})

test('skipped steps are borne up to their limit', () => {
  const at = (most: number | undefined, counts: readonly number[]) => {
    const rules = [Stop.skipped(most === undefined ? {} : { most })]
    const stops = counts.map((skipped, i) => {
      const { state } = Stop.step(rules, Stop.start(rules), { epoch: i + 1, values: {}, skipped })
      return Stop.stop(rules, state, i + 1)
    })
    return stops.findIndex(s => s !== null)
  }
  assert.is(at(undefined, [0, 0, 1]), 2)
  assert.is(at(2, [0, 2, 1, 3]), 3)
})

test("a rule of one's own is data like the others", async () => {
  const enough = Stop.define<{ readonly most: number }, number>({
    kind: 'acme/enough',
    config: t.type({ most: t.number }),
    state: t.number,
    start: 0,
    step: (_c, n, { values }) => ({ state: n + (values['loss'] ?? 0), best: false }),
    stop: ({ most }, n) => (n > most ? `${n} is enough` : null),
  })
  const recipe = small({ epochs: 40, stop: enough({ most: 3 }) })
  const fitted = expectRight(await Trainer.fit(recipe)({ train: rows(24) })())
  const sums = fitted.history.map((_, i) => fitted.history.slice(0, i + 1).reduce((n, e) => n + e.train.loss, 0))
  assert.is(fitted.history.length, sums.findIndex(n => n > 3) + 1)
  const codec = Recipe.codec({ ...standard, stop: [...standard.stop, enough.def] })
  assert.equal(expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(recipe))))).stop, recipe.stop)
})

const rule = fc
  .record({
    patience: fc.integer({ min: 1, max: 4 }),
    restoreBest: fc.boolean(),
    form: fc.constantFrom('keras', 'slides'),
    minDelta: fc.constantFrom(0, 0.5),
    monitor: fc.constantFrom('loss', 'accuracy'),
  })
  .chain(o => fc.constantFrom(Stop.early(o), Stop.keepBest(o), Stop.skipped({ most: o.patience })))

test('lists of rules are a monoid, whose meaning is that the first to say so stops', () => {
  monoidLaws(Stop.MonoidStop, fc.array(rule, { maxLength: 3 }))
  const value = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Number.NaN))
  fc.assert(
    fc.property(fc.array(rule), fc.array(rule), fc.array(value), (a, b, values) => {
      const first = (x: number | null, y: number | null) => (x === null ? y : y === null ? x : Math.min(x, y))
      const [both, left, right] = [Stop.MonoidStop.concat(a, b), a, b].map(rules => watch(rules, values))
      assert.is(both?.stopped, first(left?.stopped ?? null, right?.stopped ?? null))
    }),
  )
})

test('decode . encode = id', () => {
  const codec = Stop.codec(standard.stop)
  fc.assert(
    fc.property(rule, r => assert.equal(expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(r))))), r)),
  )
  for (const bad of [
    { patience: 0 },
    { patience: 1.5 },
    { patience: '1' },
    { monitor: 1 },
    { mode: 'up' },
    { form: 'tf' },
  ]) {
    const { of, kind, config } = Stop.early({ patience: 1 })
    assert.ok(E.isLeft(codec.decode({ of, kind, config: { ...(config as object), ...bad } })))
  }
})

// --- in fit ---------------------------------------------------------------------------------------------------------
const split = { train: rows(24), validation: rows(40) }
const noisy = { optimizer: Optimizer.momentum({ rate: 0.4 }), epochs: 40 }

test('the best epoch comes back, bit for bit that of a run of so many epochs', async () => {
  for (const monitor of ['loss', 'accuracy']) {
    const stop = Stop.early({ patience: 4, monitor })
    const stopped = expectRight(await Trainer.fit(small({ ...noisy, stop }))(split)())
    const best = stopped.history.findLast(e => e.best)?.epoch ?? 0
    assert.ok(best > 1 && best < stopped.history.length, `${best} of ${stopped.history.length}`)
    assert.is(stopped.history.length, best + 4)
    const values = stopped.history.map(e => e.validation?.[monitor] as number)
    const extreme = monitor === 'loss' ? Math.min(...values) : Math.max(...values)
    assert.is(values.indexOf(extreme) + 1, best)
    const exact = expectRight(await Trainer.fit(small({ ...noisy, epochs: best }))(split)())
    assert.is(stopped.hash, exact.hash)
    assertBits(stopped.state, exact.state)
    assertBits(stopped.save(), exact.save())
  }
})

test('without restoreBest the last epoch comes back; a run that does not stop gives its best as well', async () => {
  const fit = async (change: object) => expectRight(await Trainer.fit(small({ ...noisy, ...change }))(split)())
  const last = await fit({ stop: Stop.early({ patience: 4, restoreBest: false }) })
  assert.is(last.hash, (await fit({ epochs: last.history.length })).hash)
  assert.ok(last.history.length < 40)
  const long = await fit({ epochs: 8, stop: Stop.early({ patience: 100 }) })
  assert.is(long.history.length, 8)
  const best = long.history.findLast(e => e.best)?.epoch ?? 0
  assert.is(long.hash, (await fit({ epochs: best })).hash)
})

test('without validation data the training loss is watched', async () => {
  const stop = Stop.early({ patience: 1, minDelta: 100 })
  const fitted = expectRight(await Trainer.fit(small({ stop, epochs: 9 }))({ train: rows(24) })())
  assert.is(fitted.history.length, 2)
  assert.is(fitted.history[0]?.validation, null)
})

test('the event names the reason and the epoch that is given back', async () => {
  const events: object[] = []
  const on = (e: { readonly _tag: string }) => void (e._tag === 'Stopped' && events.push(e))
  const stop = Stop.early({ patience: 2, minDelta: 100 })
  expectRight(await Trainer.fit(small({ stop, epochs: 9 }), { on })(split)())
  assert.is(events.length, 1)
  assert.equal(events[0], {
    _tag: 'Stopped',
    epoch: 3,
    reason: 'loss has not improved for 2 epochs, since epoch 1',
    restored: 1,
  })
})

test.run()
