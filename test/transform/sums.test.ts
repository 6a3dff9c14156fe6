/** Sums at the edge of regions keep the order of `reduceSum`: the same bits for all sizes, and for none. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mapMemory } from '../../src/backend/layout.js'
import { type MachineSpec, machine } from '../../src/backend/machine.js'
import { build } from '../../src/compiler/build.js'
import { input } from '../../src/graph/Expr.js'
import { add, mul } from '../../src/op/arithmetic.js'
import { broadcastTo, reshape, sum } from '../../src/op/broadcast.js'
import { exp } from '../../src/op/math.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertBits, expectRight } from '../support/assert.js'

const test = suite('sums at the edge')

const sizes: readonly (readonly [number, number])[] = [
  ...[0, 2, 127, 128, 129, 300].flatMap(n => [4, 17, 36].map(m => [n, m] as const)),
  ...[1, 3].flatMap(n => [15, 16, 67, 4095, 4096, 4113].map(m => [n, m] as const)),
]

/** Two sums over an axis of what is made of a matrix, a column for each of its rows and a row for each of its columns. */
const programOf = (n: number, m: number, axis: 0 | 1) => {
  const x = input(`x ${n} ${m}`, tensorType('f32', [n, m]))
  const row = input(`row ${m}`, tensorType('f32', [m]))
  const column = input(`column ${n}`, tensorType('f32', [n]))
  const y = mul(add(x, broadcastTo(row, [n, m])), broadcastTo(reshape(column, [n, 1]), [n, m]))
  const results = { y, squares: sum(mul(y, y), [axis]), powers: sum(exp(y), [axis]) }
  return { results: axis === 0 ? results : { squares: results.squares, powers: results.powers }, updates: {} }
}

const programs = Object.fromEntries(
  sizes.flatMap(([n, m]) => ([0, 1] as const).map(axis => [`${n} x ${m}, over ${axis}`, programOf(n, m, axis)])),
)
const spec: MachineSpec = { rows: 1, state: [], programs }

test('every sum of the programs stands at the edge of a region', () => {
  const map = expectRight(mapMemory({ ...spec, generated: true }))
  for (const [name, { whole }] of map.programs) {
    const units = whole?.plan.units ?? []
    const edge = name.endsWith('0') ? 'outer' : 'inner'
    const regions = units.flatMap(u => (u._tag === 'Region' ? [u] : []))
    const [n = 0, m = 0] = (name.match(/\d+/g) ?? []).map(Number)
    if (n < 2) continue
    const fits = edge === 'inner' || m % 4 === 0 || m >= 16
    assert.is(regions.flatMap(r => r.sums).length, fits ? 2 : 0, name)
    assert.is(units.length, fits ? 1 : 3, name)
    for (const r of regions) assert.is(r.over, fits ? edge : 'outer', name)
  }
})

test('their bits are those of sums by themselves, whole and cut for three threads', async () => {
  const apart = expectRight(machine({ ...spec, fused: false }))
  const others = [{}, { threads: 3, leastTile: 1e-9 }].map(more =>
    expectRight(machine({ ...spec, ...more, generated: true })),
  )
  for (const m of others) {
    await m.up
    const { binary } = expectRight(await build(m.generated()?.source ?? '', { cache: null })())
    await expectRight(m.adopt(binary))
  }
  for (const [name, { results }] of Object.entries(programs)) {
    const [n = 0, m = 0] = (name.match(/\d+/g) ?? []).map(Number)
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

test.run()
