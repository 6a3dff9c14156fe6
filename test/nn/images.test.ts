/** Layers of images: shapes, parameters, meaning, and what they say to what does not fit. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { evaluate } from '../../src/backend/evaluate.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import { analyze } from '../../src/nn/analyze.js'
import { elaborate } from '../../src/nn/elaborate.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { add } from '../../src/op/arithmetic.js'
import { conv2d } from '../../src/op/conv.js'
import { soleInput } from '../../src/shape/inputs.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { inputOf, kernels, meaning } from './support.js'

const test = suite('images')
const says = (net: Net.AnyNet): string => expectLeft(Net.check(net)).message.replace(/^[A-Za-z0-9]+: /, '')

test('shapes follow from the settings', () => {
  const image = Net.input(11, 8, 6)
  const shapes: readonly (readonly [Net.AnyNet, readonly number[]])[] = [
    [Layer.conv2d(4, 3)(image), [9, 6, 4]],
    [Layer.conv2d(4, [3, 2], { stride: [2, 3], padding: 'same' })(image), [6, 3, 4]],
    [Layer.conv2d(4, 3, { dilation: 2, padding: 1, groups: 2 })(image), [9, 6, 4]],
    [
      Layer.conv2d(4, 3, {
        padding: [
          [0, 1],
          [2, 0],
        ],
      })(image),
      [10, 8, 4],
    ],
    [Layer.maxPool2d(2)(image), [5, 4, 6]],
    [Layer.maxPool2d(3, { stride: 2, ceil: true })(image), [5, 4, 6]],
    [Layer.maxPool2d(3, { stride: 2, ceil: true })(Net.input(2, 2, 6)), [1, 1, 6]],
    [Layer.maxPool2d(3, { stride: 2, padding: 1 })(image), [6, 4, 6]],
    [Layer.averagePool2d([2, 3], { padding: 'same' })(image), [6, 3, 6]],
    [Layer.globalAveragePool()(image), [6]],
    [Layer.globalMaxPool()(image), [6]],
    [Layer.depthwiseConv2d(3, { multiplier: 3, stride: 2, padding: 1 })(image), [6, 4, 18]],
    [Layer.separableConv2d(5, [3, 1], { padding: 'same' })(image), [11, 8, 5]],
    [Layer.convTranspose2d(4, 3, { stride: [2, 4] })(image), [23, 32, 4]],
    [Layer.convTranspose2d(4, 5, { stride: 2, padding: 'same' })(image), [22, 16, 4]],
    [Layer.convTranspose2d(4, 4, { stride: 2, padding: 1, outputPadding: [0, 1] })(image), [22, 17, 4]],
    [Layer.upsample([2, 3])(image), [22, 24, 6]],
    [Layer.crop([1, 2])(image), [9, 4, 6]],
    [Layer.conv1d(4, 3, { stride: 2, padding: 'causal' })(Net.input(11, 6)), [6, 4]],
    [Layer.convTranspose1d(4, 3, { stride: 2, padding: 1 })(Net.input(11, 6)), [21, 4]],
    [Layer.maxPool1d(3, { stride: 2, ceil: true })(Net.input(12, 6)), [6, 6]],
    [Layer.spaceToDepth(2)(Net.input(4, 6, 3)), [2, 3, 12]],
    [Layer.depthToSpace(2)(Net.input(2, 3, 12)), [4, 6, 3]],
    [
      Layer.pad([
        [0, 1],
        [2, 0],
        [3, 4],
      ])(image),
      [12, 10, 13],
    ],
  ]
  for (const [net, shape] of shapes) assert.equal(expectRight(analyze(net)).rows.at(-1)?.shape, shape)
})

test('what does not fit is said with both shapes and what to do', () => {
  assert.is(
    says(Layer.conv2d(4, 5)(Net.input(4, 9, 1))),
    "the window [5, 5] is larger than the image [4, 9] padded to [4, 9]; pad more, with padding: 'same' for example",
  )
  assert.is(
    says(Layer.conv2d(4, 3, { groups: 4 })(Net.input(9, 9, 6))),
    '4 groups do not divide both the 6 channels of [9, 9, 6] and the 4 filters; give a number of groups that does',
  )
  assert.is(
    says(pipe(Net.input(9) as Net.AnyNet, Layer.conv2d(4, 3))),
    'expects images [height, width, channels], but the input is [9]; put Layer.reshape(height, width, channels) before it',
  )
  assert.match(says(Layer.maxPool2d(3)(Net.input(2, 9, 1))), /a window \[3, 3\] on \[2, 9, 1\]: the window is larger/)
  // ceil adds a window that begins inside after the first, which takes no less than a window (PyTorch refuses these too)
  for (const stride of [1, 2] as const)
    assert.match(
      says(Layer.maxPool2d([1, 3], { stride, ceil: true })(Net.input(9, 3 - stride, 1))),
      /the window is larger/,
    )
  assert.match(says(Layer.maxPool2d(2, { padding: 2 })(Net.input(9, 9, 1))), /lies wholly in the padding; pad less/)
  assert.match(
    says(Layer.conv2d(4, 3, { stride: 0 })(Net.input(9, 9, 1))),
    /stride must be a whole number >= 1, or two/,
  )
  const holed: [number, number] = [2, 2]
  Reflect.deleteProperty(holed, 1)
  assert.match(says(Layer.maxPool2d(2, { stride: holed })(Net.input(9, 9, 1))), /stride must be a whole number >= 1/)
  assert.match(
    says(Layer.conv2d(4, 3, { padding: -1 })(Net.input(9, 9, 1))),
    /must be "same".*\[\[-1, -1\], \[-1, -1\]\]$/,
  )
})

test('pools refuse windows that see nothing but padding, those too between whose taps the sequence slips through', () => {
  const taps = [1, 2, 3, 4, 5]
  for (const n of taps)
    for (const size of [2, 3])
      for (const dilation of [1, 2, 3])
        for (const before of [0, 1, 2, 3, 4])
          for (const stride of [1, 2, 3]) {
            const places = Math.floor((n + 2 * before - dilation * (size - 1) - 1) / stride) + 1
            if (places < 1) continue
            const sees = Array.from({ length: places }, (_, place) =>
              taps.some((_, k) => {
                const at = place * stride - before + k * dilation
                return k < size && at >= 0 && at < n
              }),
            )
            const net = Layer.maxPool1d(size, { stride, dilation, padding: before })(Net.input(n, 1))
            const what = `${n} under ${size}, ${dilation} apart, ${before} around, by ${stride}`
            if (sees.every(s => s)) assert.equal(expectRight(Net.check(net)).node, net.node, what)
            else assert.match(says(net), /lies wholly in the padding; pad less/, what)
          }
  assert.is(
    says(Layer.averagePool2d([1, 4], { dilation: 3, padding: 'same' })(Net.input(1, 1, 2))),
    'a window [1, 4] on [1, 1, 2]: with padding [0, 0, 4, 5] a window lies wholly in the padding; pad less, or dilate less',
  )
})

test('windows and axes whose lists of taps would take more than memory has are refused, not begun, and so are positions beyond 32 bits', () => {
  const large: readonly (readonly [Net.AnyNet, RegExp])[] = [
    [Layer.conv2d(1, 5000)(Net.input(5000, 5000, 1)), /a window of 5000 x 5000 has more than 131072 pixels; take/],
    [Layer.convTranspose2d(1, 5000)(Net.input(1, 1, 1)), /a window of 5000 x 5000 has more than 131072 pixels; take/],
    [Layer.conv1d(1, 2_000_000)(Net.input(2_000_000, 1)), /a window of 1 x 2000000 has more/],
    [Layer.conv1d(1, 9, { dilation: 2 ** 30, padding: 'same' })(Net.input(4, 1)), /span more than 2147483647 pixels/],
    [Layer.upsample([2 ** 30, 1])(Net.input(1, 1, 1)), /^resize2d: makes axes of at most 1048576 elements, not \[1073/],
  ]
  for (const [net, words] of large) {
    const bound = { inputs: { [soleInput]: inputOf(net) }, key: () => input('key', tensorType('i32', [4])) }
    assert.match(expectLeft(elaborate(net, 'infer', bound)).message, words)
  }
  const far = { dilation: 2 ** 30, padding: 'same', stride: 1 } as const
  for (const pool of [Layer.maxPool1d, Layer.averagePool1d])
    assert.match(says(pool(9, far)(Net.input(4, 1))), /span more than 2147483647 pixels; pad less, or dilate less/)
  const wide = Layer.pad([[65_536, 65_536]], { form: 'edge' })
  assert.match(says(wide(Net.input(1_000_000))), /'edge' makes axes of at most 1048576 elements; pad less/)
  expectRight(Net.check(Layer.pad([[0, 0]], { form: 'edge' })(Net.input(2_000_000))))
})

test('blocks and edges that do not fit are said', () => {
  assert.is(
    says(Layer.spaceToDepth(2)(Net.input(13, 26, 4))),
    'blocks of 2 x 2 do not tile the image [13, 26, 4]; make its height and width multiples of 2',
  )
  assert.match(
    says(Layer.spaceToDepth(2, { form: 'darknet' })(Net.input(4, 4, 6))),
    /channels that are a multiple of 4, but the input is \[4, 4, 6\]/,
  )
  assert.match(says(Layer.depthToSpace(2)(Net.input(2, 2, 6))), /\[2, 2, 6\] are no blocks of 2 x 2/)
  assert.match(says(Layer.pad([[1, 1]])(Net.input(2, 2))), /the edges are of 1 axes, but the input is \[2, 2\]/)
  assert.match(
    says(Layer.pad([[0, 4]], { form: 'reflect' })(Net.input(4))),
    /low \[0\], high \[4\] does not fit \[4\]: 'reflect' pads an axis of 4 by at most 3; pad less, or by 'edge'/,
  )
  assert.match(
    says(Layer.pad([[1, 1]], { form: 'edge', value: 2 })(Net.input(4))),
    /by the value 2 or in the form 'edge'; give one of them/,
  )
})

test('the orders in which blocks become channels', () => {
  const x = Array.from({ length: 16 }, (_, i) => i) // [2, 2, 4]: pixel p, channel c is 4 p + c
  const ordered = (form: 'tf' | 'torch' | 'darknet') =>
    kernels([meaning(Layer.spaceToDepth(2, { form })(Net.input(2, 2, 4)), 'infer').output], { input: x }, 1)[0]
  assert.equal(ordered('tf'), x)
  assert.equal(ordered('torch'), [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15])
  // channels first it is 0 4 8 12 | 1 5 9 13 | ..., read as one channel of 4 x 4; its pixels (u, v), (u, v + 2), ...
  assert.equal(ordered('darknet'), [0, 8, 2, 10, 4, 12, 6, 14, 1, 9, 3, 11, 5, 13, 7, 15])
  const back = meaning(pipe(Net.input(2, 2, 4), Layer.spaceToDepth(2), Layer.depthToSpace(2)), 'infer').output
  assert.equal(kernels([back], { input: x }, 1)[0], x)
  const framed = meaning(
    Layer.pad([
      [1, 0],
      [0, 2],
    ])(Net.input(1, 2)),
    'infer',
  ).output
  assert.equal(kernels([framed], { input: [1, 2] }, 1)[0], [0, 0, 0, 0, 1, 2, 0, 0])
})

test('what stands in the padding', () => {
  const padded = (o: Layer.PadOptions) =>
    kernels([meaning(Layer.pad([[2, 3]], o)(Net.input(4)), 'infer').output], { input: [1, 2, 3, 4, 5, 6, 7, 8] }, 2)[0]
  assert.equal(padded({}), [0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0])
  assert.equal(padded({ value: -9 }), [-9, -9, 1, 2, 3, 4, -9, -9, -9, -9, -9, 5, 6, 7, 8, -9, -9, -9])
  assert.equal(padded({ form: 'edge' }), [1, 1, 1, 2, 3, 4, 4, 4, 4, 5, 5, 5, 6, 7, 8, 8, 8, 8])
  assert.equal(padded({ form: 'reflect' }), [3, 2, 1, 2, 3, 4, 3, 2, 1, 7, 6, 5, 6, 7, 8, 7, 6, 5])
  assert.equal(padded({ form: 'symmetric' }), [2, 1, 1, 2, 3, 4, 4, 3, 2, 6, 5, 5, 6, 7, 8, 8, 7, 6])
  assert.equal(padded({ form: 'wrap' }), [3, 4, 1, 2, 3, 4, 1, 2, 3, 7, 8, 5, 6, 7, 8, 5, 6, 7])
  assert.equal(Layer.pad([[2, 3]], { form: 'wrap' })(Net.input(4)).shape, [9])
})

test('the names and shapes of the parameters', () => {
  const net = pipe(Net.input(5, 5, 4), Layer.conv2d(6, [3, 2], { groups: 2 }), Layer.conv2d(8, 1, { bias: false }))
  const shapes = expectRight(analyze(net)).rows.flatMap(r => Object.entries(r.params).map(([k, p]) => [k, p.shape]))
  assert.equal(shapes, [
    ['w', [3, 2, 2, 6]],
    ['b', [6]],
    ['w', [1, 1, 6, 8]],
  ])
})

test('a convolution of one pixel is a product of matrices, and a wide one sums over its window', () => {
  const [x, w, b] = [input('x', tensorType('f32', [-1, 2, 2, 1])), param('w', tensorType('f32', [2, 2, 1, 1])), 0.5]
  const y = add(conv2d(x, w), b) as Expr
  const { values } = expectRight(evaluate(y, { x: [1, 2, 3, 4, 5, 6, 7, 8], w: [1, 10, 100, 1000] }, 2))
  assert.equal([...values], [4321.5, 8765.5])
})

test.run()
