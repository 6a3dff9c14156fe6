/** Folding: what goes into the weights, what stays, and that values agree to within rounding. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import { evaluateAll } from '../../src/backend/evaluate.js'
import { evaluate as reference } from '../../src/backend/reference.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { abs, add, div, maximum, mul, neg, sub } from '../../src/op/arithmetic.js'
import { reshape } from '../../src/op/broadcast.js'
import { conv2d, convTranspose2d } from '../../src/op/conv.js'
import { matmul } from '../../src/op/matmul.js'
import { sizeOf, tensorType } from '../../src/shape/TensorType.js'
import { fold } from '../../src/transform/Fold.js'
import { fixedNodes } from '../../src/transform/fixed.js'
import { simplify } from '../../src/transform/Simplify.js'
import { meaning, noise } from '../nn/support.js'
import { assertClose, expectRight } from '../support/assert.js'

const test = suite('Fold')

const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
const simple = (es: readonly Expr[]): Program.Program => expectRight(E.chain(simplify)(Program.of(es)))
const folded = (...es: readonly Expr[]): Program.Program => expectRight(fold(simple(es)))

/** Names of the elementwise operations and products that run anew for every input. */
const running = (program: Program.Program): readonly string[] => {
  const fixed = fixedNodes(program)
  return program.nodes.flatMap(({ expr }, i) =>
    fixed[i] || expr._tag !== 'Apply' || ['Alias', 'Broadcast'].includes(expr.op.lower._tag) ? [] : [expr.op.name],
  )
}

/** Numbers away from 0 for every leaf; variances are positive. */
const values = (program: Program.Program, rows: number): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(
    program.nodes.flatMap(({ expr }, k) => {
      if (expr._tag !== 'Param' && expr._tag !== 'Input') return []
      const n = Math.abs(sizeOf(expr.type.shape)) * (expr.type.shape.some(d => d < 0) ? rows : 1)
      const away = noise(n, k + 1).map(v => v + 0.4 * (v < 0 ? -1 : 1))
      return [[expr.name, expr.name.endsWith('variance') ? away.map(Math.abs) : away] as const]
    }),
  )

const agree = (before: Program.Program, after: Program.Program, rows: number): void => {
  const given = values(before, rows)
  const wanted = expectRight(reference(Program.outputs(before), given, rows))
  const exact = expectRight(reference(Program.outputs(after), given, rows))
  const rounded = expectRight(evaluateAll(Program.outputs(after), given, rows))
  wanted.forEach(({ values: v }, i) => {
    const scale = v.reduce((m, y) => Math.max(m, Math.abs(y)), 1)
    assertClose(exact[i]?.values ?? [], v, { rel: 1e-10, abs: 1e-12 * scale })
    assertClose(rounded[i]?.values ?? [], v, { rel: 1e-4, abs: 2e-5 * scale })
  })
}

const small = fc.integer({ min: 1, max: 3 })
const pads = fc.constantFrom<'same' | 'valid' | 1>('same', 'valid', 1)

/** Products of an input with weights of the state. */
const products: fc.Arbitrary<Expr> = fc.oneof(
  fc
    .record({ k: small, n: fc.integer({ min: 1, max: 9 }), tb: fc.boolean() })
    .map(({ k, n, tb }) => matmul(input('x', f32(-1, k)), param('w', tb ? f32(n, k) : f32(k, n)), { b: tb })),
  fc
    .record({ k: small, g: small, taken: small, given: small, stride: small, dilation: small, padding: pads })
    .map(({ k, g, taken, given, ...options }) =>
      conv2d(input('x', f32(-1, 7, 6, g * taken)), param('w', f32(k, k, taken, g * given)), { ...options, groups: g }),
    ),
  fc
    .record({ k: small, g: small, taken: small, given: small, padding: pads })
    .map(({ k, g, taken, given, padding }) => {
      const w = param('w', f32(k, k, taken, g * given))
      const y = conv2d(input('x', f32(-1, 5, 6, g * taken)), w, { padding, groups: g }).type.shape
      return convTranspose2d(input('y', f32(...y)), w, [5, 6], { padding, groups: g })
    }),
)

const channels = (x: Expr): number => x.type.shape[x.type.shape.length - 1] as number

/** What may stand behind a product: by channel, or the same for all. */
const step: fc.Arbitrary<(x: Expr, name: string) => Expr> = fc
  .tuple(
    fc.constantFrom<(a: Expr, b: Expr) => Expr>(
      add,
      sub,
      mul,
      div,
      (a, b) => add(b, a),
      (a, b) => sub(b, a),
      (a, b) => mul(b, a),
      a => neg(a),
      a => reshape(a, [-1, sizeOf(a.type.shape.slice(1, -1)), 1, channels(a)]),
    ),
    fc.constantFrom<(x: Expr, name: string) => Expr>(
      (x, name) => param(name, f32(channels(x))),
      (_, name) => param(name, f32()),
      (x, name) => mul(param(name, f32(1, channels(x))), 3),
    ),
  )
  .map(
    ([f, operand]) =>
      (x, name) =>
        f(x, operand(x, name)),
  )

test('any chain by channel behind any product becomes one product and at most one addition', () => {
  fc.assert(
    fc.property(products, fc.array(step, { maxLength: 6 }), (product, steps) => {
      const whole = steps.reduce((x, f, i) => f(x, `v${i}`), product)
      const before = simple([whole])
      const after = folded(whole)
      agree(before, after, 2)
      const left = running(after)
      assert.is(left.length, new Set(left).size, left.join())
      assert.ok(left.length <= 2 && left.slice(1).every(name => ['add', 'sub'].includes(name)), left.join())
    }),
    { numRuns: 150, seed: 4 },
  )
})

