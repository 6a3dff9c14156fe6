/** Layers of convolutions, their pools and resizing: PyTorch's numbers, what they are made of, and what does not fit. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { type Expr, input } from '../../src/graph/Expr.js'
import { Loss, Optimizer, Recipe, State, Trainer } from '../../src/index.js'
import * as Init from '../../src/nn/Init.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { add, mul } from '../../src/op/arithmetic.js'
import { reshape, sum } from '../../src/op/broadcast.js'
import { conv2d } from '../../src/op/conv.js'
import type { Padding, Padding1d } from '../../src/shape/Sliding.js'
import { sizeOf, tensorType } from '../../src/shape/TensorType.js'
import { checkNet } from '../../src/testing/index.js'
import { grad } from '../../src/transform/Grad.js'
import { assertBits, assertClose, expectLeft, expectRight } from '../support/assert.js'
import { inputOf, kernels, meaning, noise, paramOf } from './support.js'

const test = suite('convolutions')

interface Tensor {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}
interface Case {
  readonly name: string
  readonly op: string
  readonly attrs: { readonly args: readonly unknown[]; readonly options: object }
  readonly inputs: readonly Tensor[]
  readonly output: Tensor
  readonly weights: Tensor
  readonly gradients: readonly Tensor[]
  readonly directions: readonly Tensor[]
  readonly second: readonly Tensor[]
}
const { cases }: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../oracle/convLayers.json', import.meta.url), 'utf8'),
)

type Make = (...a: readonly unknown[]) => (x: Net.AnyNet) => Net.AnyNet
const layers = Layer as unknown as { readonly [kind: string]: Make }

/** A layer called `n`, on rows of this shape: its result and its variables, x first. */
const laid = (layer: (x: Net.AnyNet) => Net.AnyNet, shape: readonly number[]) => {
  const net = layer(Net.input(...shape.slice(1)))
  const { output, variables } = meaning(net)
  const params = variables.map(v => paramOf({ output, variables, state: {}, draws: [], penalty: null }, v.path))
  return { net, y: output, variables: [inputOf(net), ...params], names: ['input', ...variables.map(v => v.path)] }
}

for (const c of cases)
  test(`${c.name}: values, gradients and second-order products of PyTorch`, () => {
    const make = layers[c.op] as Make
    const { net, y, variables, names } = laid(
      make(...c.attrs.args, { ...c.attrs.options, name: 'n' }),
      c.inputs[0]?.shape ?? [],
    )
    assert.equal(
      variables.slice(1).map(v => v.type.shape),
      c.inputs.slice(1).map(t => t.shape),
    )
    assert.equal(net.shape, c.output.shape.slice(1))
    const weigh = (e: Expr, name: string): Expr => sum(mul(e, input(name, e.type)))
    const first = expectRight(grad(weigh(y, 'weights'), variables)).gradients
    const product = first.map((g, i) => weigh(g, `direction ${i}`)).reduce((a, b) => add(a, b))
    const twice = expectRight(grad(product, variables)).gradients
    const bound = {
      weights: c.weights.data,
      ...Object.fromEntries(names.map((name, i) => [name, c.inputs[i]?.data ?? []])),
      ...Object.fromEntries(c.directions.map(({ data }, i) => [`direction ${i}`, data])),
    }
    const all = kernels([y, ...first, ...twice], bound, c.output.shape[0] as number)
    const wanted = [c.output, ...c.gradients, ...c.second]
    assert.is(all.length, wanted.length)
    wanted.forEach(({ data }, i) => {
      assertClose(all[i] ?? [], data, { abs: 1e-5 * Math.max(0.1, ...data.map(Math.abs)) }, `${i}`)
    })
  })

test('every new layer has cases', () => {
  const kinds = ['conv1d', 'depthwiseConv2d', 'separableConv1d', 'separableConv2d', 'convTranspose1d']
  const more = ['convTranspose2d', 'maxPool1d', 'averagePool1d', 'globalAveragePool1d', 'globalMaxPool1d']
  assert.equal([...new Set(cases.map(c => c.op))].sort(), [...kinds, ...more, 'upsample', 'crop'].sort())
})

// --- what they are made of --------------------------------------------------------------------------------------------
const upTo = (n: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: n })
const geometry = fc.record({
  image: fc.tuple(fc.integer({ min: 5, max: 9 }), fc.integer({ min: 5, max: 10 }), upTo(11)),
  size: fc.tuple(upTo(3), upTo(4)),
  stride: fc.tuple(upTo(3), upTo(2)),
  dilation: fc.tuple(upTo(2), fc.constant(1)),
  padding: fc.constantFrom<Padding>('same', 'valid', 1, [
    [0, 2],
    [1, 0],
  ]),
})
const runs = { numRuns: 30, seed: 8 }
const rows = 2

