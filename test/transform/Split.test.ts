/** Regions in parts: of known kernels as far as they reach, with the bits of every operation by itself. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Expr, input } from '../../src/graph/Expr.js'
import { abs, add, mul, neg } from '../../src/op/arithmetic.js'
import { broadcastTo, sum } from '../../src/op/broadcast.js'
import { exp, sqrt, tanh } from '../../src/op/math.js'
import { max } from '../../src/op/reduce.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { prepare } from '../../src/transform/prepare.js'
import { type Known, knownKeys, split } from '../../src/transform/Split.js'
import { hashText, type Region, type Unit } from '../../src/transform/Unit.js'
import { alone, planned } from '../backend/planned.js'
import { choices, fill, grow, type Sizes } from '../graph/random.js'
import { assertBits, expectRight } from '../support/assert.js'
import { compileKeys, runPlanned } from './compiled.js'

const test = suite('Split')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)

const regionsOf = (exprs: readonly Expr[]): readonly Region[] =>
  expectRight(prepare(exprs)).units.flatMap(u => (u._tag === 'Region' ? [u] : []))
const keysOf = (exprs: readonly Expr[]): readonly string[] => regionsOf(exprs).map(r => r.key)

/** How many steps, and how many reductions, each part has; a reduction by itself is nothing. */
const shape = (units: readonly Unit[]): readonly string[] =>
  units.map(u => (u._tag === 'Region' ? `${u.steps.length}+${u.reductions.length}` : ''))

const x = input('x', f32(-1, 32))
const row = broadcastTo(input('row', f32(32)), [-1, 32])
const biased = add(x, row)

test('a known region stays whole; nothing known leaves steps and reductions one by one', () => {
  const exprs = [tanh(mul(biased, 2)), sum(exp(biased), [0])]
  const [region] = regionsOf(exprs)
  assert.equal(split(knownKeys(keysOf(exprs)))(region as Region), [region])
  assert.equal(shape(split(knownKeys([]))(region as Region)), ['1+0', '1+0', '1+0', '1+0', ''])
})

test('what is known of a region with a reduction stays together, with the reduction where that is known', () => {
  const made = tanh(mul(biased, 2))
  const [region, other] = regionsOf([made, max(neg(made), [1])])
  assert.is(other, undefined)
  const parts = (...known: readonly (readonly Expr[])[]) =>
    shape(split(knownKeys(known.flatMap(keysOf)))(region as Region))
  assert.equal(parts([made]), ['3+0', '1+0', ''])
  assert.equal(parts([made], [max(neg(x), [1])]), ['3+0', '1+1'])
  assert.equal(parts([made, neg(made)]), ['4+0', ''])
  assert.equal(parts([sum(neg(x), [1])], [max(neg(x), [0])]), ['1+0', '1+0', '1+0', '1+0', ''])
})

test('a step alone has its operands apart, as the kernels of single operations do', () => {
  const [region] = regionsOf([mul(biased, biased)])
  const parts = split(knownKeys([]))(region as Region)
  assert.equal(
    parts.map(p => (p._tag === 'Region' ? p.key : '')),
    ['vv|add_f32(0,1)|0', 'vv|mul_f32(0,1)|0'],
  )
})

test('of all cuts the one that moves the fewest values is taken, not the first that reaches far', () => {
  const [region] = regionsOf([sqrt(abs(tanh(exp(neg(x)))))])
  const known = knownKeys([tanh(exp(neg(x))), exp(neg(x)), sqrt(abs(tanh(x)))].flatMap(e => keysOf([e])))
  assert.equal(shape(split(known)(region as Region)), ['2+0', '3+0'])
})

test('a part without rows runs in one', () => {
  const [region] = regionsOf([mul(exp(tanh(x)), row)])
  const parts = split(knownKeys(keysOf([exp(tanh(x))])))(region as Region)
  assert.equal(
    parts.map(p => (p._tag === 'Region' ? [p.outer, p.inner] : [])),
    [
      [1, -32],
      [-1, 32],
    ],
  )
})

