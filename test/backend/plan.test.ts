/** The plan: simultaneous assignment, whatever shares memory with whatever, for every number of rows. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Machine, machine } from '../../src/backend/machine.js'
import type { Place } from '../../src/backend/plan.js'
import { evaluate as reference } from '../../src/backend/reference.js'
import { constant, type Expr, input, type Param, param } from '../../src/graph/Expr.js'
import { add, clamp, mul, neg, sub } from '../../src/op/arithmetic.js'
import { broadcastTo, reshape, sum } from '../../src/op/broadcast.js'
import { matmul } from '../../src/op/matmul.js'
import { slice, transpose } from '../../src/op/window.js'
import { byteSize, resolveDim, sameType, sizeOf, tensorType } from '../../src/shape/TensorType.js'
import type { Unit } from '../../src/transform/Unit.js'
import { choices, fill, grow, sizes } from '../graph/random.js'
import { expectRight } from '../support/assert.js'
import { alone, type Planned, planned } from './planned.js'

const test = suite('plan')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
const isParam = (e: Expr): e is Param => e._tag === 'Param'

interface Case {
  readonly state: readonly Param[]
  readonly results: Readonly<Record<string, Expr>>
  readonly updates: Readonly<Record<string, Expr>>
  readonly inputs: readonly Extract<Expr, { _tag: 'Input' }>[]
}

const program = (maxLength: number) =>
  fc.record({ list: choices(maxLength), size: sizes, picks: fc.array(fc.nat(999), { minLength: 20, maxLength: 20 }) })
type Chosen = typeof program extends (n: number) => fc.Arbitrary<infer A> ? A : never

/** A random program: updates of slots by anything of their type, among it other slots, themselves and inputs. */
const build = ({ list, size, picks }: Chosen): Case => {
  const twins = ['row2', 'row3', 'scalar2'].map(name => param(name, f32(...(name[0] === 'r' ? [size.n] : []))))
  const pool = [...twins, ...grow(list, size, 'whole')]
  const slots = pool.filter(isParam).filter(p => p.type.shape[0] !== -1)
  const candidates = (slot: Param): readonly Expr[] => {
    const same = [...pool, constant(2)].filter(e => sameType(e.type, slot.type))
    const both = same.map((e, i) => clamp(i % 2 ? add(e, slot) : sub(slot, e), -8, 8))
    return [...same, ...both, neg(slot), broadcastTo(constant(3), slot.type.shape)]
  }
  const at = <A>(all: readonly A[], k: number): A => all[(picks[k] as number) % all.length] as A
  const chosen = slots.filter((_, k) => (picks[k + 8] as number) % 3 > 0)
  return {
    state: pool.filter(isParam),
    results: Object.fromEntries([...[17, 18, 19].map(k => [`r${k}`, at(pool, k)]), ['last', pool[pool.length - 1]]]),
    updates: Object.fromEntries(chosen.map((s, k) => [s.name, at(candidates(s), k)])),
    inputs: pool.flatMap(e => (e._tag === 'Input' ? [e] : [])),
  }
}

