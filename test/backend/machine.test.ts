/** The machine: repeated runs over resident data equal single runs on gathered batches; totals; constants; state. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Column, type Machine, machine } from '../../src/backend/machine.js'
import { constant, input, param, tensor } from '../../src/graph/Expr.js'
import { add, div, mul, sub } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import { gather } from '../../src/op/gather.js'
import { log } from '../../src/op/math.js'
import { matmul } from '../../src/op/matmul.js'
import { mean } from '../../src/op/reduce.js'
import { cast, eq, not, select } from '../../src/op/select.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertBits, assertClose, expectRight } from '../support/assert.js'

const test = suite('machine')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)

const width = 7
const x = input('x', f32(-1, width))
const z = input('z', f32(-1))
const label = input('label', tensorType('i32', [-1]))
const w = param('w', f32(width, 1))
const table = param('table', f32(4))
const step = param('step', tensorType('f64'))
const error = sub(add(sum(matmul(x, w), [1]), gather(table, label)), z)
const loss = mean(mul(error, error))
const results = { loss, hits: mean(cast(eq(label, 2), 'f32')), y: matmul(x, w), t: mul(step, 2) }
const updates = { w: sub(w, mul(loss, 0.01)), table: sub(table, mul(mean(z), 0.001)), step: add(step, 1) }
const size = 23
const bytes = Uint8Array.from({ length: size * width }, (_, i) => (i * 37) % 256)
const floats = Float32Array.from({ length: size }, (_, i) => ((i * 29) % 17) / 5 - 1)
const labels = Int32Array.from({ length: size }, (_, i) => (i * 5) % 4)
const order = Int32Array.from({ length: size }, (_, i) => (i * 9 + 4) % size)

const slots = [w, table, step].map(({ name, type }) => ({ name, type }))
const made = (columns: readonly Column[], rows = 6, more: { threads?: number; leastTile?: number } = {}): Machine =>
  expectRight(
    machine({
      ...more,
      rows,
      state: slots,
      programs: { train: { results, updates }, look: { results: { loss }, updates: {} } },
      resident: { set: { rows: size, columns } },
    }),
  )
const columns: readonly Column[] = [
  { input: 'x', width, values: bytes },
  { input: 'z', width: 1, values: floats },
  { input: 'label', width: 1, values: labels },
]
const batch = (from: number, rows: number) => {
  const at = [...order.subarray(from, from + rows)]
  return {
    x: at.flatMap(r => [...bytes.subarray(r * width, (r + 1) * width)]),
    z: at.map(r => floats[r] as number),
    label: at.map(r => labels[r] as number),
  }
}

test('repeat over resident bytes, floats and integers equals runs on gathered batches, and the totals weigh rows', () => {
  const b = made(columns)
  const sums = { loss: 0, hits: 0 }
  for (const [from, rows] of [
    [0, 6],
    [6, 6],
    [12, 6],
    [18, 5],
  ] as const) {
    const got = b.run('train', rows, batch(from, rows))
    sums.loss += rows * (got['loss']?.[0] as number)
    sums.hits += rows * (got['hits']?.[0] as number)
  }
  for (const more of [{}, { threads: 3, leastTile: 1e-9 }]) {
    const a = made(columns, 6, more)
    a.order(order)
    a.resetTotals()
    a.repeat('train', 'set', 6, 3)
    a.repeat('train', 'set', 5, 1)
    assertBits(a.readState(), b.readState())
    assert.equal(a.totals('train'), { sums, nonFinite: null })
    assert.equal(a.totals('look'), { sums: { loss: 0 }, nonFinite: null })
    const last = a.read('train', 5)
    assertClose(last['t'] ?? [], [6], {})
    assert.is(last['y']?.length, 5)
  }
})

test('bytes and the same numbers as floats give the same bits', () => {
  const [a, b] = [made(columns), made([{ input: 'x', width, values: Float32Array.from(bytes) }, ...columns.slice(1)])]
  for (const m of [a, b]) {
    m.order(order)
    m.repeat('train', 'set', 4, 5)
  }
  assertBits(a.readState(), b.readState())
})

test('programs take turns with changing rows, and single runs disturb no repeated ones', () => {
  const [a, b] = [made(columns), made(columns)]
  for (const m of [a, b]) m.order(order)
  a.repeat('train', 'set', 2, 4)
  for (const from of [0, 2, 4, 6]) {
    b.run('look', 3, batch(9, 3))
    b.repeat('train', 'set', 2, 1)
    b.run('look', 1, batch(from, 1))
  }
  assertBits(a.readState(), b.readState())
})

test('turns whose gate is 0 add to no total, and are no fault', () => {
  const turn = cast(step, 'f32')
  const gate = cast(not(eq(turn, 2)), 'f32')
  const bad = select(eq(turn, 2), log(mul(turn, -1)), turn)
  const of = (gated: boolean) => {
    const program = { results: { loss: bad, gate }, updates: { step: add(step, 1) }, ...(gated && { gate: 'gate' }) }
    const resident = { set: { rows: 23, columns: [] } }
    const m = expectRight(machine({ rows: 3, state: slots, programs: { p: program }, resident }))
    m.order(order)
    m.resetTotals({ loss: 10 })
    m.repeat('p', 'set', 3, 5)
    return m.totals('p')
  }
  assert.equal(of(true), { sums: { loss: 10 + 3 * (0 + 1 + 3 + 4), gate: 3 * 4 }, nonFinite: null })
  assert.is(of(false).nonFinite, 3)
  assert.ok(Number.isNaN(of(false).sums['loss']))
})

test('the first step whose loss is not finite is remembered until the totals are reset', () => {
  const bad = log(sub(5, step.type.dtype === 'f64' ? cast(step, 'f32') : 0))
  const m = expectRight(
    machine({
      rows: 1,
      state: slots,
      programs: { p: { results: { loss: bad, other: div(1, cast(step, 'f32')), z }, updates: { step: add(step, 1) } } },
      resident: { set: { rows: 23, columns: [columns[1] as Column] } },
    }),
  )
  m.order(order)
  m.resetTotals()
  m.repeat('p', 'set', 1, 5)
  assert.is(m.totals('p').nonFinite, null)
  m.repeat('p', 'set', 1, 4)
  assert.is(m.totals('p').nonFinite, 6, 'counted from 1')
  m.resetTotals()
  assert.equal(m.totals('p'), { sums: { loss: 0, other: 0 }, nonFinite: null })
})

test('the state is one block: written, read and forked as copies', () => {
  const m = made(columns)
  const before = m.readState()
  m.run('train', 6, batch(0, 6))
  const after = m.readState()
  assert.is(Buffer.compare(before, after) !== 0, true)
  m.writeState(before)
  assertBits(m.readState(), before)
  m.run('train', 6, batch(0, 6))
  assertBits(m.readState(), after)
})

test('constants of every dtype, and numbers written as masks', () => {
  const mask = input('mask', tensorType('bool', [3]))
  const programs = {
    p: {
      results: {
        f: tensor([1.5, -0, Number.NaN], [3]),
        i: tensor([1, -2], [2], 'i32'),
        d: constant(0.1, 'f64'),
        yes: select(constant(1, 'bool'), constant(5), 7),
        no: select(constant(0, 'bool'), constant(5), 7),
        picked: select(mask, 1, 0),
      },
      updates: {},
    },
  }
  const got = expectRight(machine({ rows: 1, state: [], programs })).run('p', 1, { mask: [1, 0, -1] })
  assertBits(got['f'] as Float32Array, Float32Array.of(1.5, -0, Number.NaN))
  assertBits(got['i'] as Int32Array, Int32Array.of(1, -2))
  assertBits(got['d'] as Float64Array, Float64Array.of(0.1))
  assert.equal([got['yes']?.[0], got['no']?.[0], ...(got['picked'] ?? [])], [5, 7, 1, 0, 1])
})

test('a host that has no WebAssembly, or compiles none, is a Left that says so', async () => {
  const message = async (broken: string, spec: string): Promise<string> => {
    const text = `
      const { machine } = await import('./src/backend/machine.ts')
      ${broken}
      process.stdout.write(machine({ rows: 1, state: [], programs: {}, ${spec} }).left.message)`
    const args = ['--import', 'tsx', '--input-type=module', '-e', text]
    const cwd = fileURLToPath(new URL('../..', import.meta.url))
    return (await promisify(execFile)(process.execPath, args, { cwd })).stdout
  }
  const refusing = "WebAssembly.Module = class { constructor() { throw new Error('blocked by a policy') } }"
  const [none, blocked, relaxed] = await Promise.all([
    message('delete globalThis.WebAssembly', ''),
    message(refusing, ''),
    message('delete globalThis.WebAssembly', 'relaxed: true'),
  ])
  assert.match(none, 'the host compiles no WebAssembly (WebAssembly is not defined)')
  assert.match(blocked, /compiles no WebAssembly \(blocked by a policy\).*'wasm-unsafe-eval'/)
  assert.match(relaxed, 'the host has no relaxed SIMD')
})

test('finite sees every number of the rows given, and none behind them', () => {
  const m = expectRight(
    machine({ rows: 9, state: [], inputs: ['x'], programs: { p: { results: { y: mul(x, 2) }, updates: {} } } }),
  )
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    for (let rows = 1; rows <= 9; rows++)
      for (let at = 0; at < rows * width; at++) {
        m.run('p', rows, { x: new Float32Array(rows * width).fill(-3.4e38).fill(bad, at, at + 1) })
        const before = Math.floor(at / width)
        assert.is(m.finite('x', rows), false, `${bad} at ${at}`)
        assert.is(m.finite('x', before), true, `${bad} at ${at}, behind ${before} rows`)
      }
})

test('however rows, sets and ways to run take turns, a program does what a new machine does', () => {
  const turns = fc.record({ rows: fc.integer({ min: 1, max: 6 }), way: fc.constantFrom('run', 'repeat', 'profile') })
  const options = fc.constantFrom({ threads: 1 }, { threads: 2, leastTile: 1e-9 })
  fc.assert(
    fc.property(fc.array(turns, { minLength: 8, maxLength: 16 }), options, (all, more) => {
      const kept = made(columns, 6, more)
      assert.is(kept.threads.threads, more.threads)
      for (const { rows, way } of all) {
        const fresh = made(columns)
        fresh.writeState(kept.readState())
        const [a, b] = [kept, fresh].map(m => {
          m.order(order)
          if (way === 'repeat') m.repeat('train', 'set', rows, 3)
          else if (way === 'profile') m.profile('train', 'set', rows, () => 0)
          else m.run('train', rows, batch(5, rows))
          return { ...m.read('train', rows), state: m.readState() }
        })
        assert.equal(a, b, `${way} of ${rows}`)
      }
    }),
    { numRuns: 20 },
  )
})

test.run()
