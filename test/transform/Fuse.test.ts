/** Fusion: regions are acyclic, come in order, and give the same bits as their operations one by one. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Expr } from '../../src/graph/Expr.js'
import { input } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { add, mul, neg, sub } from '../../src/op/arithmetic.js'
import { broadcastTo, sum } from '../../src/op/broadcast.js'
import { argmax, max, mean } from '../../src/op/reduce.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { fuse } from '../../src/transform/Fuse.js'
import { grad } from '../../src/transform/Grad.js'
import { prepare } from '../../src/transform/prepare.js'
import { type Region, reads, type Unit, writes } from '../../src/transform/Unit.js'
import { alone, planned } from '../backend/planned.js'
import { choices, fill, grow, type Sizes, sizes } from '../graph/random.js'
import { assertBits, expectRight } from '../support/assert.js'
import { compileKeys, runPlanned } from './compiled.js'

const test = suite('Fuse')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)

/** Random graphs with their gradients: what a train step looks like. */
const withGradients = (pool: readonly Expr[]): readonly Expr[] => {
  const loss = pool
    .slice(-6)
    .map(e => mean(mul(e, e)))
    .reduce((a, b) => add(a, b))
  return [loss, ...expectRight(grad(loss, pool.slice(0, 10))).gradients, ...pool.slice(-3)]
}

const inOrder = (program: Program.Program, units: readonly Unit[]): void => {
  const there = new Set(program.nodes.flatMap(({ expr }, i) => (expr._tag === 'Apply' ? [] : [i])))
  const known = (i: number): boolean => {
    const { expr, args } = program.nodes[i] as Program.Node
    return there.has(i) || (expr._tag === 'Apply' && expr.op.lower._tag === 'Alias' && known(args[0] as number))
  }
  for (const unit of units) {
    for (const r of reads(program, unit)) assert.ok(known(r), `%${r} is read before it is there`)
    for (const w of writes(unit)) {
      assert.not(there.has(w), `%${w} is written twice`)
      there.add(w)
    }
  }
  for (const o of program.outputs) assert.ok(known(o), `the output %${o} is never written`)
}

const closed = ({ inputs, steps, outputs }: Region): void => {
  steps.forEach(({ args }, k) => {
    for (const a of args) assert.ok(a >= 0 && a < inputs.length + k)
  })
  assert.ok(outputs.every(o => steps[o.step]?.node === o.node))
  const own = new Set(steps.map(s => s.node))
  assert.ok(
    inputs.every(i => !own.has(i.node)),
    'a region reads what it computes',
  )
}

test('units of random graphs and gradients are closed, acyclic and in order, fused and not', () => {
  fc.assert(
    fc.property(choices(30), sizes, (list, size) => {
      const { program, units } = expectRight(prepare(withGradients(grow(list, size, 'real'))))
      inOrder(program, units)
      inOrder(program, alone(units))
      for (const u of units) if (u._tag === 'Region') closed(u)
    }),
    { numRuns: 40, seed: 4 },
  )
})

const region = (e: readonly Expr[]): readonly Region[] =>
  fuse(expectRight(Program.of(e))).flatMap(u => (u._tag === 'Region' ? [u] : []))

test('broadcasts end in the region as rows, columns and scalars', () => {
  const x = input('x', f32(-1, 5))
  const e = add(mul(x, input('row', f32(5))), mul(input('s', f32()), sub(x, 1)))
  const [only, none] = region([e])
  assert.is(none, undefined)
  assert.equal([only?.outer, only?.inner], [-1, 5])
  assert.equal(only?.inputs.map(i => `${i.lanes} ${i.stays}`).sort(), [
    'splat true',
    'splat true',
    'vector false',
    'vector true',
  ])
  const [columns] = region([mul(x, input('column', f32(-1, 1)))])
  assert.equal([columns?.outer, columns?.inner, columns?.inputs[1]?.lanes], [-1, 5, 'splat'])
})

test('a second split, a middle axis and a kept broadcast are copied', () => {
  const x = input('x', f32(2, 3, 4))
  const singles = (e: readonly Expr[]): number =>
    fuse(expectRight(Program.of(e))).filter(u => u._tag === 'Single').length
  assert.is(singles([add(add(x, input('a', f32(3, 4))), input('b', f32(4)))]), 1)
  assert.is(singles([add(x, input('a', f32(2, 1, 4)))]), 1)
  assert.is(singles([add(x, input('a', f32(2, 1, 1)))]), 0)
  const wide = broadcastTo(input('a', f32(4)), [2, 3, 4])
  assert.is(singles([add(x, wide), wide]), 1)
})

