/** Eager evaluation: what is missing or does not fit is a Left that says so; what fits equals the reference. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate, evaluateAll } from '../../src/backend/evaluate.js'
import { evaluate as reference } from '../../src/backend/reference.js'
import { constant, type Expr, input, param } from '../../src/graph/Expr.js'
import { add, mul } from '../../src/op/arithmetic.js'
import { broadcastTo, reshape, sum } from '../../src/op/broadcast.js'
import { max, mean } from '../../src/op/reduce.js'
import { concat, slice, transpose } from '../../src/op/window.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { choices, fill, grow, sizes } from '../graph/random.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('evaluate')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
const x = input('x', f32(-1, 3))
const valuesOf = (e: Expr, inputs: Readonly<Record<string, ArrayLike<number>>> = {}, rows = 1): readonly number[] => [
  ...expectRight(evaluate(e, inputs, rows)).values,
]

test('what is missing or does not fit', () => {
  const why = (e: Expr, inputs: Readonly<Record<string, ArrayLike<number>>>, rows?: number): string =>
    expectLeft(evaluate(e, inputs, rows)).message
  assert.match(why(x, {}), /"x" needs f32\[1, 3\], but is not given/)
  assert.match(why(x, { x: [1, 2, 3] }, 2), /"x" needs f32\[2, 3\], but 3 values are given/)
  assert.match(why(param('w', f32(2)), { w: [1] }), /"w" needs f32\[2\], but 1 values are given/)
  assert.match(why(input('constructor', f32(1)), {}), /"constructor" needs f32\[1\], but is not given/)
  const i = input('i', tensorType('i32', [2]))
  for (const odd of [0.5, 2 ** 32, -(2 ** 31) - 1, Number.NaN, '1'])
    assert.match(why(i, { i: [0, odd as number] }), /"i" needs i32\[2\], but value 1 is /)
  assert.match(why(x, { x: [1, 'b' as never, 3] }), /"x" needs f32\[1, 3\], but value 1 is "b"/)
  assert.match(why(add(x, input('x', f32(3))), { x: [1, 2, 3] }), /"x" is used as/)
  for (const rows of [-1, 0.5, Number.NaN, Infinity])
    assert.match(why(x, { x: [] }, rows), /number of rows must be a whole/)
  assert.match(expectLeft(evaluateAll([sum(x), mean(x, [7])], { x: [1, 2, 3] })).message, /axes \[7\]/)
})

test('leaves, constants, one expression twice, and no expression at all', () => {
  const three = { x: [1, 2, 3], w: [5, 6] }
  const all = expectRight(
    evaluateAll([x, x, param('w', f32(2)), constant(2.5), broadcastTo(constant(4, 'i32'), [2])], three),
  )
  assert.equal(
    all.map(t => [...t.values]),
    [[1, 2, 3], [1, 2, 3], [5, 6], [2.5], [4, 4]],
  )
  assert.equal(
    all.map(t => t.shape),
    [[1, 3], [1, 3], [2], [], [2]],
  )
  assert.equal(expectRight(evaluateAll([])), [])
})

test('step scalars keep 64 bits through views and copies', () => {
  const t = input('t', tensorType('f64'))
  assert.equal(valuesOf(mul(t, t), { t: [1 / 3] }), [(1 / 3) * (1 / 3)])
  assert.equal(valuesOf(slice(transpose(t), [], []), { t: [0.1] }), [0.1])
  assert.equal(valuesOf(param('p', tensorType('f64')), { p: [1e-300] }), [1e-300])
})

test('no rows, no elements, and reductions over no axes', () => {
  assert.equal(valuesOf(mul(x, 2), { x: [] }, 0), [])
  assert.equal(valuesOf(sum(x), { x: [] }, 0), [0])
  assert.equal(valuesOf(sum(input('e', f32(2, 0)), [1]), { e: [] }), [0, 0])
  assert.equal(valuesOf(concat([input('e', f32(0, 2)), broadcastTo(constant(1), [1, 2])], 0), { e: [] }), [1, 1])
  assert.equal(valuesOf(max(constant(7))), [7])
  assert.equal(valuesOf(mean(x, []), { x: [1, 2, 3] }), [1, 2, 3])
})

test('masks are given as 0 or anything else', () => {
  assert.equal(valuesOf(input('m', tensorType('bool', [3])), { m: [0, 1, 2] }), [0, -1, -1])
  assert.equal(valuesOf(param('m', tensorType('bool', [2])), { m: [1, 0] }), [-1, 0])
})

test('random graphs of whole numbers equal the reference exactly', () => {
  fc.assert(
    fc.property(choices(20), sizes, (list, size) => {
      const pool = grow(list, size, 'whole')
      const leaf = pool.flatMap(e =>
        e._tag === 'Input' || e._tag === 'Param' ? [[e.name, fill(e, size.rows, 'whole')]] : [],
      )
      const given: Readonly<Record<string, Float32Array>> = Object.fromEntries(leaf)
      const expected = expectRight(reference(pool, given, size.rows))
      expectRight(evaluateAll(pool, given, size.rows)).forEach((t, i) => {
        assert.equal(t.shape, expected[i]?.shape)
        for (const [k, v] of t.values.entries())
          if (v !== expected[i]?.values[k]) assert.unreachable(`%${i} [${k}]: ${v} is not ${expected[i]?.values[k]}`)
      })
    }),
    { numRuns: 40, seed: 10 },
  )
})

test('an alias of an input leaves the input alone', () => {
  const given = { x: [1, 2, 3] }
  const view = reshape(x, [-3])
  assert.equal(
    expectRight(evaluateAll([view, mul(view, 2), x], given)).map(t => [...t.values]),
    [
      [1, 2, 3],
      [2, 4, 6],
      [1, 2, 3],
    ],
  )
})

test.run()
