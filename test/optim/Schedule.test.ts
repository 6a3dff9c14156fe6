import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as t from '#io/index.js'
import { explain, positive } from '../../src/graph/settings.js'
import { mul } from '../../src/op/arithmetic.js'
import * as Schedule from '../../src/optim/Schedule.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { atStep, monoidLaws } from './support.js'

interface Oracle {
  readonly steps: readonly number[]
  readonly cases: readonly (
    | { readonly kind: 'exponential'; readonly config: Parameters<typeof Schedule.exponential>[0] }
    | { readonly kind: 'piecewise'; readonly config: Parameters<typeof Schedule.piecewise>[0] }
    | { readonly kind: 'power'; readonly config: { initial: number; steps: number; exponent: number } }
  )[]
}
type Rated = { readonly rates: readonly number[] }

const oracle: Oracle & { readonly cases: readonly Rated[] } = JSON.parse(
  readFileSync(new URL('../oracle/schedules.json', import.meta.url), 'utf8'),
)
const at = (schedule: Schedule.Rate, step: number): number => atStep(s => Schedule.rate(schedule, s), step)

const test = suite('Schedule')

for (const c of oracle.cases)
  test(`${c.kind} ${JSON.stringify(c.config)}`, () => {
    const schedule =
      c.kind === 'power'
        ? Schedule.power({ initial: c.config.initial, steps: c.config.steps, power: c.config.exponent })
        : c.kind === 'exponential'
          ? Schedule.exponential(c.config)
          : Schedule.piecewise(c.config)
    assertClose(
      oracle.steps.map(step => at(schedule, step)),
      c.rates,
      { rel: 1e-8 },
    )
  })

test('the fixture: halfway through the first period', () => {
  const o = { initial: 0.1, steps: 10_000, decay: 0.1 }
  assertClose([at(Schedule.exponential(o), 5000)], [0.0316227766], { rel: 1e-9 })
  assert.is(at(Schedule.exponential({ ...o, staircase: true }), 5000), 0.1)
})

test('linear goes from one rate to another and stays; warmup is a factor', () => {
  const line = Schedule.linear({ initial: 1, final: 3, steps: 4 })
  assert.equal(
    [0, 1, 2, 4, 5, 1e6].map(step => at(line, step)),
    [1, 1.5, 2, 3, 3, 3],
  )
  assert.equal(
    [0, 5, 10, 11].map(step => at(Schedule.product(Schedule.warmup(10), 0.5), step)),
    [0, 0.25, 0.5, 0.5],
  )
})

test('what a setting takes for a schedule', () => {
  const { setting } = Schedule
  const [one, two] = [Schedule.piecewise({ boundaries: [1], values: [0, 2] }), Schedule.constant(1)]
  assert.ok(setting.is(one) && setting.is(two) && setting.is(Schedule.power({ initial: 1, steps: 1 })))
  const { def, ...unbound } = two
  const bad: readonly unknown[] = [
    ...[null, 1, 'x', {}, unbound, { ...two, of: 'stage' }, { ...two, def: null }, { ...two, def: 1 }],
    ...[
      { ...two, def: {} },
      { ...two, def: { ...def, rate: 1 } },
      { ...two, config: { value: -1 } },
    ],
    ...[[2], [0, 2, 3]].map(values => Schedule.piecewise({ boundaries: [1], values })),
    ...[
      [1, 1],
      [2, 1],
    ].map(boundaries => Schedule.piecewise({ boundaries, values: [1, 2, 3] })),
  ]
  for (const u of bad) assert.not.ok(setting.is(u), JSON.stringify(u))
  assert.equal(Schedule.power({ initial: 1, steps: 2 }), Schedule.power({ initial: 1, steps: 2, power: 1 }))
})

test('a number is a constant', () => {
  assert.equal(Schedule.of(0.1), Schedule.constant(0.1))
  assert.is(at(0.1, 7), 0.1)
})

test('equal schedules are equal', () => {
  const o = { initial: 0.1, steps: 10, decay: 0.5 }
  assert.equal(Schedule.exponential(o), Schedule.exponential({ ...o, staircase: false }))
  assert.not.equal(Schedule.exponential(o), Schedule.exponential({ ...o, decay: 0.25 }))
})

