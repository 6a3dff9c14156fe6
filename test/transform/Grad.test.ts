/** Reverse mode: by hand, by finite differences on random graphs, and twice. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate as reference } from '../../src/backend/reference.js'
import { constant, type Expr, input, param } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { elu, relu, relu6 } from '../../src/nn/activation.js'
import { add, clamp, div, maximum, minimum, mul } from '../../src/op/arithmetic.js'
import { broadcastTo, reshape, sum } from '../../src/op/broadcast.js'
import { logSumExp, softmax } from '../../src/op/composite.js'
import { identity } from '../../src/op/identity.js'
import { exp, logistic, pow, tanh } from '../../src/op/math.js'
import { matmul } from '../../src/op/matmul.js'
import { max, mean } from '../../src/op/reduce.js'
import { cast, gt, select } from '../../src/op/select.js'
import { stopGradient } from '../../src/op/stop.js'
import { concat, pad, slice, transpose } from '../../src/op/window.js'
import { sizeOf, tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { type Choice, choices } from '../graph/random.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Grad')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
type Values = Readonly<Record<string, readonly number[]>>
const at = (e: Expr, values: Values, rows = 1): Float64Array =>
  expectRight(reference([e], values, rows))[0]?.values ?? new Float64Array(0)
const gradOf = (loss: Expr, ...wrt: readonly Expr[]): readonly Expr[] => expectRight(grad(loss, wrt)).gradients
const x = input('x', f32(3))

test('what does not matter has gradient zero, of its own type', () => {
  const [w, i, other] = [param('w', f32(2, 3)), input('i', tensorType('i32', [2])), tanh(input('y', f32(-1, 2)))]
  const [gw, gi, go, gs] = gradOf(sum(mul(x, x)), w, i, other, stopGradient(x)) as readonly [Expr, Expr, Expr, Expr]
  assert.equal([gw.type, gi.type, go.type], [w.type, i.type, other.type])
  assertClose(at(gw, {}), new Float64Array(6), {})
  assertClose(at(gi, {}), new Float64Array(2), {})
  assertClose(at(go, {}, 3), new Float64Array(6), {})
  assertClose(at(gs, {}), new Float64Array(3), {})
  const [through] = gradOf(sum(mul(stopGradient(x), x)), x)
  assertClose(at(through as Expr, { x: [1, 2, 3] }), [1, 2, 3], {})
  const [cut] = gradOf(sum(cast(cast(x, 'i32'), 'f32')), x)
  assertClose(at(cut as Expr, { x: [1, 2, 3] }), [0, 0, 0], {})
})

test('what is rectified, bounded, or exponential below 0 tells its gradient, and nothing is kept beside it', () => {
  for (const [f, slope, masks] of [
    [relu, (v: number) => (v > 0 ? 3 : 0), ['le']],
    [relu6, (v: number) => (v > 0 && v < 6 ? 3 : 0), ['ge']],
    [elu, (v: number) => (v > 0 ? 3 : 3 * Math.exp(v)), ['le']],
  ] as const) {
    const y = f(x)
    const [g] = gradOf(sum(mul(y, 3)), x) as readonly [Expr]
    const { nodes, outputs } = expectRight(Program.of([y, g]))
    const told = nodes.flatMap(({ expr, args }) =>
      expr._tag === 'Apply' && /^[lg]e$/.test(expr.op.name) && args[0] === outputs[0] ? [expr.op.name] : [],
    )
    assert.equal(told, masks)
    for (const values of [
      [-1, 0, 2],
      [-0, 6, 7],
      [5, Infinity, -Infinity],
    ])
      assertClose(at(g, { x: values }), values.map(slope), {})
    assert.is(at(g, { x: [NaN, 1, 1] })[0], 3, 'NaN is neither at most 0 nor at least 6, before and after')
  }
})

test('with respect to an inner expression, an equal one, the loss itself, and one of many uses', () => {
  const inner = mul(x, x)
  const loss = sum(mul(inner, add(inner, x)))
  const [g, equal, one, gx] = gradOf(loss, inner, mul(input('x', f32(3)), x), loss, x) as readonly [
    Expr,
    Expr,
    Expr,
    Expr,
  ]
  const values = { x: [1, 2, -3] }
  assertClose(at(g, values), [3, 10, 15], {})
  assertClose(at(equal, values), [3, 10, 15], {})
  assertClose(at(one, values), [1], {})
  assertClose(at(gx, values), [7, 44, -81], {})
})

test('with respect to one of several uses of a value', () => {
  const [a, b] = [identity(x, 'a'), identity(x, 'b')]
  const loss = sum(add(mul(a, x), mul(b, 3)))
  const all = gradOf(loss, a, b, x, identity(x, 'a')).map(g => at(g, { x: [1, 2, -3] }))
  assertClose(all[0] ?? [], [1, 2, -3], {})
  assertClose(all[1] ?? [], [3, 3, 3], {})
  assertClose(all[2] ?? [], [5, 7, -3], {})
  assertClose(all[3] ?? [], [1, 2, -3], {})
})

test('ties and kinks: maxima share, a clamp passes at its bounds, powers of and with zero are flat', () => {
  const [g] = gradOf(sum(max(reshape(x, [1, 3]), [1])), x)
  assertClose(at(g as Expr, { x: [2, 1, 2] }), [0.5, 0, 0.5], {})
  const y = input('y', f32())
  const [flat, slope] = gradOf(pow(y, input('n', f32())), y, input('n', f32()))
  assertClose(at(flat as Expr, { y: [0], n: [0] }), [0], {})
  assertClose(at(slope as Expr, { y: [0], n: [2] }), [0], {})
  const [inside] = gradOf(sum(clamp(x, -1, 1)), x)
  assertClose(at(inside as Expr, { x: [-1, 1, 1.5] }), [1, 1, 0], {})
})

test('two numbers share at a tie; of a clamp one of the three has the gradient; x^1 has slope 1', () => {
  const [a, b, c] = [x, input('b', f32(3)), input('c', f32(3))]
  const slopes = (e: Expr, values: Values) => gradOf(sum(e), a, b, c).map(g => [...at(g, values)])
  const tied = { x: [1, 2, 3], b: [2, 2, 2] }
  assert.equal(slopes(maximum(a, b), tied).slice(0, 2), [
    [0, 0.5, 1],
    [1, 0.5, 0],
  ])
  assert.equal(slopes(minimum(a, b), tied).slice(0, 2), [
    [1, 0.5, 0],
    [0, 0.5, 1],
  ])
  // at the low bound, below both bounds that are one, at the high bound; then low above high
  assert.equal(slopes(clamp(a, b, c), { x: [1, 0, 2], b: [1, 1, 0], c: [3, 1, 2] }), [
    [1, 0, 1],
    [0, 1, 0],
    [0, 0, 0],
  ])
  assert.equal(slopes(clamp(a, b, c), { x: [5, 0, 1], b: [0, 2, 2], c: [3, 1, 1] }), [
    [0, 0, 0],
    [0, 0, 0],
    [1, 1, 1],
  ])
  assert.equal(slopes(pow(a, b), { x: [0, 3, 2], b: [1, 1, 2] })[0], [1, 1, 4])
})

test('a loss must be a real scalar, and the first misfit is reported', () => {
  assert.match(expectLeft(grad(x, [x])).message, /the loss must be a real scalar, but it is f32\[3\]/)
  assert.match(expectLeft(grad(cast(sum(x), 'i32'), [x])).message, /i32\[\]/)
  assert.match(expectLeft(grad(sum(add(x, input('y', f32(2)))), [x])).message, /do not broadcast/)
})

test('a step scalar has a gradient in f64', () => {
  const t = input('t', tensorType('f64'))
  const [g] = gradOf(mul(exp(div(t, 2)), t), t)
  assert.is(g?.type.dtype, 'f64')
  assertClose(at(g as Expr, { t: [2] }), [2 * Math.E], { rel: 1e-12 })
})

const params = [param('v', f32(3)), param('m', f32(2, 3)), param('s', f32()), param('c', f32(2, 1))] as const
type Rule = (a: Expr, b: Expr, c: number) => Expr
/** Smooth almost everywhere, and of moderate size. */
const rules: readonly Rule[] = [
  (a, b) => add(a, b),
  (a, b) => mul(tanh(a), b),
  (a, b) => div(a, add(mul(b, b), 1)),
  a => logistic(a),
  a => exp(mul(tanh(a), 0.5)),
  (a, b) => select(gt(a, 0.123456), mul(a, b), b),
  (a, _b, c) => sum(a, [c % Math.max(1, a.type.shape.length)], c % 2 === 0),
  (a, _b, c) => mean(a, [c % Math.max(1, a.type.shape.length)]),
  a => softmax(a),
  a => logSumExp(a),
  a => transpose(a),
  (a, b) => matmul(a, b, { b: true }),
  (a, b) => broadcastTo(a, b.type.shape),
  (a, b) => concat([a, b], 0),
  a =>
    pad(
      a,
      a.type.shape.map(() => 1),
      a.type.shape.map(() => 0),
      a.type.shape.map(() => 1),
    ),
  (a, _b, c) =>
    slice(
      a,
      a.type.shape.map(d => c % d),
      a.type.shape,
    ),
  a => reshape(a, [sizeOf(a.type.shape)]),
]
const composite = (list: readonly Choice[]): Expr => {
  const pool: Expr[] = [...params]
  for (const { op, a, b, c } of list) {
    const pick = (i: number): Expr => pool[pool.length - 1 - (i % pool.length)] as Expr
    const made = (rules[op % rules.length] as Rule)(pick(a), pick(b), c)
    if (made._tag !== 'Invalid' && made.type.shape.length < 4 && sizeOf(made.type.shape) < 60) pool.push(made)
  }
  return pool
    .slice(-4)
    .map(e => mean(mul(e, e)))
    .reduce((p, q) => add(p, q))
}
const values: Values = Object.fromEntries(
  params.map((p, k) => [
    p.name,
    Array.from({ length: sizeOf(p.type.shape) }, (_, i) => ((17 * i + 7 * k + 3) % 11) / 7 - 0.7),
  ]),
)

