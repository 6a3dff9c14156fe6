/** Right uses: this file must compile. */
import {
  Data,
  type Dense,
  Expr,
  flow,
  type Inputs,
  type Keeps,
  Label,
  Layer,
  Loss,
  Metric,
  type Model,
  Net,
  Optimizer,
  Penalty,
  pipe,
  Recipe,
  type Shape,
  Trainer,
} from 'gradus'
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'

const net = pipe(
  Net.input(784),
  Layer.dense(300, { name: 'h1' }),
  Layer.batchNorm({ form: 'tf1' }),
  Layer.elu(),
  Layer.dropout(0.5),
  Layer.dense(100),
  Layer.batchNorm(),
  Layer.elu(),
  Layer.dropout(0.5),
  Layer.residual(x => pipe(x, Layer.dense(100), Layer.elu())),
  Layer.residual(flow(Layer.dense(100), Layer.elu())),
  Net.scope('block', flow(Layer.dense(100), Layer.elu())),
  Layer.dense(10),
)
export const check: Net<readonly [784], readonly [10]> = net

// --- generic blocks ---------------------------------------------------------------------------------------------------
const block = <I extends Inputs, N extends number>(x: Net<I, readonly [N]>) => pipe(x, Layer.dense(100), Layer.elu())
const wide =
  <U extends number>(u: U) =>
  <I extends Inputs, N extends number>(x: Net<I, readonly [N]>) =>
    pipe(x, Layer.dense(u), Layer.batchNorm(), Layer.elu())
const res =
  <N extends number>(n: N) =>
  <I extends Inputs>(x: Net<I, readonly [N]>) =>
    Layer.add(x, pipe(x, Layer.dense(n), Layer.elu()))
const fb = flow(Layer.dense(100), Layer.batchNorm(), Layer.elu())
export const c2: Net<readonly [64], readonly [10]> = pipe(
  Net.input(64),
  block,
  wide(55),
  wide(100),
  res(100),
  fb,
  Layer.dense(10),
)
export const rb = <I extends Inputs, N extends number>(x: Net<I, readonly [N]>) =>
  pipe(
    x,
    Layer.residual(y => pipe(y, Layer.elu())),
  )
export const joins = <I extends Inputs, N extends number, M extends number>(
  a: Net<I, readonly [N]>,
  b: Net<I, readonly [M]>,
) => pipe(Layer.concat(a, b), Layer.dense(10))
export const flat = <I extends Inputs, N extends number>(x: Net<I, readonly [28, 28, N]>) =>
  pipe(x, Layer.flatten(), Layer.dense(10))

// --- sizes are computed -----------------------------------------------------------------------------------------------
const trunk = pipe(Net.input(64), fb)
const two = Layer.concat(pipe(trunk, Layer.elu()), pipe(trunk, Layer.dense(7)))
export const c3: Net<readonly [64], readonly [107]> = two
export const image: Net<readonly [28, 28, 1], readonly [784]> = pipe(Net.input(28, 28, 1), Layer.flatten())
export const large: Net<readonly [7, 7, 1024], readonly [50176]> = pipe(Net.input(7, 7, 1024), Layer.flatten())
export const channels: Net<readonly [9, 9, 5], readonly [9, 9, 10]> = pipe(Net.input(9, 9, 5), x => Layer.concat(x, x))
export const seen: Net<readonly [784], readonly [28, 28, 1]> = pipe(Net.input(784), Layer.reshape(28, 28, 1))
declare const n: number
export const some: Net<readonly [number, 3], readonly [number]> = pipe(Net.input(n, 3), Layer.flatten())

// --- what keeps the shape, whatever it is -----------------------------------------------------------------------------
export const kept: Net<readonly [8, 8, 4], readonly [8, 8, 4]> = pipe(
  Net.input(8, 8, 4),
  Layer.batchNorm({ axis: 0 }),
  Layer.layerNorm({ axes: [-3, -2, -1] }),
  Layer.groupNorm(2),
  Layer.prelu({ per: 'channel' }),
  Layer.hardSigmoid({ form: 'keras2' }),
  Layer.silu(),
  Layer.spatialDropout(0.1),
  Layer.alphaDropout(0.1),
  Layer.gaussianNoise(0.1),
)
export const keeps = <I extends Inputs, S extends Shape>(x: Net<I, S>): Net<I, S> =>
  pipe(x, Layer.layerNorm(), Layer.groupNorm(1), Layer.mish(), Layer.celu(), Layer.relu6(), Layer.softsign())
