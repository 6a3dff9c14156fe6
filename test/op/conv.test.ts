/** Laws of convolutions and pools, over random sizes. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate } from '../../src/backend/evaluate.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import { add, mul, neg } from '../../src/op/arithmetic.js'
import { reshape, sum } from '../../src/op/broadcast.js'
import { type ConvOptions, conv2d, convTranspose2d } from '../../src/op/conv.js'
import { matmul } from '../../src/op/matmul.js'
import { averagePool2d, maxPool2d } from '../../src/op/pool.js'
import { concat, pad, slice } from '../../src/op/window.js'
import { type Padding, pairOf } from '../../src/shape/Sliding.js'
import { sizeOf, tensorType } from '../../src/shape/TensorType.js'
import { checkKernels } from '../../src/testing/kernels.js'
import { grad } from '../../src/transform/Grad.js'
import { assertBits, assertClose, expectLeft, expectRight } from '../support/assert.js'

const test = suite('laws of convolutions')

type Size4 = readonly [number, number, number, number]
interface Sizes {
  readonly rows: number
  readonly image: readonly [number, number]
  readonly window: readonly [number, number]
  readonly channels: number
  readonly filters: number
  readonly options: ConvOptions
}

const upTo = (n: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: n })
const sizes: fc.Arbitrary<Sizes> = fc.record({
  rows: upTo(3),
  image: fc.tuple(fc.integer({ min: 5, max: 9 }), fc.integer({ min: 5, max: 9 })),
  window: fc.tuple(upTo(3), upTo(3)),
  channels: upTo(9),
  filters: upTo(10),
  options: fc.record({
    stride: fc.tuple(upTo(3), upTo(2)),
    dilation: fc.tuple(upTo(2), upTo(2)),
    padding: fc.constantFrom<Padding>('same', 'valid', 1, [
      [0, 2],
      [1, 0],
    ]),
  }),
})
const runs = { numRuns: 40, seed: 5 }

const values = (n: number, seed: number): Float32Array =>
  new Float32Array(n).map((_, i) => ((i + 17 * seed + 1) * 0.6180339887498949) % 1).map(u => 2 * u - 1)
const xs = (s: Sizes): Size4 => [s.rows, ...s.image, s.channels]
const ws = (s: Sizes): Size4 => [...s.window, s.channels, s.filters]
const of = (name: string, shape: readonly number[]): Expr => input(name, tensorType('f32', shape))

/** The value of an expression over x, w and more, each filled with fixed numbers of its own. */
const run = (e: Expr, shapes: Readonly<Record<string, readonly number[]>>): Float32Array => {
  const given = Object.entries(shapes).map(([name, shape], i) => [name, values(sizeOf(shape), i)] as const)
  return Float32Array.from(expectRight(evaluate(e, Object.fromEntries(given))).values)
}

test('a window of one pixel, also with a stride, is a product of matrices', () => {
  fc.assert(
    fc.property(sizes, s => {
      const [w, step] = [[1, 1, s.channels, s.filters] as const, pairOf(s.options.stride ?? 1)]
      const [x, y] = [of('x', xs(s)), of('w', w)]
      const picked = slice(x, [0, 0, 0, 0], xs(s), [1, ...step, 1])
      const flat = reshape(picked, [sizeOf(picked.type.shape.slice(0, 3)), s.channels])
      const product = matmul(flat, reshape(y, [s.channels, s.filters]))
      const shapes = { x: xs(s), w }
      assertBits(run(conv2d(x, y, { stride: step }), shapes), run(product, shapes))
    }),
    runs,
  )
})

test('a convolution in groups joins the convolutions of the groups', () => {
  fc.assert(
    fc.property(sizes, upTo(9), (s, groups) => {
      const [x, w] = [
        [s.rows, ...s.image, s.channels * groups],
        [...s.window, s.channels, s.filters * groups],
      ] as const
      const part = (e: Expr, g: number, n: number): Expr => {
        const { shape } = e.type
        return slice(e, [0, 0, 0, g * n], [...shape.slice(0, 3), (g + 1) * n])
      }
      const parts = Array.from({ length: groups }, (_, g) =>
        conv2d(part(of('x', x), g, s.channels), part(of('w', w), g, s.filters), s.options),
      )
      const whole = conv2d(of('x', x), of('w', w), { ...s.options, groups })
      assertClose(run(whole, { x, w }), run(concat(parts), { x, w }), { rel: 1e-6, abs: 1e-6 })
    }),
    runs,
  )
})

test('of every channel by itself: the kernels give what the reference gives, and so do those of both gradients', () => {
  fc.assert(
    fc.property(sizes, upTo(21), upTo(3), (s, channels, multiplier) => {
      const types = { x: [s.rows, ...s.image, channels], w: [...s.window, 1, channels * multiplier] }
      const [x, w] = [of('x', types.x), of('w', types.w)]
      const y = conv2d(x, w, { ...s.options, groups: channels })
      const u = of('u', y.type.shape)
      const { gradients } = expectRight(grad(sum(mul(y, u)), [x, w]))
      const [dx, dw] = gradients as [Expr, Expr]
      const given = Object.entries({ ...types, u: y.type.shape })
      const filled = Object.fromEntries(given.map(([name, shape], i) => [name, values(sizeOf(shape), i)]))
      expectRight(checkKernels('depthwise', { y, dx, dw }, { values: filled, tolerance: 2e-6 }))
    }),
    runs,
  )
})