/** Numbers by channel behind a reshape: so many of them side by side, by rows of those, or by both. */
const reshaped = fc.record({
  f: fc.constantFrom<(a: Expr, b: Expr) => Expr>(add, mul, div, (a, b) => sub(b, a)),
  divisor: fc.nat(),
  by: fc.constantFrom('last', 'merged', 'both', 'outer'),
})

test('a chain goes on behind any reshape while its numbers come in step with the channels', () => {
  fc.assert(
    fc.property(products, fc.array(reshaped, { minLength: 1, maxLength: 4 }), (product, steps) => {
      const n = channels(product)
      const places = sizeOf(product.type.shape.slice(1)) / n
      const divisors = Array.from({ length: n }, (_, i) => i + 1).filter(d => n % d === 0)
      const whole = steps.reduce((x, { f, divisor, by }, i) => {
        const d = divisors[divisor % divisors.length] as number
        const y = reshape(x, by === 'merged' ? [-1, (places * n) / d, d] : [-1, places, n / d, d])
        return f(y, param(`v${i}`, f32(...{ last: [d], merged: [d], both: [n / d, d], outer: [n / d, 1] }[by])))
      }, product)
      const before = simple([whole])
      const after = folded(whole)
      agree(before, after, 2)
      const left = running(after)
      assert.ok(left.length <= 2 && left.slice(1).every(name => ['add', 'sub'].includes(name)), left.join())
    }),
    { numRuns: 150, seed: 4 },
  )
})

const x = input('x', f32(-1, 6, 5, 4))
const w = param('w', f32(3, 3, 4, 5))
const [s, t] = [param('s', f32(5)), param('t', f32(5))]
const y = conv2d(x, w)

test('what is read twice, or an output itself, is not folded', () => {
  const scaled = add(mul(y, s), t)
  assert.equal(running(folded(scaled, abs(y))), ['conv2d', 'mul', 'add', 'abs'])
  assert.equal(running(folded(scaled, y)), ['conv2d', 'mul', 'add'])
  assert.equal(running(folded(mul(y, add(y, s)))), ['conv2d', 'add', 'mul'])
  // two convolutions of the same images with the same filters are one
  assert.equal(running(folded(add(mul(y, s), mul(conv2d(x, w), t)))), ['conv2d', 'mul', 'mul', 'add'])
  // a chain ends where it is read twice, and is folded up to there
  const shared = add(mul(y, s), t)
  assert.equal(running(folded(mul(shared, s), abs(shared))), ['conv2d', 'add', 'mul', 'abs'])
})

test('what stands behind something else, goes along another axis, or depends on the input is not folded', () => {
  assert.equal(running(folded(mul(maximum(y, 0), s))), ['conv2d', 'maximum', 'mul'])
  assert.equal(running(folded(mul(y, param('rows', f32(4, 1, 1))))), ['conv2d', 'mul'])
  assert.equal(running(folded(mul(y, param('all', f32(4, 3, 5))))), ['conv2d', 'mul'])
  assert.equal(running(folded(mul(y, input('i', f32(5))))), ['conv2d', 'mul'])
  assert.equal(running(folded(div(s, y))), ['conv2d', 'div'])
  assert.equal(running(folded(mul(conv2d(x, input('v', w.type)), s))), ['conv2d', 'mul'])
  for (const long of [60, 30, 10, 2])
    assert.equal(running(folded(mul(reshape(y, [-1, 60 / long, long]), param('long', f32(long))))), ['conv2d', 'mul'])
})

test('a bias alone stays as it is', () => {
  const before = simple([add(y, t)])
  assert.is(Program.print(folded(add(y, t))), Program.print(before))
})

test('batch normalization of every form is gone behind every layer with weights', () => {
  const norms = [
    Layer.batchNorm(),
    Layer.batchNorm({ form: 'tf1', momentum: 0.9 }),
    Layer.batchNorm({ form: 'keras', axis: 2 }),
  ]
  for (const bias of [false, true])
    for (const norm of norms) {
      const nets: readonly Net.AnyNet[] = [
        pipe(Net.input(6, 5, 4), Layer.conv2d(3, 3, { bias, padding: 'same' }), norm, Layer.relu()),
        pipe(Net.input(6, 5, 4), Layer.conv2d(6, 3, { bias, groups: 2, stride: 2 }), norm),
        pipe(Net.input(6, 5, 4), Layer.conv2d(4, 3, { bias, groups: 4 }), norm, Net.freeze),
        pipe(Net.input(6, 5, 4), Layer.conv2d(7, 1, { bias }), norm),
      ]
      nets.forEach(net => {
        const { output } = meaning(net, 'infer')
        const after = folded(output)
        assert.is(running(after).filter(name => !['le', 'select'].includes(name)).length, 2)
        agree(simple([output]), after, 3)
      })
    }
  for (const net of [
    pipe(Net.input(9, 4), Layer.conv1d(6, 3), Layer.batchNorm()),
    pipe(Net.input(9, 4), Layer.separableConv1d(6, 3), Layer.batchNorm()),
    pipe(Net.input(4), Layer.dense(6), Layer.reshape(2, 3), Layer.batchNorm()),
  ]) {
    const { output } = meaning(net, 'infer')
    assert.ok(running(folded(output)).every(name => ['conv2d', 'matmul', 'add'].includes(name)))
    agree(simple([output]), folded(output), 3)
  }
  const dense = pipe(Net.input(4), Layer.dense(6), Layer.batchNorm(), Layer.elu(), Layer.batchNorm())
  const { output } = meaning(dense, 'infer')
  const after = folded(output)
  agree(simple([output]), after, 3)
  assert.is(running(after).filter(name => name === 'sub').length, 1, 'the one behind the activation stays')
})

test.run()