const equal = (actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void => {
  assert.is(actual.length, expected.length, what)
  for (let i = 0; i < expected.length; i++)
    if (actual[i] !== expected[i]) assert.unreachable(`${what} [${i}]: ${actual[i]} is not ${expected[i]}`)
}

const slotIn = (m: Machine, block: Uint8Array<ArrayBuffer>, p: Param, rows: number): Float32Array =>
  new Float32Array(block.buffer, m.slots.get(p.name)?.offset, resolveDim(sizeOf(p.type.shape), rows))

/** Steps of one machine with changing rows, against old values in and new values out. */
const follows = (
  { state, results, updates, inputs }: Case,
  max: number,
  rows: readonly number[],
  fused: boolean,
): void => {
  const slots = state.map(({ name, type }) => ({ name, type }))
  const m = expectRight(machine({ rows: max, state: slots, programs: { step: { results, updates } }, fused }))
  const block = m.readState()
  for (const p of state) slotIn(m, block, p, max).set(fill(p, max, 'whole'))
  m.writeState(block)
  rows.forEach((n, turn) => {
    const given = Object.fromEntries(inputs.map(e => [e.name, fill(e, n, 'whole', turn)]))
    const before = m.readState()
    const old = Object.fromEntries(state.map(p => [p.name, slotIn(m, before, p, n)]))
    const wanted = expectRight(
      reference([...Object.values(results), ...Object.values(updates)], { ...old, ...given }, n),
    )
    const got = m.run('step', n, given)
    Object.keys(results).forEach((name, i) => {
      equal(got[name] ?? [], wanted[i]?.values ?? [], `turn ${turn}, ${n} rows, ${name}`)
    })
    const after = m.readState()
    const late = new Map(Object.keys(updates).map((name, i) => [name, wanted[Object.keys(results).length + i]?.values]))
    for (const p of state)
      equal(slotIn(m, after, p, n), late.get(p.name) ?? (old[p.name] as Float32Array), `turn ${turn}, slot ${p.name}`)
  })
}

test('random programs equal the reference, with their state, for rows up and down on one plan', () => {
  fc.assert(
    fc.property(program(25), fc.boolean(), (chosen, fused) => {
      const { rows } = chosen.size
      follows(build(chosen), rows, [rows, 1, Math.ceil(rows / 2), rows], fused)
    }),
    { numRuns: 60, seed: 6 },
  )
})

const [a, b, c] = [param('a', f32(5)), param('b', f32(5)), param('c', f32(5))] as const
const m = param('m', f32(3, 3))
const state = [a, b, c, m]
const x = input('x', f32(5))
const updates: Readonly<Record<string, readonly [Readonly<Record<string, Expr>>, Readonly<Record<string, Expr>>]>> = {
  'a swap': [{ a: b, b: a }, {}],
  'a turn of three': [{ a: b, b: c, c: a }, {}],
  'sums of each other': [{ a: add(a, b), b: add(b, a) }, {}],
  'a sum and a difference in place': [{ a: add(a, b), b: sub(a, b) }, { old: a }],
  'a new value read by a result and by another update': [{ a: add(a, 1), b: neg(add(a, 1)) }, { sum: sum(add(a, 1)) }],
  'old values as results': [
    { a: neg(a), b: x },
    { a, b, x },
  ],
  'one expression for two slots': [{ a: mul(b, 2), b: mul(b, 2) }, { b: mul(b, 2) }],
  'itself, a constant and an input': [
    { a, b: broadcastTo(constant(7), [5]), c: x },
    { seven: constant(7), x },
  ],
  'an alias of another slot': [
    { a: reshape(reshape(b, [5, 1]), [5]), b: neg(reshape(a, [1, 5])) },
    { r: reshape(b, [1, 5]) },
  ],
  'a value in place whose old value a reduction reads': [{ a: mul(a, b) }, { sum: sum(a), old: neg(a) }],
  'a transpose of itself, which no kernel does in place': [{ m: transpose(m) }, {}],
  'a product with itself': [{ m: clamp(matmul(m, m), -8, 8) }, { m }],
  'a row of itself, shown beside it': [{ m: sub(m, slice(m, [0, 0], [1, 3])) }, { column: slice(m, [0, 0], [3, 1]) }],
}
for (const [name, [next, results]] of Object.entries(updates))
  test(name, () => {
    const shapeOf = (slot: string) => state.find(s => s.name === slot)?.type.shape ?? []
    const flat = Object.fromEntries(Object.entries(next).map(([s, e]) => [s, reshape(e, shapeOf(s))]))
    for (const fused of [true, false]) follows({ state, results, updates: flat, inputs: [x] }, 1, [1, 1, 1], fused)
  })

/** Nothing is written over what is still needed, or over what the same unit reads elsewhere than where it writes. */
const keepsWhatIsNeeded = (p: Planned): void => {
  const { program, units, plan, rows } = p
  const rootOf = (i: number): number => {
    const { expr, args } = program.nodes[i] as (typeof program.nodes)[number]
    return expr._tag === 'Apply' && expr.op.lower._tag === 'Alias' ? rootOf(args[0] as number) : i
  }
  const range = (node: number, place: Place = plan.places.get(node) as Place): [string, number, number] => {
    const { type } = (program.nodes[node] as (typeof program.nodes)[number]).expr
    return [place.section, place.offset, place.offset + byteSize(type, rows)]
  }
  const apart = (v: [string, number, number], w: [string, number, number]): boolean =>
    v[0] !== w[0] || v[2] <= w[1] || w[2] <= v[1]
  const readBy = (u: Unit): readonly number[] => {
    if (u._tag === 'Led') return u.units.flatMap(readBy)
    return (u._tag === 'Region' ? u.inputs.map(i => i.node) : (program.nodes[u.node]?.args ?? [])).map(rootOf)
  }
  const writtenBy = (u: Unit): readonly number[] => {
    if (u._tag === 'Led') return u.units.flatMap(writtenBy)
    return u._tag === 'Region' ? u.outputs.map(o => o.node) : [u.node]
  }
  const kept = program.outputs.map(rootOf)
  const there = new Set(program.nodes.flatMap(({ expr }, i) => (expr._tag === 'Apply' ? [] : [i])))
  units.forEach((unit, k) => {
    const now = new Set(readBy(unit))
    const later = new Set([...units.slice(k + 1).flatMap(readBy), ...kept])
    for (const w of writtenBy(unit)) {
      for (const r of there) if (later.has(r)) assert.ok(apart(range(w), range(r)), `%${w} over %${r}, needed later`)
      for (const r of now) {
        if (apart(range(w), range(r))) continue
        assert.equal(range(w), range(r), `%${w} partly over %${r}`)
        assert.ok(
          unit._tag === 'Region' && unit.inputs.every(i => rootOf(i.node) !== r || (i.lanes === 'vector' && !i.stays)),
        )
      }
      for (const r of writtenBy(unit)) if (r !== w) assert.ok(apart(range(w), range(r)), `%${w} and %${r} of one unit`)
    }
    for (const w of writtenBy(unit)) there.add(w)
  })
  for (const place of plan.places.values()) assert.is(place.offset % 64, 0)
}

test('buffers that are needed at the same time lie apart', () => {
  fc.assert(
    fc.property(program(20), fc.boolean(), (chosen, fused) => {
      const { results, updates: next, state } = build(chosen)
      const how = fused ? (units: readonly Unit[]) => units : alone
      keepsWhatIsNeeded(planned(Object.values(results), next, state, chosen.size.rows, how))
    }),
    { numRuns: 60, seed: 7 },
  )
})

test.run()
