/** Hoisting: what is computed once, and that no bit of a result changes. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluateAll } from '../../src/backend/evaluate.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { add, mul, neg } from '../../src/op/arithmetic.js'
import { broadcastTo, reshape } from '../../src/op/broadcast.js'
import { exp, rsqrt } from '../../src/op/math.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { hoist } from '../../src/transform/Hoist.js'
import { choices, fill, grow, sizes } from '../graph/random.js'
import { assertBits, expectRight } from '../support/assert.js'

const test = suite('Hoist')

const hoisted = (es: readonly Expr[]) => hoist(expectRight(Program.of(es)))
const namesOf = (program: Program.Program, tag: 'Param' | 'Input'): readonly string[] =>
  program.nodes.flatMap(({ expr }) => (expr._tag === tag ? [expr.name] : []))
const [p, q] = [param('p', tensorType('f32', [3])), param('q', tensorType('f32', [3]))]
const x = input('x', tensorType('f32', [-1, 3]))

test('the largest subexpressions of parameters go, once each; views and parameters stay', () => {
  const scale = mul(p, rsqrt(q))
  const { outputs, once } = hoisted([
    add(mul(x, scale), exp(scale)),
    mul(x, neg(p)),
    neg(p),
    mul(x, reshape(q, [1, 3])),
  ])
  assert.is(Object.keys(once).length, 3)
  const again = expectRight(Program.of(outputs))
  assert.equal(namesOf(again, 'Param'), ['/once/0/p', '/once/1/p', '/once/2/p', 'q'])
  assert.not.ok(again.nodes.some(({ expr }) => expr._tag === 'Apply' && ['exp', 'neg', 'rsqrt'].includes(expr.op.name)))
  const plain = expectRight(Program.of([mul(x, broadcastTo(p, [-1, 3]))]))
  assert.is(Program.print(expectRight(Program.of(hoist(plain).outputs))), Program.print(plain))
})

test('random graphs keep their bits, and nothing is left to be computed of parameters alone', () => {
  fc.assert(
    fc.property(choices(30), sizes, fc.nat(99), (list, size, seed) => {
      const pool = grow(list, size, 'real')
      const values = Object.fromEntries(
        pool.flatMap(e => (e._tag === 'Apply' || !('name' in e) ? [] : [[e.name, fill(e, size.rows, 'real', seed)]])),
      )
      const { outputs, once } = hoisted(pool)
      const names = Object.keys(once)
      const kept = expectRight(evaluateAll(Object.values(once), values, size.rows))
      const all = { ...values, ...Object.fromEntries(names.map((name, i) => [name, kept[i]?.values ?? []])) }
      const [wanted, got] = [pool, outputs].map(es => expectRight(evaluateAll(es, all, size.rows)))
      got?.forEach((a, i) => {
        assertBits(a.values, wanted?.[i]?.values ?? new Float32Array(0), `output ${i}`)
      })
      assert.equal(Object.keys(hoisted(outputs).once), [])
    }),
    { numRuns: 60, seed: 3 },
  )
})

test.run()
