/** Reductions at the edge of regions keep the bits of those by themselves, for all sizes, and for none. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { mapMemory } from '../../src/backend/layout.js'
import { type MachineSpec, machine } from '../../src/backend/machine.js'
import { build } from '../../src/compiler/build.js'
import { input } from '../../src/graph/Expr.js'
import { Layer, Loss, Net, Optimizer, Recipe } from '../../src/index.js'
import { add, mul } from '../../src/op/arithmetic.js'
import { broadcastTo, reshape, sum } from '../../src/op/broadcast.js'
import { exp } from '../../src/op/math.js'
import { max } from '../../src/op/reduce.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { programs as programsOf } from '../../src/train/programs.js'
import { partsOf } from '../../src/transform/Unit.js'
import { assertBits, expectRight } from '../support/assert.js'

const test = suite('reductions at the edge')

const sizes: readonly (readonly [number, number])[] = [
  ...[0, 2, 127, 128, 129, 300].flatMap(n => [4, 17, 36].map(m => [n, m] as const)),
  ...[1, 3].flatMap(n => [15, 16, 67, 4095, 4096, 4113].map(m => [n, m] as const)),
]
const short = Array.from({ length: 20 }, (_, i) => [3, i + 1] as const)

/** What is made of a matrix, a column for each of its rows and a row for each of its columns. */
const made = (n: number, m: number) => {
  const x = input(`x ${n} ${m}`, tensorType('f32', [n, m]))
  const row = input(`row ${m}`, tensorType('f32', [m]))
  const column = input(`column ${n}`, tensorType('f32', [n]))
  return mul(add(x, broadcastTo(row, [n, m])), broadcastTo(reshape(column, [n, 1]), [n, m]))
}

/** Reductions over an axis: two sums, and a maximum where there is something. */
const programOf = (n: number, m: number, axis: 0 | 1) => {
  const y = made(n, m)
  const results = { squares: sum(mul(y, y), [axis]), powers: sum(exp(y), [axis]) }
  return { results: { ...results, ...(axis === 0 && { y }), ...(n > 0 && { top: max(y, [axis]) }) }, updates: {} }
}

const programs = Object.fromEntries(
  [...sizes, ...short].flatMap(([n, m]) =>
    ([0, 1] as const).map(axis => [`${n} x ${m}, over ${axis}`, programOf(n, m, axis)]),
  ),
)
const spec: MachineSpec = { rows: 1, state: [], programs }
const sizeIn = (name: string): readonly [number, number] => {
  const [n = 0, m = 0] = (name.match(/\d+/g) ?? []).map(Number)
  return [n, m]
}

/** Machines for the programs that run whole regions: on one thread, and cut as small as can be for three. */
const whole = (s: MachineSpec) =>
  Promise.all(
    [{}, { threads: 3, leastTile: 1e-9 }].map(async more => {
      const m = expectRight(machine({ ...s, ...more, generated: true }))
      await m.up
      const { binary } = expectRight(await build(m.generated()?.source ?? '', { cache: null })())
      await expectRight(m.adopt(binary))
      return m
    }),
  )

test('every reduction of the programs stands at the edge of a region', () => {
  const map = expectRight(mapMemory({ ...spec, generated: true }))
  for (const [name, { whole: form }] of map.programs) {
    const units = form?.plan.units ?? []
    const edge = name.endsWith('0') ? 'outer' : 'inner'
    const regions = units.flatMap(u => (u._tag === 'Region' ? [u] : []))
    const [n, m] = sizeIn(name)
    if (n < 2 || m < 2) continue
    const fits = edge === 'inner' || m % 4 === 0 || m >= 16
    assert.is(regions.flatMap(r => r.reductions).length, fits ? 3 : 0, name)
    assert.is(units.length, fits ? 1 : 4, name)
    for (const r of regions) assert.is(r.over, fits ? edge : 'outer', name)
  }
})

