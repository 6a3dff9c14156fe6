import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Clip from '../../src/optim/Clip.js'
import { assertBits, assertClose } from '../support/assert.js'
import { type Leaf, updatesOf } from './support.js'

interface Case {
  readonly name: string
  readonly kind: 'value' | 'norm' | 'globalNorm'
  readonly limit: number
  readonly gradients: readonly Leaf[]
  readonly clipped: readonly Leaf[]
}

const oracle: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../oracle/clip.json', import.meta.url), 'utf8'),
)
const stages = { value: Clip.byValue, norm: Clip.byNorm, globalNorm: Clip.byGlobalNorm }
const kinds = Object.keys(stages) as Case['kind'][]

const test = suite('Clip')

for (const { name, kind, limit, gradients, clipped } of oracle.cases)
  test(name, () => {
    for (const [precision, rel] of [
      ['f64', 2e-7],
      ['f32', 1e-6],
    ] as const)
      updatesOf([stages[kind](limit)], gradients, precision).forEach((u, i) => {
        const expected = clipped[i]?.data ?? []
        assertClose(u, expected, { rel, abs: 1e-9 }, precision)
      })
  })

test('the oracle has all kinds', () => assert.is(new Set(oracle.cases.map(c => c.kind)).size, 3))

const leaf = (data: readonly number[]): Leaf => ({ shape: [data.length], data })
const f32 = fc.float({ min: -1000, max: 1000, noNaN: true })
const gradients = fc.array(fc.array(f32, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 })
const limits = fc.constantFrom(0.25, 1, 5, 100)

test('clipping twice is clipping once, up to rounding', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), limits, gradients, (kind, limit, gs) => {
      const stage = stages[kind](limit)
      const once = updatesOf([stage], gs.map(leaf), 'f32')
      updatesOf([stage, stage], gs.map(leaf), 'f32').forEach((u, i) => {
        assertClose(u, once[i] ?? [], { rel: 1e-6, abs: 1e-40 })
      })
    }),
  )
})

test('gradients within the limit keep their bits', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), gradients, (kind, gs) => {
      updatesOf([stages[kind](5000)], gs.map(leaf), 'f32').forEach((u, i) => {
        assertBits(Float32Array.from(u), Float32Array.from(gs[i] ?? []))
      })
    }),
  )
})

test('the norms keep the direction and end at the limit', () => {
  const norm = (xs: ArrayLike<number>) => Math.hypot(...Array.from(xs))
  fc.assert(
    fc.property(limits, gradients, (limit, gs) => {
      const all = updatesOf([Clip.byGlobalNorm(limit)], gs.map(leaf))
      const before = norm(gs.flat())
      assertClose([norm(all.flatMap(u => [...u]))], [Math.min(before, limit)], { rel: 1e-6, abs: 1e-40 })
      const scale = limit / Math.max(before, limit)
      all.forEach((u, i) => {
        assertClose(
          u,
          (gs[i] ?? []).map(g => g * scale),
          { rel: 1e-6, abs: 1e-40 },
        )
      })
      updatesOf([Clip.byNorm(limit)], gs.map(leaf)).forEach((u, i) => {
        assertClose([norm(u)], [Math.min(norm(gs[i] ?? []), limit)], { rel: 1e-6, abs: 1e-40 })
      })
    }),
  )
})

test('a norm that is not finite shows as NaN, also where it only overflows', () => {
  for (const bad of [Infinity, -Infinity, NaN, 1e30]) {
    const gs = [leaf([bad, 1]), leaf([2])]
    assert.equal(
      updatesOf([Clip.byGlobalNorm(1)], gs, 'f32').map(u => [...u]),
      [[NaN, NaN], [NaN]],
    )
    assert.equal(
      updatesOf([Clip.byNorm(1)], gs, 'f32').map(u => [...u]),
      [[NaN, NaN], [1]],
    )
  }
})

test('by value, NaN stays and infinities become the limit', () => {
  const [u] = updatesOf([Clip.byValue(2)], [leaf([NaN, Infinity, -Infinity, 1])])
  assert.equal([...(u ?? [])], [NaN, 2, -2, 1])
})

test('no parameters, no updates', () => assert.equal(updatesOf([Clip.byGlobalNorm(1)], []), []))
test('adaptive clipping: at most a share of each unit, with a floor for small weights', () => {
  const clip = (data: readonly number[], p: readonly number[], stage = Clip.adaptive(0.5)) =>
    updatesOf([stage], [{ shape: [2, 2], data }], 'f64', [p], ['out/w'])[0] ?? []
  // unit 0: |p| = 5, |g| = 10 -> 2.5; unit 1: |p| = 0 -> 0.001, |g| = 1 -> 0.0005
  assertClose(clip([6, 1, 8, 0], [3, 0, 4, 0]), [1.5, 0.0005, 2, 0], { rel: 1e-9 })
  assert.equal([...clip([0.3, 0, 0.4, 0], [3, 1, 4, 1])], [0.3, 0, 0.4, 0])
  assert.equal([...clip([6, 1, 8, 0], [3, 0, 4, 0], Clip.adaptive(0.5, { exclude: ['out/**'] }))], [6, 1, 8, 0])
  assertClose(clip([6, 0, 8, 0], [0, 0, 0, 0], Clip.adaptive(0.5, { epsilon: 2 })), [0.6, 0, 0.8, 0], { rel: 1e-9 })
  assert.equal([...clip([NaN, 1, 1, 0], [3, 1, 4, 0])].map(Number.isNaN), [true, false, true, false])
  const vector = updatesOf([Clip.adaptive(0.5)], [{ shape: [2], data: [6, 8] }], 'f64', [[3, 4]])[0] ?? []
  assertClose(vector, [1.5, 2], { rel: 1e-9 })
  const none = updatesOf([Clip.adaptive(0.5, { epsilon: 2 })], [{ shape: [2], data: [6, 8] }])[0] ?? []
  assertClose(none, [0.6, 0.8], { rel: 1e-9 })
  assert.equal(Clip.adaptive(), Clip.adaptive(0.01, { epsilon: 0.001, include: ['**'] }))
})

test.run()
