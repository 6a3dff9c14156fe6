import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { schedules, steps } from '../../examples/figures/schedules.js'
import { thin } from '../../examples/figures/theme.js'
import { assertClose } from '../support/assert.js'
import { drawn, repeats } from './support.js'

const half = (done: number): number => (1 + Math.cos(Math.PI * Math.min(done, 1))) / 2

/** Restarts at T and 3 T for T = steps / 7, each period from 0.8 of the rate before. */
const restarts = (t: number): number => {
  const period = steps / 7
  const k = t < period ? 0 : t < 3 * period ? 1 : 2
  return 0.1 * 0.8 ** k * half((t - (2 ** k - 1) * period) / (2 ** k * period))
}

const cycle = (t: number): number => {
  const top = 0.3 * steps - 1
  const left = t < top ? half(t / top) : half((t - top) / (steps - 1 - top))
  return t < top ? 0.1 - left * (0.1 - 0.004) : 4e-7 + left * (0.1 - 4e-7)
}

/** The closed form of each, in the order of the figure. */
const closed: readonly ((t: number) => number)[] = [
  () => 0.1,
  t => (t <= 150 ? 0.1 : t <= 300 ? 0.04 : 0.01),
  t => 0.1 * 0.2 ** (t / 200),
  t => 0.1 * 0.45 ** Math.floor(t / 100),
  t => 0.1 / (1 + t / 80),
  t => 0.1 * (1 - t / steps) ** 2,
  t => 0.1 * half(t / steps),
  restarts,
  t => Math.min(t / 60, 1) * 0.1 * half(t / steps),
  cycle,
  t => (t < 80 ? 0.02 + (0.08 * t) / 80 : t < 180 ? 0.1 : 0.1 * 0.3 ** ((t - 180) / 100)),
]

const test = suite('figures/schedules')

test('the rates that a run reports are the closed forms, step by step', async () => {
  const all = await schedules.data()
  assert.is(all.length, closed.length + 1)
  for (const [i, f] of closed.entries()) {
    const { name, rates } = all[i] ?? { name: '', rates: [] }
    assertClose(
      rates,
      Array.from({ length: steps }, (_, t) => f(t)),
      { rel: 1e-6, abs: 1e-9 },
      name,
    )
  }
})

test('the plateau halves its rate, again and again, only after 40 steps without progress', async () => {
  const rates = (await schedules.data()).at(-1)?.rates ?? []
  const falls = rates.flatMap((rate, t) => (t > 0 && rate !== rates[t - 1] ? [t] : []))
  assert.ok(falls.length >= 5)
  for (const t of falls) assert.is(rates[t], (rates[t - 1] ?? Number.NaN) / 2)
  assert.equal(
    falls.slice(1).map((t, i) => t - (falls[i] ?? Number.NaN)),
    falls.slice(1).map(() => 40),
  )
})

test('is drawn, the same each time', async () => {
  const svg = await drawn(schedules, await schedules.data(), { area: 12, line: 12 })
  await repeats(schedules, svg)
})

test('thinning keeps the ends and the corners, and nothing that a line has anyway', () => {
  const corner = Array.from({ length: 101 }, (_, i) => [i, Math.max(i, 50)] as const)
  assert.equal(thin(corner), [
    [0, 50],
    [50, 50],
    [100, 100],
  ])
  assert.equal(thin([[0, 0]]), [[0, 0]])
})

test.run()
