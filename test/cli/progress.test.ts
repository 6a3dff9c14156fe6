import { Writable } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { fullLine, grouped, narrowLine, short, type View } from '../../src/cli/format.js'
import { progress } from '../../src/cli/progress.js'
import type { FitEvent } from '../../src/train/events.js'

const test = suite('src/cli/progress')

const view: View = {
  epoch: 3,
  epochs: 100,
  batch: 5,
  batches: 24,
  train: { loss: 0.1234, accuracy: 0.9567 },
  validation: { loss: 0.2, accuracy: 0.9 },
  rate: 0.0995,
  samplesPerSecond: 61300.4,
}

test('numbers have three or four digits', () => {
  const seen = [0, 0.0123, 0.957, 12.3456, 61300, 1.23e-7, -0.5, Number.NaN, Number.POSITIVE_INFINITY].map(short)
  assert.equal(seen, ['0.0000', '0.0123', '0.957', '12.346', '61300', '1.2e-7', '-0.500', 'NaN', 'Infinity'])
  assert.equal([0, 999, 1000, 61300.4, 1234567].map(grouped), ['0', '999', '1,000', '61,300', '1,234,567'])
})

test('a line says everything', () => {
  assert.is(
    fullLine(view),
    'epoch   3/100  batch 5/24  loss 0.123  accuracy 0.957  ' +
      'validation: loss 0.200  accuracy 0.900  rate 0.0995  61,300 samples/s',
  )
  assert.is(
    fullLine({ ...view, batch: 24, validation: null, rate: null }),
    'epoch   3/100  loss 0.123  accuracy 0.957  61,300 samples/s',
  )
  assert.is(narrowLine(view), 'epoch   3/100  loss 0.123|0.200  accuracy 0.957|0.900  rate 0.0995  61,300/s')
})

/** A stream that keeps what is written to it. */
class Screen extends Writable {
  text = ''
  readonly columns: number
  readonly isTTY: boolean

  constructor(isTTY: boolean, columns = 100) {
    super()
    this.isTTY = isTTY
    this.columns = columns
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

const started: FitEvent = { _tag: 'Started', epochs: 9, batches: 4, rows: 200, parameters: 82 }
const epoch = (n: number): FitEvent => ({
  _tag: 'Epoch',
  epoch: n,
  step: 4 * n,
  train: { loss: 1 / n },
  validation: { loss: 2 / n },
  rate: 0.1,
  skipped: 0,
  best: true,
  checkpoint: () => E.right(new Uint8Array()),
  samplesPerSecond: 1000,
})
const stopped: FitEvent = { _tag: 'Stopped', epoch: 4, reason: 'loss has not improved', restored: 2 }

/** The lines of a run whose events come `step` milliseconds apart. */
const linesOf = (events: readonly FitEvent[], step: number): readonly string[] => {
  const screen = new Screen(false)
  let time = 0 // local mutation: a clock
  const bar = progress({ stream: screen, every: 1000, now: () => time })
  for (const event of events) {
    time += step
    bar.on(event)
  }
  bar.stop()
  return screen.text.split('\n').slice(0, -1)
}

test('without a terminal there is a line a second, and the last', () => {
  const epochs = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(epoch)
  const seen = linesOf([started, ...epochs], 250).map(line => line.slice(0, 9))
  assert.equal(seen, ['epoch 3/9', 'epoch 7/9', 'epoch 9/9'])
  assert.is(linesOf([started, ...epochs], 1000).length, 9)
})

test('without a terminal nothing but text is written', () => {
  const [first = '', last = ''] = linesOf([started, epoch(1), stopped], 1)
  assert.is(first, 'epoch 1/9  loss 1.000  validation: loss 2.000  rate 0.100  1,000 samples/s')
  assert.is(last, 'stopped after epoch 4: loss has not improved; the parameters are those of epoch 2')
})

test('a run that fails leaves what was not yet written', () => {
  assert.equal(linesOf([started], 1), [])
  assert.is(linesOf([started, epoch(1), epoch(2)], 1).length, 1)
})

test('a terminal has one line that is drawn anew, with a bar', () => {
  const screen = new Screen(true)
  const bar = progress({ stream: screen })
  for (const event of [started, epoch(1), epoch(2), epoch(9)]) bar.on(event)
  bar.stop()
  const drawn = screen.text.split('\u001b[1G').slice(1)
  assert.match(drawn[0] ?? '', /^█+░+ {2}epoch 1\/9 {2}loss 1[.]000/)
  assert.match(drawn.at(-1) ?? '', /^█+ {2}epoch 9\/9 {2}loss 0[.]111/)
  assert.is(screen.text.split('\n').length, 2)
  assert.ok(drawn.every(line => [...line.slice(0, line.indexOf('\u001b'))].length <= 100))
})

test('a live line that nobody stops does not keep the process alive', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const before = timers()
  const bar = progress({ stream: new Screen(true) })
  bar.on(started)
  bar.on(epoch(1))
  const after = timers()
  bar.stop()
  assert.is(after, before)
})

test('a narrow terminal drops the bar and the rest of the line', () => {
  const screen = new Screen(true, 30)
  const bar = progress({ stream: screen })
  bar.on(started)
  bar.on(epoch(1))
  bar.stop()
  const [, line = ''] = screen.text.split('\u001b[1G')
  assert.is(line.slice(0, line.indexOf('\u001b')), 'epoch 1/9  loss 1.000|2.000  r')
})

test.run()
