import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluateAll } from '../../src/backend/evaluate.js'
import { evaluate } from '../../src/backend/reference.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import * as act from '../../src/nn/activation.js'
import { sum } from '../../src/op/broadcast.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { assertClose, expectRight } from '../support/assert.js'

const test = suite('activation')

type Fn = (x: number) => number
interface Case {
  readonly name: string
  readonly f: (x: Expr) => Expr
  readonly value: Fn
  readonly slope: Fn
  /** the limits to the left and right, of the value and of the gradient */
  readonly ends: readonly [number, number, number, number]
  /** what the kernels may err by, per unit of the result, where it is no tiny number */
  readonly rel?: number
}

const logistic: Fn = x => 1 / (1 + Math.exp(-x))
const softplus: Fn = x => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const normal: Fn = x => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
/** Abramowitz & Stegun 26.2.11 near 0; the continued fraction 26.2.14 far out. */
const phi: Fn = x => {
  if (x > 3) return 1 - phi(-x)
  if (x < -3) {
    let fraction = -x
    for (let k = 200; k > 0; k--) fraction = -x + k / fraction
    return normal(x) / fraction
  }
  let [term, total] = [x, x]
  for (let k = 1; k < 60; k++) {
    term *= (x * x) / (2 * k + 1)
    total += term
  }
  return 0.5 + total * normal(x)
}
/** x t(x), 0 where t is, so that the left limit is no 0 * infinity. */
const gated =
  (t: Fn): Fn =>
  x =>
    t(x) === 0 ? 0 : x * t(x)

const tanhInner: Fn = x => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)
const hard =
  (bend: number): Fn =>
  x =>
    Math.min(Math.max(x / (2 * bend) + 0.5, 0), 1)
const hardSlope =
  (bend: number): Fn =>
  x =>
    Math.abs(x) < bend ? 1 / (2 * bend) : 0
const [lambda, alpha] = [1.0507009873554805, 1.6732632423543772]
const relu = [0, Infinity, 0, 1] as const