test('regions with the same key are cut each in its own way where their nodes or operands differ', () => {
  const y = input('y', f32(-1, 32))
  const z = input('z', f32(-1, 32))
  const fan = (fns: readonly ((e: Expr) => Expr)[], of: Expr) => [abs(of), ...fns.map(fn => fn(abs(of)))]
  const byName = { exp, tanh, neg }
  const [first, second, third] = (regionsOf(fan([exp, tanh, neg], x))[0]?.steps ?? [])
    .slice(1)
    .map(s => byName[s.fn.replace(/_.*/, '') as keyof typeof byName]) as [typeof exp, typeof exp, typeof exp]
  const part = split(knownKeys(keysOf(fan([first, third], x))))
  const [one, other] = regionsOf([...fan([first, second, third], x), ...fan([first, third, second], y)])
  assert.is(one?.key, other?.key)
  assert.equal(
    [one, other].map(r => shape(part(r as Region))),
    [
      ['1+0', '1+0', '1+0', '1+0'],
      ['3+0', '1+0'],
    ],
  )
  const twice = (from: Expr, by: Expr) => add(mul(from, by), by)
  const known = split(knownKeys([mul(tanh(x), z), twice(x, z)].flatMap(e => keysOf([e]))))
  const [stays, goes] = regionsOf([twice(tanh(x), row), twice(tanh(y), z)])
  assert.is(stays?.key, goes?.key)
  assert.equal(
    [stays, goes].map(r => shape(known(r as Region))),
    [
      ['2+0', '1+0'],
      ['1+0', '2+0'],
    ],
  )
})

/** Some of all keys, others for another salt. */
const some = (salt: number): Known => ({ has: key => hashText(`${salt}${key}`) % 2 === 0, mayHave: () => true })

test('random graphs in parts have the bits of their operations by themselves', async () => {
  const list: readonly Sizes[] = [
    { rows: 3, m: 2, n: 16 },
    { rows: 5, m: 3, n: 4 },
    { rows: 4, m: 17, n: 5 },
    { rows: 130, m: 1, n: 8 },
  ]
  const cases = fc.sample(choices(24), { numRuns: 8, seed: 11 }).map((choice, i) => {
    const size = list[i % list.length] as Sizes
    const pool = grow(choice, size, 'real')
    const params = pool.flatMap(e => (e._tag === 'Param' ? [e] : []))
    const made = pool.slice(-8)
    const exprs = [...made, ...made.flatMap(e => (e.type.shape.length < 2 ? [] : [sum(e, [0]), max(neg(e), [1])]))]
    const make = (how: (units: readonly Unit[]) => readonly Unit[]) => planned(exprs, {}, params, size.rows, how)
    const partsOf = split(some(i))
    const inParts = (units: readonly Unit[]) =>
      units.flatMap((u): readonly Unit[] => (u._tag === 'Region' ? partsOf(u) : [u]))
    return { size, parts: make(inParts), apart: make(alone) }
  })
  const units = cases.flatMap(c => [...c.parts.units, ...c.apart.units])
  const regions = units.flatMap(u => (u._tag === 'Region' ? [u] : []))
  const kernels = await compileKeys(regions.map(r => r.key))
  assert.ok(regions.filter(r => r.steps.length > 1).length > 20)
  assert.ok(regions.filter(r => r.reductions.length > 0).length > 10)
  for (const [k, { size, parts, apart }] of cases.entries())
    for (const rows of [size.rows, 1, 0]) {
      const valuesOf = (e: Expr) => fill(e, rows, 'real', k)
      const expected = runPlanned(apart, kernels, rows, valuesOf)
      runPlanned(parts, kernels, rows, valuesOf).forEach((a, i) => {
        assertBits(a, expected[i] as Int32Array, `graph ${k}, ${rows} rows, output ${i}`)
      })
    }
})

test.run()
