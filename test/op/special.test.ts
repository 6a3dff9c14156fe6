/** Special values and large arguments. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate, evaluateAll } from '../../src/backend/evaluate.js'
import { evaluate as reference } from '../../src/backend/reference.js'
import { type Expr, input, tensor } from '../../src/graph/Expr.js'
import * as activation from '../../src/nn/activation.js'
import * as Loss from '../../src/nn/Loss.js'
import { add, clamp, maximum, minimum, mul, neg, sign, sub } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import { gelu, logSoftmax, logSumExp, softmax, softplus } from '../../src/op/composite.js'
import { gather, scatterAdd } from '../../src/op/gather.js'
import { erf } from '../../src/op/math.js'
import { maxPool2d } from '../../src/op/pool.js'
import { argmax, max } from '../../src/op/reduce.js'
import { cast, eq, ne } from '../../src/op/select.js'
import { slice } from '../../src/op/window.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { assertClose, expectRight } from '../support/assert.js'

const test = suite('special values')
const { NaN: nan } = Number
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
const of = (f: (x: Expr) => Expr, x: readonly number[], shape: readonly number[] = [x.length]): readonly number[] => [
  ...expectRight(evaluate(f(input('x', f32(...shape))), { x })).values,
]
const slope = (f: (x: Expr) => Expr, x: readonly number[], shape: readonly number[] = [x.length]): readonly number[] =>
  of(e => expectRight(grad(sum(f(e)), [e])).gradients[0] as Expr, x, shape)
const same = (actual: readonly number[], expected: readonly number[]): void =>
  assert.ok(
    actual.length === expected.length && actual.every((a, i) => Object.is(a, expected[i])),
    `${actual.map(a => (Object.is(a, -0) ? '-0' : a))} is not ${expected.map(a => (Object.is(a, -0) ? '-0' : a))}`,
  )

test('pools: the first of the largest counts, a NaN as the largest, whether windows lie side by side or overlap', () => {
  const some = [nan, Infinity, -Infinity, 1, 1, 2, -3]
  const shape = [2, 4, 6, 4]
  const x = Float32Array.from({ length: 192 }, (_, i) => some[(i * i + 3 * (i >> 3)) % 7] as number)
  const e = input('x', f32(...shape))
  const weights = tensor(
    Array.from({ length: 192 }, (_, i) => i + 1),
    shape,
  )
  for (const stride of [2, 1]) {
    const y = maxPool2d(e, 2, { stride })
    const [, rows = 0, columns = 0] = y.type.shape
    const g = grad(sum(mul(y, slice(weights, [0, 0, 0, 0], [2, rows, columns, 4]))), [e])
    const exprs = [y, ...expectRight(g).gradients]
    const [made, wanted] = [expectRight(evaluateAll(exprs, { x })), expectRight(reference(exprs, { x }))]
    exprs.forEach((_, i) => {
      same([...(made[i]?.values ?? [])], [...(wanted[i]?.values ?? [])])
    })
  }
})

test('a NaN stays a NaN, and infinities go where they should', () => {
  const x = [nan, Infinity, -Infinity]
  same(of(activation.relu, x), [nan, Infinity, 0])
  same(of(activation.elu, x), [nan, Infinity, -1])
  same(of(softplus, x), [nan, Infinity, 0])
  same(
    of(e => clamp(e, -1, 2), x),
    [nan, 2, -1],
  )
  same(
    of(e => maximum(e, 0), x),
    [nan, Infinity, 0],
  )
  same(
    of(e => minimum(0, e), x),
    [nan, 0, -Infinity],
  )
  same(of(activation.logistic, x), [nan, 1, 0])
  same(of(activation.tanh, x), [nan, 1, -1])
  same(
    of(e => cast(e, 'i32'), [...x, 3e9, -3e9, 1.9, -1.9]),
    [0, 2147483647, -2147483648, 2147483647, -2147483648, 1, -1],
  )
  same(
    of(e => cast(ne(e, e), 'f32'), x),
    [1, 0, 0],
  )
  for (const f of [activation.leakyRelu, activation.selu, gelu, activation.swish, sign, neg])
    assert.ok(Number.isNaN(of(e => f(e), [nan])[0]))
})

test('the reference of erf is right far out too', () => {
  const e = erf(input('x', f32(6)))
  const [y] = expectRight(reference([e], { x: [-9, -6.5, -5.5, 5.5, 6.5, 9] }))
  assertClose([...(y?.values ?? [])], [-1, -1, -1 + 7.4e-15, 1 - 7.4e-15, 1, 1], { abs: 1e-15 })
})

test('zeros keep their sign where they are passed on', () => {
  same(of(neg, [0, -0]), [-0, 0])
  same(
    of(e => maximum(e, -0), [0, -0]),
    [0, -0],
  )
  same(
    of(e => clamp(e, -0, 1), [-0]),
    [-0],
  )
  same(
    of(e => mul(e, -1), [0]),
    [-0],
  )
  same(
    of(e => add(e, 0), [-0]),
    [0],
  )
  same(
    of(e => cast(eq(e, 0), 'f32'), [0, -0]),
    [1, 1],
  )
})

test('maxima find a NaN anywhere, along any axis', () => {
  for (const n of [1, 3, 4, 5, 17, 64]) {
    for (const at of [0, n - 1]) {
      const x = Array.from({ length: n }, (_, i) => (i === at ? nan : i))
      same(
        of(e => max(e), x),
        [nan],
      )
      same(
        of(e => argmax(e), x),
        [at],
      )
    }
    const least = new Array<number>(n).fill(-Infinity)
    same(
      of(e => max(e), least),
      [-Infinity],
    )
  }
  same(
    of(e => max(e, [0]), [1, nan, 3, 4, 5, -1], [2, 3]),
    [4, nan, 3],
  )
  same(
    of(e => max(e, [0]), [-0, 0, 0, -0], [2, 2]),
    [0, 0],
  )
})

test('softmax and its relatives keep in range for large logits', () => {
  const x = [1e4, -1e4, 9999, 0, 3e38, -3e38]
  same(
    of(e => softmax(e), x),
    [0, 0, 0, 0, 1, 0],
  )
  assertClose(
    of(e => softmax(e), [1e4, 9999], [1, 2]),
    [1 / (1 + Math.exp(-1)), 1 / (1 + Math.E)],
    { rel: 1e-6 },
  )
  assertClose(
    of(e => logSoftmax(e), [1e4, 0, -1e4]),
    [0, -1e4, -2e4],
    { rel: 1e-6 },
  )
  assertClose(
    of(e => logSumExp(e), [1e4, 1e4]),
    [1e4 + Math.log(2)],
    { rel: 1e-6 },
  )
  assertClose(
    of(e => logSumExp(e), [-1e4, -1e4]),
    [-1e4 + Math.log(2)],
    { rel: 1e-6 },
  )
  for (const f of [softmax, logSoftmax, logSumExp]) assert.ok(slope(e => f(e), x).every(Number.isFinite))
  assertClose(
    slope(e => logSumExp(e), [1e4, 1e4, -1e4]),
    [0.5, 0.5, 0],
    { abs: 1e-7 },
  )
})

test('masked logits, -infinity, have no share in softmax and its relatives, nor in their gradients', () => {
  const [inf, x] = [Infinity, [-Infinity, 1, -Infinity, 2]]
  const shares = [0, 1 / (1 + Math.E), 0, 1 / (1 + 1 / Math.E)]
  assertClose(
    of(e => softmax(e), x),
    shares,
    { abs: 1e-7 },
  )
  assertClose(
    of(e => logSoftmax(e), x),
    shares.map(Math.log),
    { rel: 1e-6 },
  )
  assertClose(
    of(e => logSumExp(e), x),
    [2 + Math.log1p(1 / Math.E)],
    { rel: 1e-6 },
  )
  assertClose(
    slope(e => logSumExp(e), x),
    shares,
    { abs: 1e-7 },
  )
  const [weight, sum4] = [[1, 2, 3, 4], 4 * (shares[3] as number) + 2 * (shares[1] as number)]
  assertClose(
    slope(e => mul(softmax(e), tensor(weight, [4])), x),
    shares.map((p, i) => p * ((weight[i] as number) - sum4)),
    { abs: 1e-6 },
  )
  const twice = (e: Expr) => mul(expectRight(grad(sum(logSumExp(e)), [e])).gradients[0] as Expr, tensor(weight, [4]))
  assertClose(
    slope(twice, x),
    shares.map((p, i) => p * ((weight[i] as number) - sum4)),
    { abs: 1e-6 },
  )

  const rows = [-inf, -inf, 0, -inf, inf, 1, nan, -inf]
  same(
    of(e => logSumExp(e), rows, [4, 2]),
    [-inf, 0, inf, nan],
  )
  same(
    of(e => logSumExp(e, 0), [-inf, 3, -inf, -inf], [2, 2]),
    [-inf, 3],
  )
  same(
    slope(e => logSumExp(e), [-inf, -inf, 0, -inf], [2, 2]),
    [0, 0, 1, 0],
  )
  const masked = (x: Expr) => Loss.compute(Loss.softmaxCrossEntropy(), x, input('label', tensorType('i32', [2])))
  const given = { x: [1, -inf, 2, -inf, 5, -inf], label: [0, 1] }
  const at = input('x', f32(2, 3))
  const losses = expectRight(evaluateAll([masked(at), ...expectRight(grad(sum(masked(at)), [at])).gradients], given))
  assertClose(losses[0]?.values ?? [], [1 + Math.log1p(1 / Math.E), 0], { rel: 1e-6 })
  const q = 1 / (1 + 1 / Math.E)
  assertClose(losses[1]?.values ?? [], [-q, 0, q, 0, 0, 0], { abs: 1e-6 })
})

test('softplus and the activations have finite slopes far out', () => {
  const far = [-1e30, -200, -1, 0, 1, 200, 1e30]
  assertClose(of(softplus, far), [0, 0, Math.log1p(Math.exp(-1)), Math.LN2, Math.log1p(Math.E), 200, 1e30], {
    rel: 2e-6,
  })
  assertClose(slope(softplus, far), [0, 0, 1 / (1 + Math.E), 0.5, 1 / (1 + Math.exp(-1)), 1, 1], { abs: 1e-6 })
  for (const f of [
    activation.elu,
    activation.selu,
    activation.relu,
    activation.leakyRelu,
    activation.tanh,
    activation.logistic,
  ])
    assert.ok(slope(e => f(e), far).every(Number.isFinite))
})

test('sigmoid cross-entropy is exact and finite for large logits', () => {
  const loss = (z: number) => (x: Expr) => Loss.compute(Loss.sigmoidCrossEntropy(), x, mul(add(mul(x, 0), 1), z))
  const x = [-1e4, -100, 0, 100, 1e4]
  assertClose(of(loss(1), x), [1e4, 100, Math.LN2, 0, 0], { rel: 1e-6, abs: 1e-30 })
  assertClose(of(loss(0), x), [0, 0, Math.LN2, 100, 1e4], { rel: 1e-6, abs: 1e-30 })
  const gradient = (z: number) => slope(e => sub(softplus(e), mul(e, z)), x)
  assertClose(gradient(1), [-1, -1, -0.5, 0, 0], { abs: 1e-6 })
})

test('an index out of range is clamped, in the gradient too', () => {
  const index = input('i', tensorType('i32', [4]))
  const table = input('t', f32(3))
  const values = { i: [-5, 0, 2, 99], t: [10, 20, 30] }
  const all = expectRight(evaluateAll([gather(table, index), scatterAdd(index, gather(table, index), [3])], values))
  same([...(all[0]?.values ?? [])], [10, 10, 30, 30])
  same([...(all[1]?.values ?? [])], [20, 0, 60])
})

test.run()