/** Central differences of fourth order along every element of every parameter. */
const slopes = (e: Expr): readonly (readonly number[])[] =>
  params.map(p =>
    (values[p.name] as readonly number[]).map((v, i) => {
      const moved = (d: number): number =>
        at(e, {
          ...values,
          [p.name]: (values[p.name] as readonly number[]).map((y, j) => (j === i ? v + d : y)),
        })[0] as number
      const h = 1e-4
      return (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
    }),
  )

test('gradients, and gradients of gradients, of random composites equal finite differences', () => {
  fc.assert(
    fc.property(choices(10), list => {
      const loss = composite(list)
      const first = gradOf(loss, ...params)
      slopes(loss).forEach((s, i) => {
        assertClose(at(first[i] as Expr, values), s, { rel: 1e-6, abs: 1e-7 }, `first order, ${params[i]?.name}`)
      })
      const along = first.map((g, i) => sum(mul(g, 0.3 + i))).reduce((p, q) => add(p, q))
      const second = gradOf(along, ...params)
      slopes(along).forEach((s, i) => {
        assertClose(at(second[i] as Expr, values), s, { rel: 1e-6, abs: 1e-6 }, `second order, ${params[i]?.name}`)
      })
      expectRight(Program.verify(expectRight(Program.of([loss, ...first, ...second]))))
    }),
    { numRuns: 25, seed: 9 },
  )
})

test('the same graph gives the same text: the order of the sums is fixed', () => {
  const twice = () => Program.print(expectRight(Program.of(gradOf(sum(mul(add(x, tanh(x)), add(x, constant(2)))), x))))
  assert.is(twice(), twice())
})

test.run()