export const penalized: Net<readonly [64], readonly [10]> = pipe(
  Net.input(64),
  Layer.dense(10, { penalty: Penalty.l2(1e-4) }),
)
export const smoothedClasses: Loss<'class'> = Loss.softmaxCrossEntropy({ smoothing: 0.1 })
export const smoothedRows: Loss<'values'> = Loss.softmaxCrossEntropy({ smoothing: 0.1, labels: 'oneHot' })

// --- 25 blocks of 4 layers --------------------------------------------------------------------------------------------
const cell = flow(Layer.dense(64), Layer.batchNorm(), Layer.elu(), Layer.dropout(0.1))
const cells = flow(cell, cell, cell, cell, cell)
export const long: Net<readonly [32], readonly [10]> = pipe(
  Net.input(32),
  cells,
  cells,
  cells,
  cells,
  cells,
  Layer.dense(10),
)
const unrolled = pipe(
  Net.input(32),
  Layer.dense(61),
  Layer.elu(),
  Layer.dense(62),
  Layer.elu(),
  Layer.dense(63),
  Layer.elu(),
  Layer.dense(64),
  Layer.elu(),
  Layer.dense(65),
  Layer.elu(),
  Layer.dense(66),
  Layer.elu(),
  Layer.dense(67),
  Layer.elu(),
  Layer.dense(68),
  Layer.elu(),
  Layer.dense(69),
  Layer.elu(),
)
export const longer: Net<readonly [32], readonly [78]> = pipe(
  unrolled,
  Layer.dense(70),
  Layer.residual(x => pipe(x, Layer.dense(70), Layer.tanh())),
  Layer.dense(71),
  Layer.residual(x => pipe(x, Layer.dense(71), Layer.tanh())),
  Layer.dense(72),
  Layer.residual(x => pipe(x, Layer.dense(72), Layer.tanh())),
  Layer.dense(73),
  Layer.residual(x => pipe(x, Layer.dense(73), Layer.tanh())),
  Layer.dense(74),
  Layer.dense(75),
  Layer.dense(76),
  Layer.dense(77),
  Layer.dense(78),
)

// --- recipes and data -------------------------------------------------------------------------------------------------
const common = { optimizer: Optimizer.sgd({ rate: 0.1 }), batch: 50, epochs: 1, seed: 1 }
const recipe = Recipe.of({ net, loss: Loss.softmaxCrossEntropy(), metrics: [Metric.accuracy()], ...common })
declare const bytes: Uint8Array
const d = Data.csv({ inputs: [784], label: Label.classes(10) })(bytes)
if (E.isRight(d)) Trainer.fit(recipe)({ train: d.right })
export const regression = Recipe.of({ net, loss: Loss.mse(), metrics: [Metric.mae()], ...common })
export const oneHot = Recipe.of({ net, loss: Loss.softmaxCrossEntropy({ labels: 'oneHot' }), ...common })
export const go = <I extends Inputs, C extends number>(
  x: Net<I, readonly [C]>,
  rows: Data<I, { readonly target: 'class'; readonly classes: C }>,
) => Trainer.fit(Recipe.of({ net: x, loss: Loss.softmaxCrossEntropy(), ...common }))({ train: rows })

// --- layers of one's own ----------------------------------------------------------------------------------------------
const ones = { of: 'init', kind: 'gradus/ones', config: null } as const
const Gate = Layer.define<(c: { readonly start: number }) => Keeps>()({
  kind: 'acme/gate',
  config: t.type({ start: t.number }),
  args: c => c,
  shape: (_c, x) => E.right(x ?? []),
  params: () => ({ g: { shape: [], init: ones } }),
  state: () => ({}),
  infer: (_c, p, _s, x) => Expr.mul(x, p.g),
  train: (_c, p, s, _k, x) => [Expr.mul(x, p.g), s],
})
const MyDense = Layer.define<Dense>()({
  kind: 'acme/dense',
  config: t.type({ units: t.number }),
  args: units => ({ units }),
  shape: c => E.right([c.units]),
  params: (c, x) => ({ w: { shape: [x?.[0] ?? 0, c.units], init: ones } }),
  state: () => ({}),
  infer: (_c, p, _s, x) => Expr.matmul(x, p.w),
  train: (_c, p, s, _k, x) => [Expr.matmul(x, p.w), s],
})
export const c4: Net<readonly [64], readonly [10]> = pipe(Net.input(64), Gate({ start: 1 }), MyDense(10))
export const codec = Net.codec([Gate.def, MyDense.def, Layer.dense.def])
export const decoded: t.Type<Net<Inputs, Shape>, unknown> = codec

// --- several inputs ---------------------------------------------------------------------------------------------------
const { img, meta } = Net.inputs({ img: [64], meta: [3] })
export const c6: Net<{ readonly img: readonly [64]; readonly meta: readonly [3] }, readonly [2]> = pipe(
  Layer.concat(pipe(img, Layer.dense(10)), meta),
  Layer.dense(2),
)

