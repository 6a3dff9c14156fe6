/** The memory map: sections apart and aligned, one state whatever the rows, and clear refusals. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type MemoryMap, mapMemory } from '../../src/backend/layout.js'
import { machine } from '../../src/backend/machine.js'
import type { Column, MachineSpec } from '../../src/backend/spec.js'
import { constant, type Expr, input, param, tensor } from '../../src/graph/Expr.js'
import { add, mul, sub } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import { matmul } from '../../src/op/matmul.js'
import { mean } from '../../src/op/reduce.js'
import { cast } from '../../src/op/select.js'
import { byteSize, type TensorType, tensorType } from '../../src/shape/TensorType.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('layout')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
const slot = (name: string, type: TensorType) => ({ name, type })

const x = input('x', f32(-1, 3))
const label = input('label', tensorType('i32', [-1]))
const w = param('w', f32(3, 5))
const step = param('step', tensorType('f64'))
const loss = mean(sub(matmul(x, w), cast(label, 'f32').type.shape.length ? sum(w) : 0))
const spec = (rows: number, more: Partial<MachineSpec> = {}): MachineSpec => ({
  rows,
  state: [
    slot('w', w.type),
    slot('step', step.type),
    slot('one', f32(1)),
    slot('empty', f32(0)),
    slot('last', f32(17)),
  ],
  programs: {
    train: {
      results: { loss, y: matmul(x, w), rate: mul(step, 0.5) },
      updates: { w: mul(w, 0.5), step: add(step, 1) },
    },
    evaluate: { results: { loss, all: add(label, tensor([1, 2], [2], 'i32').type.shape.length) }, updates: {} },
  },
  resident: {
    train: {
      rows: 40,
      columns: [
        { input: 'x', width: 3, values: new Uint8Array(120) },
        { input: 'label', width: 1, values: new Int32Array(40) },
      ],
    },
    validation: { rows: 3, columns: [{ input: 'x', width: 3, values: new Float32Array(9) }] },
  },
  ...more,
})

interface Part {
  readonly what: string
  readonly from: number
  readonly to: number
}

const partsOf = (map: MemoryMap, { rows, resident = {} }: MachineSpec): readonly Part[] => {
  const part = (what: string, from: number, bytes: number): Part => ({ what, from, to: from + bytes })
  const { values } = Object
  const plans = [...map.programs.values()].map(p => p.plan)
  return [
    part('null page', 0, 1024),
    part('team', map.team, 320),
    ...[...map.programs].map(([name, p]) =>
      part(`image of ${name}`, p.frame.at, 8 * (p.plan.units.length + p.plan.copies.length)),
    ),
    ...map.constants.map(c => part('constant', c.at, byteSize(c.type, 1))),
    ...[...map.inputs].map(([name, i]) => part(`input ${name}`, i.at, byteSize(i.type, rows))),
    part('scratch', map.addressOf({ section: 'scratch', offset: 0 }, 0), Math.max(...plans.map(p => p.scratchBytes))),
    part('arena', map.addressOf({ section: 'arena', offset: 0 }, 0), Math.max(...plans.map(p => p.arenaBytes))),
    part('cursor', map.cursor, 4),
    part('nonFinite', map.nonFinite, 8),
    ...[...map.programs].flatMap(([name, p]) => [...p.sums].map(([s, at]) => part(`sum ${name}/${s}`, at, 8))),
    ...[...map.slots].map(([name, s]) => part(`slot ${name}`, s.at, byteSize(s.type, rows))),
    part('order', map.order, 4 * Math.max(...values(resident).map(s => s.rows))),
    ...Object.entries(resident).flatMap(([set, { columns }]) =>
      columns.map(c =>
        part(`data ${set}/${c.input}`, map.data.get(`${set}/${c.input}`) as number, c.values.byteLength),
      ),
    ),
  ]
}

for (const rows of [1, 2, 5, 64])
  test(`nothing overlaps for ${rows} rows, and everything starts at 64 bytes`, () => {
    const wanted = spec(rows)
    const map = expectRight(mapMemory(wanted))
    const parts = [...partsOf(map, wanted)].filter(p => p.to > p.from).sort((a, b) => a.from - b.from)
    assert.ok(parts.length > 20)
    parts.forEach((p, i) => {
      const next = parts[i + 1]
      assert.is(p.from % 64, 0, p.what)
      if (next) assert.ok(p.to <= next.from, `${p.what} ends at ${p.to}, ${next.what} starts at ${next.from}`)
      assert.ok(p.to + 64 <= map.bytes, `${p.what} may be over-read`)
    })
  })

test('the state block does not depend on the rows, on the programs or on the data', () => {
  const offsets = (s: MachineSpec) => {
    const m = expectRight(machine(s))
    return JSON.stringify([m.stateBytes, ...[...m.slots].map(([name, { offset }]) => [name, offset])])
  }
  const programs = { other: { results: { y: mul(w, 2) }, updates: {} } }
  assert.is(offsets(spec(1)), offsets(spec(100)))
  assert.is(offsets(spec(1)), offsets(spec(3, { programs, resident: {} })))
})

const refuses = (name: string, more: Partial<MachineSpec>, pattern: RegExp): void =>
  test(`refused: ${name}`, () => {
    const { path, message } = expectLeft(mapMemory(spec(2, more)))
    assert.match(`${path}: ${message}`, pattern)
  })
const only = (results: Readonly<Record<string, Expr>>, updates: Readonly<Record<string, Expr>> = {}) => ({
  programs: { p: { results, updates } },
  resident: {},
})
const data = (column: Column, rows = 3) => ({ resident: { set: { rows, columns: [column] } } })

refuses('a parameter without a slot', only({ y: param('v', f32()) }), /p: the state has no slot "v"/)
refuses('an update without a slot', only({}, { v: constant(1) }), /p: the state has no slot "v"/)
refuses('a parameter of another type', only({ y: param('w', f32(5, 3)) }), /"w" holds f32\[3, 5\], not f32\[5, 3\]/)
refuses('an update of another type', only({}, { w: sum(w) }), /"w" holds f32\[3, 5\], not f32\[\]/)
refuses(
  'an input that nobody gives',
  { ...only({ y: input('zzz', f32(3)) }), inputs: ['x'] },
  /p: there is no input "zzz"; the inputs are x/,
)
refuses('a misfit', only({ y: matmul(w, w) }), /matmul: .*inner sizes differ/)
refuses(
  'an input of two types',
  { programs: { a: { results: { x }, updates: {} }, b: { results: { x: input('x', f32(-1, 4)) }, updates: {} } } },
  /b: the input "x" is f32\[rows, 4\] here, but f32\[rows, 3\] elsewhere/,
)
refuses(
  'a column too short',
  data({ input: 'x', width: 3, values: new Float32Array(8) }),
  /set\/x: 8 values are not 3 rows of 3/,
)
refuses(
  'a column too wide',
  data({ input: 'x', width: 4, values: new Float32Array(12) }),
  /4 values a row do not fit f32\[rows, 3\]/,
)
refuses('labels as bytes', data({ input: 'label', width: 1, values: new Uint8Array(3) }), /do not suit i32\[rows\]/)
refuses('integers as floats', data({ input: 'x', width: 3, values: new Int32Array(9) }), /do not suit f32\[rows, 3\]/)

test('beyond 4 GiB is a clear error, and so is what the host cannot give', () => {
  const big = input('big', f32(-1, 1 << 20))
  const taken = (rows: number) => expectLeft(machine({ ...spec(rows), ...only({ y: mul(big, 2), x }) })).message
  assert.match(taken(1024), /the plan takes \d+ MiB, but WebAssembly addresses at most 4,095/)
  assert.match(taken(2 ** 40), /the plan takes \d+ MiB/)
  expectRight(machine({ ...spec(1), ...only({ y: mul(big, 2) }) }))
})

test('data sets beyond 4 GiB are a clear error before any memory is asked for', () => {
  const rows = 2 ** 27
  const values = new Uint8Array(3 * rows) // nobody writes to it, so it takes next to nothing
  const sets = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`set${i}`, { rows, columns: [{ input: 'x', width: 3, values }] }]),
    )
  const { message } = expectLeft(machine(spec(2, { resident: sets(10) })))
  const [, need = '0'] = /^the plan takes (\d+) MiB, but WebAssembly addresses at most 4,095$/.exec(message) ?? []
  assert.ok(Math.abs(Number(need) - (10 * 3 * rows + 4 * rows) / 2 ** 20) < 2, message)
  expectRight(mapMemory(spec(2, { resident: sets(9) })))
})

test.run()
