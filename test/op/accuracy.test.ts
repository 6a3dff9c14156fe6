/** The accuracy of long reductions, against sums in float64. */
import { suite } from 'uvu'
import { evaluate } from '../../src/backend/evaluate.js'
import { type Expr, input } from '../../src/graph/Expr.js'
import { sum } from '../../src/op/broadcast.js'
import { matmul } from '../../src/op/matmul.js'
import { mean } from '../../src/op/reduce.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertClose, expectRight } from '../support/assert.js'

const test = suite('accuracy')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)

test('sums of a million elements are right to a few parts in a million', () => {
  const n = 1_000_000
  const x = Float32Array.from({ length: n }, (_, i) => ((i * 0.6180339887498949) % 1) + 1e-3)
  const exact = x.reduce((a, b) => a + b, 0)
  const total = (shape: readonly number[], f: (e: Expr) => Expr): number =>
    expectRight(evaluate(f(input('x', f32(...shape))), { x })).values[0] as number
  const shapes = [[n], [1000, 1000], [n, 1], [10, 100, 1000]]
  for (const shape of shapes) assertClose([total(shape, e => sum(e))], [exact], { rel: 1e-6 }, `sum of [${shape}]`)
  assertClose([total([n], e => mean(e))], [exact / n], { rel: 1e-6 })
  const columns = expectRight(evaluate(sum(input('x', f32(250_000, 4)), [0]), { x })).values
  const by4 = [0, 1, 2, 3].map(k => x.reduce((a, b, i) => (i % 4 === k ? a + b : a), 0))
  assertClose(columns, by4, { rel: 1e-6 })
  const squares = x.reduce((a, b) => a + b * b, 0)
  const row = total([1, n], e => matmul(e, e, { b: true }))
  assertClose([row], [squares], { rel: 2e-6 })
})

test.run()
