import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dropout } from '../../examples/figures/dropout.js'
import { earlyStopping, patience } from '../../examples/figures/earlyStopping.js'
import { learningRates } from '../../examples/figures/rates.js'
import { drawn, stands } from './support.js'

const test = suite('figures of training')

test('rates: from one start, one hardly moves, one falls, one is in between, and one has no finite loss', async () => {
  const all = await learningRates.data()
  const [low, right, high, diverging] = all.map(r => r.seen.map(s => s.loss))
  const last = (losses: readonly number[] = []): number => losses.at(-1) ?? Number.NaN
  assert.is(new Set(all.map(r => r.seen[0]?.loss)).size, 1)
  const start = low?.[0] ?? Number.NaN
  assert.ok(last(low) < start && last(low) > 0.8 * start)
  assert.ok(last(right) < 0.1 * start)
  assert.ok(last(high) > 3 * last(right) && last(high) < last(low))
  assert.ok(Math.max(...(diverging ?? []).filter(Number.isFinite)) > 1e6 * start)
  assert.equal(
    all.map(r => r.error?._tag),
    [undefined, undefined, undefined, 'NonFinite'],
  )
  stands(learningRates, await drawn(learningRates, all, { line: 4, text: 4 }))
})

test('early stopping: both runs have the same bits, and the lowest validation loss so far is given back', async () => {
  const data = await earlyStopping.data()
  const { through, stopped, best, restored } = data
  assert.equal(stopped, through.slice(0, stopped.length))
  const losses = stopped.map(e => e.validation)
  assert.is(best, losses.indexOf(Math.min(...losses)) + 1)
  assert.is(stopped.length, best + patience)
  assert.is(restored, losses[best - 1])
  const [first, end] = [through[0], through.at(-1)]
  assert.ok((first?.validation ?? 0) > restored + 0.2 && (end?.validation ?? 0) > restored + 0.2, 'the curve is a U')
  assert.ok((end?.training ?? Number.NaN) < 0.5 * restored)
  stands(earlyStopping, await drawn(earlyStopping, data, { line: 2, rect: 1, rule: 2, symbol: 1, text: 4 }))
})

test('dropout: in the end a lower loss and a higher accuracy, whatever the seed', async () => {
  const all = await dropout.data()
  const [without = [], withDropout = []] = all.map(n => n.runs.map(run => run.at(-1)))
  assert.is(without.length, 3)
  for (const w of without)
    for (const d of withDropout) {
      assert.ok((d?.loss ?? Number.NaN) < (w?.loss ?? Number.NaN) - 0.1)
      assert.ok((d?.accuracy ?? Number.NaN) > (w?.accuracy ?? Number.NaN) + 5)
    }
  await drawn(dropout, all, { line: 2 * 2 * 4, text: 2 * 2 })
})

test.run()