test('their bits are those of reductions by themselves, whole and cut for three threads', async () => {
  const apart = expectRight(machine({ ...spec, fused: false }))
  const others = await whole(spec)
  for (const [name, { results }] of Object.entries(programs)) {
    const [n, m] = sizeIn(name)
    const values = (length: number, salt: number) =>
      Float32Array.from({ length }, (_, i) => ((((i + 1) * 7919 * salt) % 1009) - 504) / 300)
    const given = { [`x ${n} ${m}`]: values(n * m, 1), [`row ${m}`]: values(m, 2), [`column ${n}`]: values(n, 3) }
    const expected = apart.run(name, 1, given)
    for (const other of others) {
      const got = other.run(name, 1, given)
      for (const result of Object.keys(results))
        assertBits(got[result] as Float32Array, expected[result] as Float32Array, `${name}: ${result}`)
    }
  }
})

test('maxima of rows and of columns are those of all numbers: NaN, infinities and zeros of either sign', async () => {
  const shapes = [1, 2, 3, 130].flatMap(n => [...short.map(([, m]) => m), 67].map(m => [n, m] as const))
  const tops = Object.fromEntries(
    shapes.map(([n, m]) => {
      const y = made(n, m)
      return [`${n} x ${m}`, { results: { y, rows: max(y, [1]), columns: max(y, [0]) }, updates: {} }]
    }),
  )
  const s = { rows: 1, state: [], programs: tops }
  const machines = [expectRight(machine({ ...s, fused: false })), expectRight(machine(s)), ...(await whole(s))]
  const kinds = [
    [-0, -0, -0, 0],
    [-0],
    [-Infinity],
    [-3, -2.5, -Infinity, -7],
    [2, Number.NaN, Infinity, -0, -1, 5, -8],
    [-1e-45, -1],
    [3, -Infinity, 5, 1],
  ]
  const oneNaN = (xs: Float32Array) => xs.map(v => (Number.isNaN(v) ? Number.NaN : v))
  for (const name of Object.keys(tops)) {
    const [n, m] = sizeIn(name)
    for (let shift = 0; shift < kinds.length; shift++) {
      const x = Float32Array.from({ length: n * m }, (_, i) => {
        const kind = kinds[(Math.floor(i / m) + shift) % kinds.length] as readonly number[]
        return kind[((i % m) + shift) % kind.length] as number
      })
      const given = {
        [`x ${n} ${m}`]: x,
        [`row ${m}`]: new Float32Array(m).fill(-0),
        [`column ${n}`]: new Float32Array(n).fill(1),
      }
      const of = (xs: Float32Array): number => xs.reduce((a, b) => Math.max(a, b), -Infinity)
      const rows = Float32Array.from({ length: n }, (_, i) => of(x.slice(i * m, (i + 1) * m)))
      const columns = Float32Array.from({ length: m }, (_, j) => of(x.filter((_v, i) => i % m === j)))
      for (const one of machines) {
        const got = one.run(name, 1, given)
        for (const [result, numbers] of Object.entries({ rows, columns }))
          assertBits(oneNaN(got[result] as Float32Array), oneNaN(numbers), `${name} ${shift}: ${result}`)
      }
    }
  }
})

test('softmax cross-entropy takes the maximum of each row as its logits are made, in the core too', () => {
  const net = pipe(Net.input(6), Layer.dense(10))
  const recipe = { net, batch: 9, epochs: 1, seed: 3, loss: Loss.softmaxCrossEntropy() }
  const { slots, train, evaluate } = expectRight(
    programsOf(Recipe.of({ ...recipe, optimizer: Optimizer.sgd({ rate: 0.1 }) })),
  )
  const map = expectRight(mapMemory({ rows: 9, state: slots, programs: { train, evaluate }, generated: true }))
  const regions = [...map.programs.values()].map(({ plan, whole: form }) => {
    const [core, all] = [plan, form?.plan ?? plan].map(({ program, units }) => {
      const parts = units.flatMap(partsOf)
      const maxima = parts.flatMap(u => (u._tag === 'Region' ? u.reductions.filter(r => r.kind === 'max') : []))
      assert.is(maxima.length, 1)
      for (const u of parts) {
        const expr = u._tag === 'Single' ? program.nodes[u.node]?.expr : undefined
        assert.not(expr?._tag === 'Apply' && expr.op.name === 'max')
      }
      return parts.filter(u => u._tag === 'Region').length
    })
    assert.is(core, all)
    return all
  })
  assert.equal(regions, [11, 6])
})

test.run()