/** Values for expressions, each by its name. */
const given = (leaves: readonly Expr[]) =>
  Object.fromEntries(
    leaves.flatMap((e, i) =>
      e._tag === 'Param' || e._tag === 'Input'
        ? [[e.name, noise(sizeOf(e.type.shape.map(d => (d < 0 ? rows : d))), i + 1)]]
        : [],
    ),
  )
const bits = (a: Expr, b: Expr, leaves: readonly Expr[]): void => {
  const [x = [], y = []] = kernels([a, b], given(leaves), rows)
  assertBits(Float32Array.from(x), Float32Array.from(y))
}

test('depthwise is a convolution in as many groups as channels; separable is that, then one of a pixel', () => {
  fc.assert(
    fc.property(geometry, upTo(3), ({ image, size, ...options }, multiplier) => {
      const channels = image[2]
      const shape = [rows, ...image]
      const { y, variables } = laid(Layer.depthwiseConv2d(size, { multiplier, bias: false, ...options }), shape)
      const [x, w] = variables as [Expr, Expr]
      const grouped = reshape(w, [...size, 1, channels * multiplier])
      bits(y, conv2d(x, grouped, { ...options, groups: channels }), variables)
      const both = laid(Layer.separableConv2d(5, size, { multiplier, ...options }), shape)
      const [u, depthwise, pointwise, b] = both.variables as [Expr, Expr, Expr, Expr]
      const between = conv2d(u, reshape(depthwise, [...size, 1, channels * multiplier]), {
        ...options,
        groups: channels,
      })
      bits(both.y, add(conv2d(between, pointwise), b), both.variables)
    }),
    runs,
  )
})

test('transposed is the gradient of the images under the convolution with the same filters', () => {
  fc.assert(
    fc.property(geometry, upTo(6), fc.nat(2), fc.nat(1), ({ image, size, padding, ...rest }, filters, down, right) => {
      const outputPadding = [down % rest.stride[0], right % rest.stride[1]] as const
      const options = {
        ...rest,
        padding,
        outputPadding: typeof padding === 'string' ? null : outputPadding,
        bias: false,
      }
      const { net, y, variables } = laid(Layer.convTranspose2d(filters, size, options), [rows, ...image])
      const [x, w] = variables as [Expr, Expr]
      const [height = 0, width = 0] = net.shape
      const images = input('images', tensorType('f32', [-1, height, width, filters]))
      const back = conv2d(images, w, { ...rest, padding })
      assert.equal(back.type.shape.slice(1), image)
      const [gradient] = expectRight(grad(sum(mul(back, x)), [images])).gradients
      bits(y, gradient as Expr, [...variables, images])
    }),
    runs,
  )
})

test('of sequences they are those of images of one column', () => {
  fc.assert(
    fc.property(geometry, upTo(3), ({ image: [length, , channels], size: [size], stride: [s], dilation: [d] }, p) => {
      const paddings: readonly (readonly [Padding1d, Padding])[] = [
        ['same', 'same'],
        [
          [p, 1],
          [
            [p, 1],
            [0, 0],
          ],
        ],
        [
          'causal',
          [
            [d * (size - 1), 0],
            [0, 0],
          ],
        ],
      ]
      const [along, padding] = paddings[p - 1] as readonly [Padding1d, Padding]
      const { y, variables } = laid(Layer.conv1d(4, size, { stride: s, dilation: d, padding: along, bias: false }), [
        rows,
        length,
        channels,
      ])
      const [x, w] = variables as [Expr, Expr]
      const images = reshape(x, [-1, length, 1, channels])
      const filters = reshape(w, [size, 1, channels, 4])
      const wanted = conv2d(images, filters, { stride: [s, 1], dilation: [d, 1], padding })
      const [a = [], b = []] = kernels([y, wanted], given(variables), rows)
      assertClose(a, b, { rel: 1e-6, abs: 1e-6 })
    }),
    runs,
  )
})