const all: readonly Case[] = [
  { name: 'relu', f: act.relu, value: x => Math.max(x, 0), slope: x => (x > 0 ? 1 : 0), ends: relu },
  {
    name: 'relu6',
    f: act.relu6,
    value: x => Math.min(Math.max(x, 0), 6),
    slope: x => (x > 0 && x < 6 ? 1 : 0),
    ends: [0, 6, 0, 0],
  },
  {
    name: 'leakyRelu',
    f: act.leakyRelu,
    value: x => (x > 0 ? x : 0.01 * x),
    slope: x => (x > 0 ? 1 : 0.01),
    ends: [-Infinity, Infinity, 0.01, 1],
  },
  {
    name: 'leakyRelu 2',
    f: x => act.leakyRelu(x, 2),
    value: x => (x > 0 ? x : 2 * x),
    slope: x => (x > 0 ? 1 : 2),
    ends: [-Infinity, Infinity, 2, 1],
  },
  {
    name: 'elu',
    f: act.elu,
    value: x => (x > 0 ? x : Math.expm1(x)),
    slope: x => (x > 0 ? 1 : Math.exp(x)),
    ends: [-1, Infinity, 0, 1],
  },
  {
    name: 'elu 0.5',
    f: x => act.elu(x, 0.5),
    value: x => (x > 0 ? x : Math.expm1(x) / 2),
    slope: x => (x > 0 ? 1 : Math.exp(x) / 2),
    ends: [-0.5, Infinity, 0, 1],
  },
  {
    name: 'celu 2',
    f: x => act.celu(x, 2),
    value: x => (x > 0 ? x : 2 * Math.expm1(x / 2)),
    slope: x => (x > 0 ? 1 : Math.exp(x / 2)),
    ends: [-2, Infinity, 0, 1],
  },
  {
    name: 'selu',
    f: act.selu,
    value: x => lambda * (x > 0 ? x : alpha * Math.expm1(x)),
    slope: x => lambda * (x > 0 ? 1 : alpha * Math.exp(x)),
    ends: [-1.7580993408473768, Infinity, 0, lambda],
  },
  {
    name: 'softplus',
    f: act.softplus,
    value: softplus,
    slope: logistic,
    ends: relu,
  },
  {
    name: 'logistic',
    f: act.logistic,
    value: logistic,
    slope: x => logistic(x) * logistic(-x),
    ends: [0, 1, 0, 0],
  },
  { name: 'tanh', f: act.tanh, value: Math.tanh, slope: x => 1 / Math.cosh(x) ** 2, ends: [-1, 1, 0, 0] },
  {
    name: 'softsign',
    f: act.softsign,
    value: x => x / (1 + Math.abs(x)),
    slope: x => 1 / (1 + Math.abs(x)) ** 2,
    ends: [-1, 1, 0, 0],
  },
  { name: 'hardSigmoid', f: act.hardSigmoid, value: hard(3), slope: hardSlope(3), ends: [0, 1, 0, 0] },
  {
    name: 'hardSigmoid keras',
    f: x => act.hardSigmoid(x, 'keras'),
    value: hard(3),
    slope: hardSlope(3),
    ends: [0, 1, 0, 0],
  },
  {
    name: 'hardSigmoid keras2',
    f: x => act.hardSigmoid(x, 'keras2'),
    value: hard(2.5),
    slope: hardSlope(2.5),
    ends: [0, 1, 0, 0],
  },
  {
    name: 'hardSigmoid tf1',
    f: x => act.hardSigmoid(x, 'tf1'),
    value: hard(2.5),
    slope: hardSlope(2.5),
    ends: [0, 1, 0, 0],
  },
  {
    name: 'swish',
    f: act.swish,
    value: gated(logistic),
    slope: x => logistic(x) + gated(y => logistic(y) * logistic(-y))(x),
    ends: relu,
  },
  {
    name: 'mish',
    f: act.mish,
    value: gated(x => Math.tanh(softplus(x))),
    slope: x => Math.tanh(softplus(x)) + gated(y => logistic(y) / Math.cosh(softplus(y)) ** 2)(x),
    ends: relu,
  },
  { name: 'gelu', f: act.gelu, value: gated(phi), slope: x => phi(x) + gated(normal)(x), ends: relu },
  {
    name: 'gelu tanh',
    f: x => act.gelu(x, 'tanh'),
    value: gated(x => logistic(2 * tanhInner(x))),
    slope: x => {
      const s = logistic(2 * tanhInner(x))
      const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x)
      return s + gated(() => s * logistic(-2 * tanhInner(x)))(x) * 2 * inner
    },
    ends: relu,
  },
]

const at = (f: (x: Expr) => Expr, xs: readonly number[]) => {
  const x = input('x', tensorType('f32', [xs.length]))
  const { gradients } = expectRight(grad(sum(f(x)), [x]))
  return [f(x), ...gradients]
}
/** Values and gradients in float64. */
const exact = (f: (x: Expr) => Expr, xs: readonly number[]) => {
  const [y, g] = expectRight(evaluate(at(f, xs), { x: xs }))
  return { y: [...(y?.values ?? [])], g: [...(g?.values ?? [])] }
}
/** Values and gradients as a model computes them. */
const kernels = (f: (x: Expr) => Expr, xs: readonly number[]) => {
  const [y, g] = expectRight(evaluateAll(at(f, xs), { x: xs }))
  return { y: [...(y?.values ?? [])], g: [...(g?.values ?? [])] }
}

const points = [-20, -3, -2.5, -1, -0.5, -1e-9, 0, 1e-9, 0.5, 1, 2.5, 3, 6, 20]
/** Of both signs, from the smallest denormal to the largest number, dense between 2^-10 and 2^8. */
const wide = [
  ...[1.401298464324817e-45, 1e-40, 1.1754943508222875e-38, 1e-30, 1e-20, 1e-10, 1e5, 1e10, 1e20, 1e30, 1e38],
  ...Array.from({ length: 721 }, (_, i) => 2 ** (i / 40 - 10)),
]
  .flatMap(x => [x, -x])
  .map(Math.fround)

