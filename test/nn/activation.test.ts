import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate } from '../../src/backend/reference.js'
import { type Expr, input } from '../../src/graph/Expr.js'
import * as act from '../../src/nn/activation.js'
import { sum } from '../../src/op/broadcast.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { assertClose, expectRight } from '../support/assert.js'

const test = suite('activation')

const at = (f: (x: Expr) => Expr, xs: readonly number[]) => {
  const x = input('x', tensorType('f32', [xs.length]))
  const { gradients } = expectRight(grad(sum(f(x)), [x]))
  const [y, g] = expectRight(evaluate([f(x), ...gradients], { x: xs }))
  return { y: [...(y?.values ?? [])], g: [...(g?.values ?? [])] }
}

const all: readonly (readonly [string, (x: Expr) => Expr, (x: number) => number, (x: number) => number])[] = [
  ['relu', act.relu, x => Math.max(x, 0), x => (x > 0 ? 1 : 0)],
  ['leakyRelu', act.leakyRelu, x => (x > 0 ? x : 0.01 * x), x => (x > 0 ? 1 : 0.01)],
  ['leakyRelu 2', x => act.leakyRelu(x, 2), x => (x > 0 ? x : 2 * x), x => (x > 0 ? 1 : 2)],
  ['elu', act.elu, x => (x > 0 ? x : Math.expm1(x)), x => (x > 0 ? 1 : Math.exp(x))],
  ['elu 0.5', x => act.elu(x, 0.5), x => (x > 0 ? x : Math.expm1(x) / 2), x => (x > 0 ? 1 : Math.exp(x) / 2)],
  [
    'selu',
    act.selu,
    x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
    x => 1.0507009873554805 * (x > 0 ? 1 : 1.6732632423543772 * Math.exp(x)),
  ],
  [
    'swish',
    act.swish,
    x => x / (1 + Math.exp(-x)),
    x => (1 + Math.exp(-x) + x * Math.exp(-x)) / (1 + Math.exp(-x)) ** 2,
  ],
]
const points = [-20, -3, -0.5, -1e-9, 0, 1e-9, 0.5, 3, 20]

for (const [name, f, value, slope] of all) {
  test(`${name} and its gradient, at 0 that of the left side`, () => {
    const { y, g } = at(f, points)
    assertClose(y, points.map(value), { rel: 1e-14, abs: 1e-300 })
    assertClose(g, points.map(slope), { rel: 1e-13, abs: 1e-15 })
  })
  test(`${name} keeps NaN, and a large argument spoils no gradient`, () => {
    assert.ok(Number.isNaN(at(f, [NaN]).y[0]))
    assertClose(at(f, [1000]).g, [slope(1000)], { rel: 1e-12 })
  })
}

test.run()
