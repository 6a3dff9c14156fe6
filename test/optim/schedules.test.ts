/** The closed forms of the schedules that need no oracle. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { explain } from '../../src/graph/settings.js'
import * as Schedule from '../../src/optim/Schedule.js'
import { assertClose, expectLeft } from '../support/assert.js'
import { atStep } from './support.js'

const test = suite('Schedules')

const at = (schedule: Schedule.Rate, step: number): number => atStep(s => Schedule.rate(schedule, s), step)
const steps = Array.from({ length: 300 }, (_, t) => t)
const along = (schedule: Schedule.Rate) => steps.map(t => at(schedule, t))
const wave = (x: number): number => (1 + Math.cos(Math.PI * x)) / 2

test('polynomial', () => {
  const expected = steps.map(t => 0.01 + (0.5 - 0.01) * (1 - Math.min(t, 200) / 200) ** 2.5)
  assertClose(along(Schedule.polynomial({ initial: 0.5, final: 0.01, steps: 200, power: 2.5 })), expected, {
    rel: 1e-12,
  })
  assert.equal(
    Schedule.polynomial({ initial: 1, steps: 9 }),
    Schedule.polynomial({ initial: 1, steps: 9, final: 0, power: 1 }),
  )
  assert.equal(
    [0, 100, 200, 201].map(t => at(Schedule.polynomial({ initial: 1, steps: 200 }), t)),
    [1, 0.5, 0, 0],
  )
})

test('cosine', () => {
  const expected = steps.map(t => 0.01 + (0.5 - 0.01) * wave(Math.min(t / 200, 1)))
  assertClose(along(Schedule.cosine({ initial: 0.5, final: 0.01, steps: 200 })), expected, { rel: 1e-12 })
  const plain = Schedule.cosine({ initial: 1, steps: 4 })
  assertClose(
    [0, 1, 2, 3, 4, 99].map(t => at(plain, t)),
    [1, 0.8535533905932737, 0.5, 0.14644660940672624, 0, 0],
    {
      rel: 1e-12,
    },
  )
})

/** SGDR by walking through the periods. */
const restarts = (o: Required<Schedule.CosineRestarts>): readonly number[] => {
  let [start, length, high] = [0, o.steps, o.initial]
  return steps.map(t => {
    while (t >= start + length - 1e-7) {
      start += length
      length *= o.growth
      high *= o.decay
    }
    return o.final + (Math.max(high, o.final) - o.final) * wave(Math.max(t - start, 0) / length)
  })
}

test('cosine with restarts: periods that grow, peaks that fall', () => {
  fc.assert(
    fc.property(
      fc.record({
        initial: fc.constantFrom(0.1, 1),
        final: fc.constantFrom(0, 0.01),
        steps: fc.integer({ min: 1, max: 40 }),
        growth: fc.constantFrom(1, 2, 3, 1.5, 1.1),
        decay: fc.constantFrom(1, 0.5),
      }),
      o => assertClose(along(Schedule.cosineRestarts(o)), restarts(o), { rel: 1e-9, abs: 1e-9 }),
    ),
    { numRuns: 40 },
  )
  assert.equal(
    Schedule.cosineRestarts({ initial: 1, steps: 9 }),
    Schedule.cosineRestarts({ initial: 1, steps: 9, final: 0, growth: 1, decay: 1 }),
  )
})

test('every period begins at its peak, also far out', () => {
  for (const growth of [2, 3, 10]) {
    const growing = Schedule.cosineRestarts({ initial: 1, steps: 10, growth })
    for (let k = 0; k < 7; k++) {
      const start = (10 * (growth ** k - 1)) / (growth - 1)
      assertClose([at(growing, start)], [1], { rel: 1e-9 }, `period ${k}`)
      if (k > 0) assert.ok(at(growing, start - 1) < 0.03, `before period ${k}`)
    }
  }
  const even = Schedule.cosineRestarts({ initial: 1, steps: 7 })
  for (const k of [1, 3, 49, 1000, 123_457]) assertClose([at(even, 7 * k)], [1], { rel: 1e-9 })
})