test('the same chain has the same key in another program, whatever stands around it', () => {
  const chain = (x: Expr): Expr => mul(add(x, 1), sub(x, input('w', f32(7))))
  const [a] = region([chain(input('x', f32(3, 7)))])
  const around = region([argmax(chain(input('other', f32(9, 7))), 1), mul(input('z', f32(3)), 2)])
  assert.ok(around.some(r => r.key === a?.key))
  assert.is(new Set(alone([a as Region]).map(u => u._tag === 'Region' && u.key)).size, 3)
})

test('reductions over leading or trailing axes stand at the edge of their region, where it has the same rows', () => {
  const x = input('x', f32(-1, 4, 8))
  const y = mul(x, x)
  const bias = add(y, input('b', f32(8)))
  const edges = (exprs: readonly Expr[]) => region(exprs).map(r => [r.outputs.length, r.reductions.length, r.over])
  assert.equal(edges([sum(y, [0, 1])]), [[0, 1, 'outer']])
  assert.equal(edges([sum(y, [0]), sum(y, [0, 1])]), [[1, 1, 'outer']])
  assert.equal(edges([sum(bias, [0, 1]), sum(mul(bias, y), [0, 1])]), [[0, 2, 'outer']])
  assert.equal(edges([bias, sum(bias, [0])]), [[1, 0, 'outer']])
  assert.equal(edges([sum(y, [1, 2]), sum(neg(y), [1, 2]), y]), [[1, 2, 'inner']])
  assert.equal(edges([sum(y), sum(y, [1]), sum(input('z', f32(7, 5)), [0])]), [[1, 1, 'inner']])
  assert.equal(edges([sum(mul(input('z', f32(7, 1)), 2), [0])]), [[1, 0, 'outer']])
  assert.equal(edges([sum(mul(input('z', f32(7, 5)), 2), [0])]), [[1, 0, 'outer']])
  const [a] = region([sum(mul(x, 2), [0, 1])])
  assert.is(a?.key, 'vs|mul_f32(0,1)||outer sum(0)')
  assert.equal(edges([max(y, [0, 1])]), [[0, 1, 'outer']])
  assert.equal(edges([max(bias, [2]), sum(neg(bias), [2])]), [[0, 2, 'inner']])
  assert.equal(edges([max(bias, [2]), sum(bias, [0, 1])]), [[1, 1, 'outer']])
  assert.equal(edges([max(y, [1])]), [[1, 0, 'outer']])
  const [b] = region([max(mul(x, 2), [2]), sum(mul(x, 2), [2])])
  assert.is(b?.key, 'vs|mul_f32(0,1)||inner max(0);sum(0)')
})

const sampled: readonly Sizes[] = [
  { rows: 1, m: 2, n: 3 },
  { rows: 3, m: 1, n: 5 },
  { rows: 4, m: 3, n: 16 },
  { rows: 5, m: 17, n: 4 },
  { rows: 7, m: 5, n: 1 },
]

test('fused and unfused give the same bits, for every number of rows up to the largest', async () => {
  const lists = fc.sample(choices(14), { numRuns: 10, seed: 5 })
  const cases = lists.map((list, i) => {
    const size = sampled[i % sampled.length] as Sizes
    const pool = grow(list, size, 'real')
    const params = pool.flatMap(e => (e._tag === 'Param' ? [e] : []))
    const exprs = i % 2 === 0 ? withGradients(pool) : pool.slice(-8)
    const make = (how: (units: readonly Unit[]) => readonly Unit[]) => planned(exprs, {}, params, size.rows, how)
    return { size, fused: make(units => units), apart: make(alone) }
  })
  const keys = cases.flatMap(c =>
    [...c.fused.units, ...c.apart.units].flatMap(u => (u._tag === 'Region' ? [u.key] : [])),
  )
  const kernels = await compileKeys(keys)
  const long = cases.flatMap(c => c.fused.units.filter(u => u._tag === 'Region' && u.steps.length > 3))
  assert.ok(long.length > 20, `only ${long.length} regions have more than three steps`)
  for (const [k, { size, fused, apart }] of cases.entries())
    for (const rows of new Set([size.rows, 1, Math.ceil(size.rows / 2), 0])) {
      const valuesOf = (e: Expr) => fill(e, rows, 'real', k)
      const expected = runPlanned(apart, kernels, rows, valuesOf)
      const actual = runPlanned(fused, kernels, rows, valuesOf)
      actual.forEach((a, i) => {
        assertBits(a, expected[i] as Int32Array, `graph ${k}, ${rows} rows, output ${i}`)
      })
    }
})

test.run()