const rates = fc.double({ min: 0.001, max: 1, noNaN: true })
const counts = fc.integer({ min: 1, max: 50 })
const leaves = fc.oneof(
  rates.map(Schedule.constant),
  fc.constant(Schedule.constant(1)),
  fc.record({ initial: rates, steps: counts, decay: rates, staircase: fc.boolean() }).map(Schedule.exponential),
  fc.record({ initial: rates, steps: counts, power: rates }).map(Schedule.power),
  fc.record({ initial: rates, final: rates, steps: counts }).map(Schedule.linear),
  fc.record({ initial: rates, final: rates, steps: counts, power: rates }).map(Schedule.polynomial),
  fc.record({ initial: rates, final: rates, steps: counts }).map(Schedule.cosine),
  fc
    .record({ initial: rates, steps: counts, growth: fc.constantFrom(1, 1.5, 2), decay: rates })
    .map(Schedule.cosineRestarts),
  fc
    .record({
      peak: rates,
      steps: fc.integer({ min: 2, max: 50 }),
      anneal: fc.constantFrom('cosine', 'linear' as const),
    })
    .map(Schedule.oneCycle),
  fc.tuple(counts, rates, rates).map(([b, x, y]) => Schedule.piecewise({ boundaries: [b], values: [x, y] })),
)
const { schedule: schedules, timed } = fc.letrec<{ schedule: Schedule.Schedule; timed: Schedule.Timed }>(tie => ({
  schedule: fc.oneof(
    { depthSize: 'small' },
    leaves,
    fc.array(tie('schedule'), { maxLength: 3 }).map(fs => Schedule.product(...fs)),
    fc.tuple(tie('timed'), tie('schedule')).map(([phases, rest]) => Schedule.sequence(phases, rest)),
  ),
  timed: fc.array(
    fc.tuple(tie('schedule'), counts).map(([schedule, steps]) => ({ schedule, steps })),
    { maxLength: 3 },
  ),
}))
const steps = fc.integer({ min: 0, max: 200 })

test('product is a monoid', () => monoidLaws(Schedule.MonoidProduct, schedules))
test('phases are a monoid', () => monoidLaws(Schedule.MonoidTimed, timed))

test('the product means the product', () => {
  fc.assert(
    fc.property(schedules, schedules, steps, (a, b, step) => {
      assertClose([at(Schedule.product(a, b), step)], [at(a, step) * at(b, step)], { rel: 1e-12 })
    }),
  )
})

test('products are associative in what they mean, to the bit', () => {
  fc.assert(
    fc.property(schedules, schedules, schedules, steps, (a, b, c, step) => {
      const [left, right] = [Schedule.product(Schedule.product(a, b), c), Schedule.product(a, Schedule.product(b, c))]
      assert.is(at(left, step), at(right, step))
      assert.is(at(Schedule.product(1, a), step), at(a, step))
    }),
  )
})

test('a sequence means the first phase while it lasts, then the rest on its own clock', () => {
  fc.assert(
    fc.property(schedules, counts, timed, schedules, steps, (first, n, phases, rest, step) => {
      const after = Schedule.sequence(phases, rest)
      const whole = Schedule.sequence([...Schedule.phase(first, n), ...phases], rest)
      assert.is(at(whole, step), step < n ? at(first, step) : at(after, step - n))
    }),
  )
})

test('sequences are flat: a sequence before a sequence is one sequence', () => {
  fc.assert(
    fc.property(timed, timed, schedules, (a, b, z) => {
      const flat = Schedule.sequence(Schedule.MonoidTimed.concat(a, b), z)
      assert.equal(Schedule.sequence(a, Schedule.sequence(b, z)), flat)
      assert.equal(Schedule.sequence([], z), z)
    }),
  )
})

const codec = Schedule.codec(Schedule.definitions)
const json = (u: unknown): unknown => JSON.parse(JSON.stringify(u))

test('decode . encode = id, through JSON text', () => {
  fc.assert(fc.property(schedules, s => assert.equal(expectRight(codec.decode(json(codec.encode(s)))), s)))
})

test('JSON is of, kind and config', () => {
  assert.equal(codec.encode(Schedule.product(Schedule.warmup(3), 0.1)), {
    of: 'schedule',
    kind: 'gradus/product',
    config: {
      factors: [
        { of: 'schedule', kind: 'gradus/linear', config: { initial: 0, final: 1, steps: 3 } },
        { of: 'schedule', kind: 'gradus/constant', config: { value: 0.1 } },
      ],
    },
  })
})

const refused = (u: unknown): string => explain(expectLeft(codec.decode(u)))
const spec = (kind: string, config: unknown) => ({ of: 'schedule', kind, config })