test('the laws of layers hold: each row by itself, slopes of both orders, JSON', () => {
  const nets: readonly Net.AnyNet[] = [
    pipe(Net.input(7, 3), Layer.conv1d(4, 3, { padding: 'causal', stride: 2 }), Layer.averagePool1d(2)),
    pipe(Net.input(6, 2), Layer.separableConv1d(3, 3, { multiplier: 2 }), Layer.globalAveragePool1d()),
    pipe(Net.input(5, 4, 3), Layer.depthwiseConv2d(3, { multiplier: 2, padding: 'same', stride: [2, 1] })),
    pipe(Net.input(4, 5, 2), Layer.separableConv2d(3, [2, 3], { dilation: [2, 1] })),
    pipe(Net.input(3, 2, 4), Layer.convTranspose2d(2, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2 })),
    pipe(Net.input(3, 2), Layer.convTranspose1d(2, 2, { stride: 3, padding: 'same' })),
    pipe(
      Net.input(2, 3, 2),
      Layer.upsample([2, 3], { method: 'bilinear' }),
      Layer.crop([
        [1, 0],
        [2, 1],
      ]),
    ),
  ]
  for (const net of nets) expectRight(checkNet(net))
})

test('fans: in groups and transposed as PyTorch and Keras count, depthwise what a unit takes (PyTorch) and a channel gives', () => {
  const x = Net.input(8, 8, 4)
  // torch.nn.init._calculate_fan_in_and_fan_out of the weights [8, 2, 3, 3], [4, 8, 3, 3], [8, 1, 3, 3] (fan in), ...
  const counted: readonly (readonly [Net.AnyNet, string, Init.Fans])[] = [
    [Layer.conv2d(8, 3, { groups: 2 })(x), 'conv2d1/w', { in: 18, out: 72 }],
    [Layer.convTranspose2d(8, 3)(x), 'convTranspose2d1/w', { in: 72, out: 36 }],
    [Layer.depthwiseConv2d(3, { multiplier: 2 })(x), 'depthwiseConv2d1/w', { in: 9, out: 18 }],
    [Layer.separableConv2d(5, 3, { multiplier: 2 })(x), 'separableConv2d1/depthwise', { in: 9, out: 18 }],
    [Layer.separableConv2d(5, 3, { multiplier: 2 })(x), 'separableConv2d1/pointwise', { in: 8, out: 5 }],
    [Layer.separableConv1d(5, 3, { multiplier: 2 })(Net.input(8, 4)), 'separableConv1d1/depthwise', { in: 3, out: 6 }],
    [Layer.conv1d(6, 5, { groups: 2 })(Net.input(8, 4)), 'conv1d1/w', { in: 10, out: 30 }],
  ]
  for (const [net, path, fans] of counted) {
    const found = meaning(net).variables.find(v => v.path === path)
    assert.equal(found && (found.fans ?? Init.fansOf(found.shape)), fans, path)
  }
})

test('a trainer draws by the fans that a layer gives', async () => {
  const net = pipe(
    Net.input(4, 4, 32),
    Layer.depthwiseConv2d(3, { init: Init.heUniform(), name: 'own' }),
    Layer.flatten(),
    Layer.dense(2),
  )
  const optimizer = Optimizer.sgd({ rate: 0.1 })
  const recipe = Recipe.of({ net, loss: Loss.softmaxCrossEntropy(), optimizer, batch: 1, epochs: 1, seed: 0 })
  const state = expectRight(await Trainer.compile(recipe)()).init()
  const largest = Math.max(...(expectRight(State.values(state))['own/w']?.values ?? []).map(Math.abs))
  const bound = Math.sqrt(6 / 9)
  assert.ok(largest <= bound && largest > 0.95 * bound, `${largest} of ${bound}`)
})

