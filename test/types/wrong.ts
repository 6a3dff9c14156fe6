/** Wrong uses: each marked line must be refused, in the words of messages.snap.json. */
import {
  Data,
  Expr,
  type Inputs,
  Label,
  Layer,
  Loss,
  Metric,
  type Model,
  Net,
  Optimizer,
  pipe,
  Recipe,
  Trainer,
} from 'gradus'
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'

declare const bytes: Uint8Array
declare const n: number
const common = { optimizer: Optimizer.sgd({ rate: 0.1 }), batch: 50, epochs: 1, seed: 1 }
const image = pipe(Net.input(28, 28, 32), Layer.elu())
const ten = pipe(Net.input(64), Layer.dense(10))

// @ts-expect-error dense on an image
pipe(image, Layer.dense(10))

// @ts-expect-error dense on an image of unknown size
pipe(Net.input(n, 28), Layer.dense(10))

pipe(
  Net.input(100),
  // @ts-expect-error residual that changes the shape
  Layer.residual(x => pipe(x, Layer.dense(50), Layer.elu())),
)

// @ts-expect-error residual over a layer that changes the shape
pipe(Net.input(100), Layer.residual(Layer.dense(50)))

// @ts-expect-error add of two shapes
Layer.add(pipe(ten, Layer.dense(4)), pipe(ten, Layer.dense(5)))

// @ts-expect-error add over two inputs
Layer.add(pipe(Net.input(10), Layer.dense(4)), pipe(Net.input(11), Layer.dense(4)))

// @ts-expect-error concat of two images
Layer.concat(Net.input(28, 28, 3), pipe(Net.input(28, 28, 3), Layer.flatten(), Layer.reshape(14, 56, 3)))

// @ts-expect-error reshape to another size
pipe(Net.input(28, 28), Layer.reshape(700))

// @ts-expect-error class labels for an image
Recipe.of({ net: Net.input(28, 28, 1), loss: Loss.softmaxCrossEntropy(), ...common })

// @ts-expect-error a metric for another target
Recipe.of({ net: ten, loss: Loss.mse(), metrics: [Metric.accuracy()], ...common })

const ok = Recipe.of({ net: ten, loss: Loss.softmaxCrossEntropy(), ...common })

const d1 = Data.csv({ inputs: [63], label: Label.classes(10) })(bytes)
// @ts-expect-error data of another input
if (E.isRight(d1)) Trainer.fit(ok)({ train: d1.right })

const d2 = Data.csv({ inputs: [64], label: Label.classes(9) })(bytes)
// @ts-expect-error data of another number of classes
if (E.isRight(d2)) Trainer.fit(ok)({ train: d2.right })

const d3 = Data.csv({ inputs: [64], label: Label.values(10) })(bytes)
// @ts-expect-error values where classes are wanted
if (E.isRight(d3)) Trainer.fit(ok)({ train: d3.right })

const d4 = Data.csv({ inputs: [n], label: Label.classes(n) })(bytes)
// @ts-expect-error data of unknown sizes
if (E.isRight(d4)) Trainer.fit(ok)({ train: d4.right })

declare const joined: Model<{ readonly img: readonly [64]; readonly meta: readonly [3] }, readonly [2]>
declare const sole: Model<readonly [64], readonly [10]>

// @ts-expect-error rows in one list for inputs by name
joined.predict([1, 2, 3])

// @ts-expect-error an input that is missing
joined.predict({ img: [1, 2] })

// @ts-expect-error an input that there is none of
joined.classify({ img: [1, 2], meta: [1], more: [1] })

// @ts-expect-error rows by name for the only input
sole.predict({ input: [1, 2, 3] })

// @ts-expect-error a data set of another input
if (E.isRight(d1)) sole.predict(d1.right)

// @ts-expect-error a misspelt option
pipe(Net.input(3), Layer.dense(10, { nam: 'x' }))

// @ts-expect-error a form that there is none of
pipe(Net.input(3), Layer.hardSigmoid({ form: 'paper' }))

// @ts-expect-error a number where a penalty is wanted
pipe(Net.input(3), Layer.dense(10, { penalty: 1e-4 }))

// @ts-expect-error a smoothed loss of classes behind an image
Recipe.of({ net: image, loss: Loss.softmaxCrossEntropy({ smoothing: 0.1 }), ...common })

// @ts-expect-error a layer that was not called
pipe(Net.input(3), Layer.elu, Layer.dense(2))

// @ts-expect-error a generic block whose residual changes the shape
export const block = <I extends Inputs>(x: Net<I, readonly [8]>) => pipe(x, Layer.residual(Layer.dense(9)))

// @ts-expect-error a generic block that is dense on an image
export const flat = <I extends Inputs, N extends number>(x: Net<I, readonly [N, N]>) => pipe(x, Layer.dense(9))

Layer.define<() => Layer.Keeps>()({
  kind: 'acme/undeclared',
  config: t.null,
  args: () => null,
  shape: (_c, x) => E.right(x ?? []),
  params: () => ({ w: { shape: [], init: { of: 'init', kind: 'gradus/ones', config: null } } }),
  state: () => ({}),
  // @ts-expect-error a parameter that was not declared
  infer: (_c, p, _s, x) => Expr.mul(x, p.v),
  train: (_c, p, s, _k, x) => [Expr.mul(x, p.w), s],
})

// @ts-expect-error a convolution of a vector
pipe(Net.input(784), Layer.conv2d(32, 3))

// @ts-expect-error a pool of a vector of unknown size
pipe(Net.input(n), Layer.maxPool2d(2))

// @ts-expect-error a dense layer on a convolution
pipe(Net.input(28, 28, 1), Layer.conv2d(32, 3), Layer.dense(10))

// @ts-expect-error padding that does not exist
pipe(Net.input(28, 28, 1), Layer.conv2d(32, 3, { padding: 'full' }))

// @ts-expect-error a residual whose convolution shrinks the image
pipe(Net.input(28, 28, 8), Layer.residual(Layer.conv2d(8, 3)))

// @ts-expect-error a convolution of a sequence that is an image
pipe(Net.input(28, 28, 1), Layer.conv1d(32, 3))

// @ts-expect-error a depthwise convolution of a sequence
pipe(Net.input(28, 28), Layer.depthwiseConv2d(3))

// @ts-expect-error a separable convolution of a vector
pipe(Net.input(784), Layer.separableConv2d(32, 3))

// @ts-expect-error a transposed convolution of a vector
pipe(Net.input(100), Layer.convTranspose2d(32, 3))

// @ts-expect-error a dense layer on a transposed convolution
pipe(Net.input(7, 7, 8), Layer.convTranspose2d(4, 3, { stride: 2, padding: 'same' }), Layer.dense(10))

// @ts-expect-error a residual whose depthwise convolution multiplies the channels
pipe(Net.input(28, 28, 8), Layer.residual(Layer.depthwiseConv2d(3, { multiplier: 2, padding: 'same' })))

// @ts-expect-error an enlarged vector
pipe(Net.input(784), Layer.upsample(2))

// @ts-expect-error a cropped sequence
pipe(Net.input(28, 28), Layer.crop(2))

// @ts-expect-error a pool of a sequence that is an image
pipe(Net.input(28, 28, 1), Layer.maxPool1d(2))

// @ts-expect-error causal padding of an image
pipe(Net.input(28, 28, 1), Layer.conv2d(32, 3, { padding: 'causal' }))