declare const joined: Model<{ readonly img: readonly [64]; readonly meta: readonly [3] }, readonly [2]>
declare const sole: Model<readonly [784], readonly [10]>
declare const pixels: Uint8Array
export const named = joined.predict({ img: pixels, meta: [1, 2, 3] })
export const plain = [sole.predict(pixels), sole.classify([1, 2, 3])]
if (E.isRight(d)) sole.predict(d.right)
const anyModel: Model<Inputs, Shape> = sole
export const loaded = [anyModel.predict(pixels), anyModel.predict({ img: pixels })]

// --- accepted here, checked when the net is built ---------------------------------------------------------------------
const unk = pipe(Net.input(n), Layer.dense(10))
const ru = Recipe.of({ net: unk, loss: Loss.softmaxCrossEntropy(), ...common })
const d5 = Data.csv({ inputs: [64], label: Label.classes(10) })(bytes)
if (E.isRight(d5)) Trainer.fit(ru)({ train: d5.right })
export const u1 = pipe(Net.input(n), Layer.residual(Layer.dense(10)))
export const u2 = pipe(
  Net.input(10),
  Layer.residual(x => pipe(x, Layer.dense(n))),
)
declare const dec: Net<Shape, Shape>
export const u3: Net<Shape, readonly [10]> = pipe(dec, Layer.dense(10))

// --- convolutions -----------------------------------------------------------------------------------------------------
export const small: Net<readonly [28, 28, 1], readonly [10]> = pipe(
  Net.input(28, 28, 1),
  Layer.conv2d(32, 3),
  Layer.relu(),
  Layer.conv2d(64, 3, { stride: 1, dilation: [1, 1], bias: false }),
  Layer.maxPool2d(2),
  Layer.flatten(),
  Layer.dense(10),
)
export const darknet: Net<readonly [416, 416, 3], readonly [13, 13, 425]> = pipe(
  Net.input(416, 416, 3),
  Layer.conv2d(32, 3, { padding: 'same' }),
  Layer.maxPool2d(2),
  Layer.conv2d(64, 3, { padding: 1, stride: 2 }),
  Layer.averagePool2d([2, 2], { stride: 2 }),
  Layer.maxPool2d(3, { stride: 2, padding: 'same' }),
  Layer.conv2d(425, [1, 3], {
    stride: [2, 2],
    padding: [
      [0, 0],
      [1, 1],
    ],
  }),
)
export const rounded: Net<readonly [7, 7, 4], readonly [number, number, 4]> = pipe(
  Net.input(7, 7, 4),
  Layer.maxPool2d(2, { ceil: true }),
)
export const pooled: Net<readonly [28, 28, 3], readonly [3]> = pipe(Net.input(28, 28, 3), Layer.globalAveragePool())
const convBlock =
  <F extends number>(filters: F) =>
  <I extends Inputs, H extends number, W extends number, C extends number>(x: Net<I, readonly [H, W, C]>) =>
    pipe(x, Layer.conv2d(filters, 3, { padding: 'same' }), Layer.batchNorm(), Layer.relu())
export const blocks: Net<readonly [32, 32, 3], readonly [32, 32, 64]> = pipe(
  Net.input(32, 32, 3),
  convBlock(32),
  convBlock(64),
)

// --- convolutions of sequences, separable and transposed ones -----------------------------------------------------------
export const sound: Net<readonly [400, 1], readonly [32]> = pipe(
  Net.input(400, 1),
  Layer.conv1d(16, 8, { stride: 4, padding: 'causal' }),
  Layer.maxPool1d(2),
  Layer.separableConv1d(32, 3, { padding: 'same' }),
  Layer.averagePool1d(3, { stride: 2, padding: 1 }),
  Layer.globalAveragePool1d(),
)
export const autoencoder: Net<readonly [28, 28, 1], readonly [28, 28, 1]> = pipe(
  Net.input(28, 28, 1),
  Layer.conv2d(8, 3, { stride: 2, padding: 'same' }),
  Layer.depthwiseConv2d(3, { multiplier: 2, stride: 2, padding: 1 }),
  Layer.convTranspose2d(8, 4, { stride: 2, padding: 1 }),
  Layer.upsample([2, 2], { method: 'bilinear' }),
  Layer.separableConv2d(1, 5, { padding: 3 }),
  Layer.crop(1),
)
export const enlarge = <I extends Inputs, N extends number>(x: Net<I, readonly [N, N, 4]>) =>
  pipe(x, Layer.upsample(2), Layer.depthwiseConv2d(3, { padding: 'same' }))
