/** Simplification: what goes, what stays, and that no value changes. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate as reference } from '../../src/backend/reference.js'
import { constant, type Expr, input, tensor } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { add, div, mul, neg, sub } from '../../src/op/arithmetic.js'
import { broadcastTo, reshape } from '../../src/op/broadcast.js'
import { identity } from '../../src/op/identity.js'
import { stopGradient } from '../../src/op/stop.js'
import { transpose } from '../../src/op/window.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { simplify } from '../../src/transform/Simplify.js'
import { choices, fill, grow, sizes } from '../graph/random.js'
import { assertBits, expectRight } from '../support/assert.js'

const test = suite('Simplify')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
const simple = (...e: readonly Expr[]): Program.Program => expectRight(simplify(expectRight(Program.of(e))))
const x = input('x', f32(2, 3))
const becomes = (e: Expr, to: Expr): void =>
  assert.is(Program.print(simple(e)), Program.print(expectRight(Program.of([to]))))

test('neutral elements, double negation, views of views and stopped gradients and identities go', () => {
  for (const e of [
    mul(x, 1),
    mul(1, x),
    div(x, 1),
    sub(x, 0),
    neg(neg(x)),
    stopGradient(x),
    identity(x, 'a'),
    mul(x, tensor([1, 1, 1], [3])),
  ])
    becomes(e, x)
  becomes(reshape(reshape(x, [6]), [2, 3]), x)
  becomes(reshape(reshape(x, [6]), [3, 2]), reshape(x, [3, 2]))
  becomes(transpose(x, [0, 1]), x)
  becomes(broadcastTo(broadcastTo(x, [4, 2, 3]), [5, 4, 2, 3]), broadcastTo(x, [5, 4, 2, 3]))
  const rows = input('rows', f32(-1, 3))
  becomes(mul(neg(neg(mul(rows, 1))), 1), rows)
})

test('what could change a bit stays', () => {
  for (const e of [add(x, 0), sub(x, -0), mul(x, -1), mul(x, 0), div(1, x), sub(0, x), neg(x), transpose(x), sub(x, x)])
    becomes(e, e)
  becomes(mul(x, tensor([1, 1, 2], [3])), mul(x, tensor([1, 1, 2], [3])))
})

test('constants with a sign of zero', () => {
  const zero = input('z', f32())
  const [kept] = expectRight(reference([sub(zero, constant(-0))], { z: [-0] }))
  assert.ok(Object.is(kept?.values[0], 0))
  becomes(sub(zero, constant(-0)), sub(zero, constant(-0)))
  becomes(sub(zero, constant(0)), zero)
})

test('every value of random graphs keeps its bits, and there are no more nodes than before', () => {
  fc.assert(
    fc.property(choices(30), sizes, fc.nat(99), (list, size, seed) => {
      const pool = grow(list, size, 'real')
      const program = expectRight(Program.of(pool))
      const after = expectRight(simplify(program))
      assert.ok(after.nodes.length <= program.nodes.length)
      const values = Object.fromEntries(
        pool.flatMap(e => (e._tag === 'Apply' || !('name' in e) ? [] : [[e.name, fill(e, size.rows, 'real', seed)]])),
      )
      const expected = expectRight(reference(pool, values, size.rows))
      const actual = expectRight(reference(Program.outputs(after), values, size.rows))
      actual.forEach((a, i) => {
        assertBits(a.values, expected[i]?.values ?? new Float64Array(0), `output ${i}`)
      })
      assert.is(Program.print(expectRight(simplify(after))), Program.print(after), 'twice is once')
    }),
    { numRuns: 60, seed: 8 },
  )
})

test.run()