test('of groups of few channels: the kernels give what the reference gives, and so do those of both gradients', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 2, max: 9 }), (s, groups) => {
      const types = { x: [s.rows, ...s.image, s.channels * groups], w: [...s.window, s.channels, s.filters * groups] }
      const [x, w] = [of('x', types.x), of('w', types.w)]
      const y = conv2d(x, w, { ...s.options, groups })
      const u = of('u', y.type.shape)
      const { gradients } = expectRight(grad(sum(mul(y, u)), [x, w]))
      const [dx, dw] = gradients as [Expr, Expr]
      const given = Object.entries({ ...types, u: y.type.shape })
      const filled = Object.fromEntries(given.map(([name, shape], i) => [name, values(sizeOf(shape), i)]))
      expectRight(checkKernels('grouped', { y, dx, dw }, { values: filled, tolerance: 5e-6 }))
    }),
    runs,
  )
})

test('it is linear in the images, and the transposed one is its adjoint', () => {
  fc.assert(
    fc.property(sizes, s => {
      const [x, w, u] = [of('x', xs(s)), of('w', ws(s)), of('u', xs(s))]
      const y = conv2d(x, w, s.options)
      const shapes = { x: xs(s), w: ws(s), u: xs(s) }
      const apart = add(mul(y, 3), neg(conv2d(u, w, s.options)))
      const close = { rel: 1e-5, abs: 2e-5 }
      assertClose(run(conv2d(add(mul(x, 3), neg(u)), w, s.options), shapes), run(apart, shapes), close)
      const v = of('v', y.type.shape)
      const back = convTranspose2d(v, w, s.image, s.options)
      const all = { ...shapes, v: y.type.shape }
      assertClose(run(sum(mul(y, v)), all), run(sum(mul(x, back)), all), { rel: 1e-4, abs: 1e-3 })
    }),
    runs,
  )
})

test('a shifted image gives a shifted result', () => {
  fc.assert(
    fc.property(sizes, upTo(2), upTo(2), (s, down, right) => {
      const [x, w] = [of('x', xs(s)), of('w', ws(s))]
      const plain = conv2d(x, w)
      const shifted = conv2d(pad(x, [0, down, right, 0], [0, 0, 0, 0]), w)
      const inside = slice(shifted, [0, down, right, 0], shifted.type.shape)
      const shapes = { x: xs(s), w: ws(s) }
      assertClose(run(inside, shapes), run(plain, shapes), { rel: 1e-6, abs: 1e-6 })
    }),
    runs,
  )
})

test('a row has the same bits alone as in a batch, by every kernel', () => {
  for (const [channels, filters, groups] of [
    [3, 5, 1],
    [16, 24, 1],
    [40, 16, 1],
    [13, 13, 13],
    [3, 9, 3],
  ] as const) {
    const x = input('x', tensorType('f32', [-1, 9, 8, channels]))
    const w = param('w', tensorType('f32', [3, 3, channels / groups, filters]))
    const net = maxPool2d(averagePool2d(conv2d(x, w, { padding: 'same', groups }), 2, { stride: 1 }), 3, { padding: 1 })
    const [all, weights] = [values(5 * 72 * channels, 1), values(sizeOf(w.type.shape), 2)]
    const rowsOf = (from: number, to: number): Float32Array => {
      const rows = all.slice(from * 72 * channels, to * 72 * channels)
      return Float32Array.from(expectRight(evaluate(net, { x: rows, w: weights }, to - from)).values)
    }
    const together = rowsOf(0, 5)
    const width = together.length / 5
    for (let i = 0; i < 5; i++) assertBits(rowsOf(i, i + 1), together.slice(i * width, (i + 1) * width))
  }
})

test('what does not fit is said in words', () => {
  const says = (e: Expr): string => expectLeft(evaluate(e)).message
  const [x, w] = [of('x', [2, 5, 5, 3]), of('w', [3, 3, 4, 8])]
  assert.match(says(conv2d(x, w)), /filters take 4 channels in 1 groups, but the images have 3/)
  assert.match(says(conv2d(x, of('w', [3, 3, 3, 8]), { padding: -1 })), /padding must be whole numbers >= 0/)
  assert.match(says(conv2d(x, of('w', [7, 3, 3, 8]))), /filters are larger than the padded images; pad more/)
  assert.match(says(conv2d(x, of('w', [3, 3, 8]))), /give \[rows, height, width, channels\]/)
  assert.match(says(convTranspose2d(x, of('w', [3, 3, 4, 3]), [9, 9])), /do not give/)
  assert.match(says(maxPool2d(x, 7)), /window is larger than the padded images/)
  assert.match(says(averagePool2d(of('x', [5, 5]), 2)), /takes images \[rows, height, width, channels\]/)
})

test.run()