/** torch's OneCycleLR, two phases. */
const oneCycle = (o: Required<Schedule.OneCycle>, t: number): number => {
  const first = o.peak / o.divide
  const [top, last] = [o.rise * o.steps - 1, o.steps - 1]
  const between = (a: number, b: number, x: number) =>
    o.anneal === 'cosine' ? b + ((a - b) / 2) * (1 + Math.cos(Math.PI * x)) : a + (b - a) * x
  return t < top ? between(first, o.peak, t / top) : between(o.peak, first / o.finalDivide, (t - top) / (last - top))
}

test('one cycle', () => {
  for (const anneal of ['cosine', 'linear'] as const)
    for (const rise of [0.3, 0.25]) {
      const o = { peak: 0.1, steps: 200, rise, divide: 10, finalDivide: 100, anneal }
      const expected = steps.map(t => oneCycle(o, Math.min(t, 199)))
      assertClose(along(Schedule.oneCycle(o)), expected, { rel: 1e-9, abs: 1e-12 })
    }
  const plain = Schedule.oneCycle({ peak: 1, steps: 100 })
  assertClose(
    [0, 29, 99, 500].map(t => at(plain, t)),
    [0.04, 1, 4e-6, 4e-6],
    { rel: 1e-9 },
  )
})

test('a short cycle has its peak between two steps, or at the second', () => {
  const o = { peak: 0.1, rise: 0.3, divide: 10, finalDivide: 100, anneal: 'cosine' } as const
  for (const [steps, rise] of [
    [5, 0.3],
    [4, 0.5],
    [2, 0.9],
  ] as const)
    assertClose(
      [0, 1, 2, 3, 4].map(t => at(Schedule.oneCycle({ ...o, steps, rise }), t)),
      [0, 1, 2, 3, 4].map(t => oneCycle({ ...o, steps, rise }, Math.min(t, steps - 1))),
      { rel: 1e-9, abs: 1e-12 },
      `${steps} steps`,
    )
})

test('a cycle too short to rise only falls', () => {
  const short = Schedule.oneCycle({ peak: 1, steps: 3, rise: 0.1 })
  assertClose(
    [0, 1, 2, 3].map(t => at(short, t)),
    [1, (1 + 4e-6) / 2, 4e-6, 4e-6],
    { rel: 1e-9 },
  )
})

test('settings out of range are refused in a sentence', () => {
  const codec = Schedule.codec(Schedule.definitions)
  const cases: readonly (readonly [Schedule.Schedule, string])[] = [
    [Schedule.polynomial({ initial: 1, steps: 9, power: 0 }), 'power must be a number > 0, but it is 0'],
    [Schedule.cosine({ initial: -1, steps: 9 }), 'initial must be a number >= 0, but it is -1'],
    [Schedule.cosineRestarts({ initial: 1, steps: 9, growth: 0.5 }), 'growth must be a number >= 1, but it is 0.5'],
    [Schedule.cosineRestarts({ initial: 1, steps: 9, decay: 0 }), 'decay must be a number in (0, 1], but it is 0'],
    [Schedule.oneCycle({ peak: 1, steps: 1 }), 'steps must be a number >= 2, but it is 1'],
    [Schedule.oneCycle({ peak: 1, steps: 9, rise: 1 }), 'rise must be a number in (0, 1), but it is 1'],
    [Schedule.oneCycle({ peak: 1, steps: 9, divide: 0.1 }), 'divide must be a number >= 1, but it is 0.1'],
  ]
  for (const [schedule, message] of cases)
    assert.is(explain(expectLeft(codec.decode(JSON.parse(JSON.stringify(codec.encode(schedule)))))), message)
})

test.run()