test('what is wrong with JSON is said in a sentence', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [null, 'must be a schedule { "of": "schedule", "kind", "config" }, but it is null'],
    [spec('acme/wave', {}), 'no definition of the schedule "acme/wave" was given'],
    [spec('gradus/constant', { value: -1 }), 'value must be a number >= 0, but it is -1'],
    [spec('gradus/constant', {}), 'value must be a number >= 0, but it is missing'],
    [
      spec('gradus/exponential', { initial: 1, steps: 0, decay: 1, staircase: false }),
      'steps must be a number > 0, but it is 0',
    ],
    [
      spec('gradus/piecewise', { boundaries: [3, 2], values: [1, 2, 3] }),
      'boundaries must be a list of ascending numbers, but it is [3, 2]',
    ],
    [
      spec('gradus/piecewise', { boundaries: [2, 2], values: [1, 2, 3] }),
      'boundaries must be a list of ascending numbers, but it is [2, 2]',
    ],
    [
      spec('gradus/piecewise', { boundaries: 3, values: [1] }),
      'boundaries must be a list of ascending numbers, but it is 3',
    ],
    [spec('gradus/piecewise', { boundaries: [3], values: [1] }), '1 boundaries separate 2 values, not 1'],
    [spec('gradus/piecewise', { boundaries: [3], values: [1, 2, 3] }), '1 boundaries separate 2 values, not 3'],
    ...(
      [
        [[], '[]'],
        [[1, -1], '[1, -1]'],
        [[1, '2'], 'a list'],
      ] as const
    ).map(
      ([values, shown]) =>
        [
          spec('gradus/piecewise', { boundaries: [3], values }),
          `values must be a list of numbers >= 0, but it is ${shown}`,
        ] as const,
    ),
    [
      spec('gradus/product', { factors: [spec('gradus/constant', { value: 'x' })] }),
      'factors.0.value must be a number >= 0, but it is "x"',
    ],
    [spec('gradus/product', { factors: [{}] }), 'factors.0 must be a number or a schedule, but it is an object'],
  ]
  for (const [u, message] of cases) assert.is(refused(u), message)
  for (const factor of [null, { of: 'schedule' }, { of: 'stage', def: {}, config: 1 }, { of: 'schedule', def: null }])
    assert.match(refused(spec('gradus/product', { factors: [factor] })), /^factors[.]0 must be a .*, but it is /)
})

test('a schedule nested without end is refused, not a crash', () => {
  let deep: unknown = spec('gradus/constant', { value: 1 })
  for (let i = 0; i < 10_000; i++) deep = spec('gradus/product', { factors: [deep] })
  assert.match(refused(deep), /nests deeper than 64 levels$/)
  let list: unknown = []
  for (let i = 0; i < 100_000; i++) list = [list]
  assert.match(refused(spec('gradus/constant', { value: list })), /nests deeper than 64 levels$/)
})

test('a definition in the input is not trusted', () => {
  const forged = spec('gradus/product', { factors: [{ ...spec('gradus/constant', { value: 2 }), def: { rate: 1 } }] })
  const read = expectRight(codec.decode(forged))
  assert.equal((read.config as { factors: unknown }).factors, [Schedule.constant(2)])
})

test('numbers are read as constants', () => {
  const read = expectRight(codec.decode(spec('gradus/product', { factors: [0.5, 0.25] })))
  assert.equal(read, Schedule.product(0.5, 0.25))
})

test('a schedule of your own needs no registration, and its kind may be given once', () => {
  const doubled = Schedule.define({
    kind: 'acme/doubled',
    config: t.type({ of: Schedule.setting, times: positive }),
    rate: (c, step) => mul(c.times, Schedule.rate(c.of, step)),
  })
  const mine = doubled({ of: Schedule.linear({ initial: 0, final: 1, steps: 10 }), times: 2 })
  assert.is(at(Schedule.product(mine, 0.5), 5), 0.5)
  const own = Schedule.codec([...Schedule.definitions, doubled.def])
  assert.equal(expectRight(own.decode(json(own.encode(mine)))), mine)
  const twice = Schedule.codec([...Schedule.definitions, doubled.def, doubled.def])
  assert.is(
    explain(expectLeft(twice.decode(json(own.encode(mine))))),
    'two definitions of the schedule "acme/doubled" were given',
  )
})

test('a schedule without a definition is an error in the graph', () => {
  const e = Schedule.rate(
    { of: 'schedule', kind: 'acme/wave', config: {} },
    Schedule.rate(1, Schedule.rate(1, mul(1, 1))),
  )
  assert.is(e._tag, 'Invalid')
})

test.run()