for (const { name, f, value, slope, ends } of all) {
  test(`${name} and its gradient in float64, at a kink that of the flat or left side`, () => {
    const { y, g } = exact(f, points)
    assertClose(y, points.map(value), { rel: 1e-12, abs: 1e-15 })
    assertClose(g, points.map(slope), { rel: 1e-12, abs: 1e-13 })
  })
  test(`${name} and its gradient from the kernels, over all magnitudes`, () => {
    const { y, g } = kernels(f, wide)
    assertClose(y, wide.map(value), { rel: 1e-6, abs: 2e-7 })
    assertClose(g, wide.map(slope), { rel: 2e-6, abs: 1e-6 })
    const tiny = [1.401298464324817e-45, 1e-40, 1e-30, -1e-30, -1e-40, -1.401298464324817e-45].map(Math.fround)
    const small = kernels(f, tiny).y
    assertClose(small, tiny.map(value), { rel: 1e-6, abs: 1.5e-45 }, 'denormals are kept')
  })
  test(`${name} keeps NaN, and at infinities is its limit`, () => {
    for (const { y, g } of [exact(f, [NaN, -Infinity, Infinity]), kernels(f, [NaN, -Infinity, Infinity])]) {
      assert.ok(Number.isNaN(y[0]))
      assertClose([...y.slice(1), ...g.slice(1)], ends, { rel: 1e-7 })
    }
  })
  test(`${name} is the same at both zeros`, () => {
    for (const { y, g } of [exact(f, [0, -0]), kernels(f, [0, -0])]) {
      assertClose(y, [value(0), value(0)], { rel: 1e-7 })
      assertClose(g, [slope(0), slope(0)], { rel: 1e-7 })
    }
  })
}

test('odd activations, and those that are linear on the left, keep the sign of zero', () => {
  for (const f of [act.tanh, act.softsign, act.leakyRelu, act.elu, act.celu, act.selu])
    for (const { y } of [exact(f, [0, -0]), kernels(f, [0, -0])])
      assert.equal(
        y.map(v => Object.is(v, -0)),
        [false, true],
      )
})

test('hardSigmoid is within [0, 1] and its pieces meet', () => {
  for (const [form, bend] of [
    ['torch', 3],
    ['keras2', 2.5],
  ] as const) {
    const edge = Math.fround(bend * (1 - 2 ** -23))
    const { y } = kernels(x => act.hardSigmoid(x, form), [-bend, -edge, edge, bend])
    assert.ok(
      y.every(v => v >= 0 && v <= 1),
      `${y}`,
    )
    assertClose(y, [0, 0, 1, 1], { abs: 2e-7 })
  }
})

test('the gradient of softsign does not cancel', () => {
  const far = [1.5, 30, 1e4, -1e8, 1e15]
  assertClose(
    kernels(act.softsign, far).g,
    far.map(x => 1 / (1 + Math.abs(x)) ** 2),
    { rel: 1e-6 },
  )
})

test('celu of alpha is alpha elu(x / alpha)', () => {
  assert.equal(exact(act.celu, points).y, exact(x => act.celu(x, 1), points).y)
  const xs = points.map(x => 3 * x)
  assertClose(
    exact(x => act.celu(x, 3), xs).y,
    exact(act.elu, points).y.map(y => 3 * y),
    { rel: 1e-14 },
  )
})

test('silu is swish', () => assert.is(act.silu, act.swish))

test('prelu, its gradient and that of its slope, per channel and shared', () => {
  const xs = [-2, 3, -0, Infinity, -0.5, 4]
  const x = input('x', tensorType('f32', [3, 2]))
  for (const [shape, slopes, dAlpha] of [
    [[2], [0.25, -3], [-2.5, 0]],
    [[], [0.25], [-2.5]],
  ] as const) {
    const a = param('alpha', tensorType('f32', shape))
    const y = act.prelu(x, a)
    const { gradients } = expectRight(grad(sum(y), [x, a]))
    const bound = { x: xs, alpha: slopes }
    for (const got of [
      expectRight(evaluate([y, ...gradients], bound)).map(v => [...v.values]),
      expectRight(evaluateAll([y, ...gradients], bound)).map(v => [...v.values]),
    ]) {
      assertClose(got[0] ?? [], [-0.5, 3, 0, Infinity, -0.125, 4], { abs: 0 })
      assertClose(got[1] ?? [], [0.25, 1, 0.25, 1, 0.25, 1], { abs: 0 })
      assertClose(got[2] ?? [], dAlpha, { abs: 0 })
    }
  }
})

test.run()