// --- what does not fit ------------------------------------------------------------------------------------------------
const faults: readonly (readonly [Net.AnyNet, string])[] = [
  [
    Layer.conv1d(4, 5)(Net.input(4, 6)),
    "conv1d: the window 5 is larger than the sequence of 4 padded to 4; pad more, with padding: 'same' for example",
  ],
  [
    Layer.conv1d(4, 3, { dilation: 3, padding: [1, 0] })(Net.input(5, 6)),
    "conv1d: the window 3, 3 apart, is larger than the sequence of 5 padded to 6; pad more, with padding: 'same' for example",
  ],
  [
    Layer.conv1d(4, 3, { groups: 4 })(Net.input(9, 6)),
    'conv1d: 4 groups do not divide both the 6 channels of [9, 6] and the 4 filters; give a number of groups that does',
  ],
  [
    pipe(Net.input(9, 9, 1) as Net.AnyNet, Layer.conv1d(4, 3)),
    'conv1d: expects sequences [length, channels], but the input is [9, 9, 1]; put Layer.reshape(length, channels) before it',
  ],
  [
    Layer.depthwiseConv2d([5, 3])(Net.input(4, 9, 6)),
    "depthwiseConv2d: the window [5, 3] is larger than the image [4, 9] padded to [4, 9]; pad more, with padding: 'same' for example",
  ],
  [
    pipe(Net.input(9, 2) as Net.AnyNet, Layer.separableConv2d(4, 3)),
    'separableConv2d: expects images [height, width, channels], but the input is [9, 2]; put Layer.reshape(height, width, channels) before it',
  ],
  [
    Layer.separableConv1d(4, 8)(Net.input(7, 2)),
    "separableConv1d: the window 8 is larger than the sequence of 7 padded to 7; pad more, with padding: 'same' for example",
  ],
  [
    Layer.convTranspose2d(4, 3, { groups: 4 })(Net.input(9, 9, 6)),
    'convTranspose2d: 4 groups do not divide both the 6 channels of [9, 9, 6] and the 4 filters; give a number of groups that does',
  ],
  [
    Layer.convTranspose2d(4, 3, { stride: [2, 3], padding: 1, outputPadding: [2, 2] })(Net.input(4, 4, 1)),
    'convTranspose2d: the output padding [2, 2] must be less than the stride [2, 3]; give less, or pad the result',
  ],
  [
    Layer.convTranspose2d(4, 3, { stride: 2, padding: 'same', outputPadding: 1 })(Net.input(4, 4, 1)),
    "convTranspose2d: the padding 'same' makes [8, 8], without an output padding of [1, 1]; leave that out, or give the padding in numbers",
  ],
  [
    Layer.convTranspose2d(4, 3, { padding: [0, 4] })(Net.input(4, 4, 1)),
    'convTranspose2d: of the input [4, 4] the padding leaves [6, -2]; give less padding',
  ],
  [
    Layer.convTranspose1d(4, 3, { padding: 0, outputPadding: 1 })(Net.input(4, 1)),
    'convTranspose1d: the output padding 1 must be less than the stride 1; give less, or pad the result',
  ],
  [
    Layer.crop([
      [2, 2],
      [0, 1],
    ])(Net.input(4, 9, 6)),
    'crop: without 2 + 2 rows and 0 + 1 columns nothing is left of the image [4, 9, 6]; crop less',
  ],
  [
    pipe(Net.input(4) as Net.AnyNet, Layer.upsample(2)),
    'upsample: expects images [height, width, channels], but the input is [4]; put Layer.reshape(height, width, channels) before it',
  ],
  [
    Layer.maxPool1d(3)(Net.input(2, 9)),
    'maxPool1d: a window [1, 3] on [1, 2, 9]: the window is larger than the padded images; pad more',
  ],
]

test('what does not fit is said with the layer, the numbers and what to do', () => {
  for (const [net, words] of faults) {
    const { path, message } = expectLeft(Net.check(net))
    assert.is(message, words)
    assert.is(path, `${words.slice(0, words.indexOf(':'))}1`)
  }
})

test('settings that are none are refused', () => {
  const [image, sequence] = [Net.input(9, 9, 6), Net.input(9, 6)]
  const wrong: readonly (readonly [Net.AnyNet, RegExp])[] = [
    [Layer.conv1d(4, 3, { stride: 0 })(sequence), /stride must be a whole number from 1/],
    [Layer.conv1d(4, 3, { padding: -1 })(sequence), /padding must be "same", "valid", "causal"/],
    [Layer.depthwiseConv2d(3, { multiplier: 0 })(image), /multiplier must be a whole number from 1/],
    [Layer.depthwiseConv2d(3, { stride: [0, 1] })(image), /stride must be a whole number >= 1, or two/],
    [Layer.separableConv2d(4, 0)(image), /size must be a whole number >= 1, or two/],
    [Layer.convTranspose2d(4, 3, { stride: 0 })(image), /stride must be a whole number >= 1, or two/],
    [Layer.convTranspose2d(4, 3, { outputPadding: -1 })(image), /outputPadding must be a whole number >= 0, or two/],
    [Layer.convTranspose1d(4, 3, { padding: [-1, 0] })(sequence), /padding must be "same", "valid", a whole number/],
    [Layer.upsample(0)(image), /factor must be a whole number >= 1, or two/],
    [Layer.upsample(1.5)(image), /factor must be a whole number >= 1, or two/],
    [Layer.crop(-1)(image), /edges must be whole numbers >= 0/],
  ]
  for (const [net, words] of wrong) assert.match(expectLeft(Net.check(net)).message, words)
})

test.run()
