/**
 * Every trick of the lecture by name, and what it does to one small net, 64-48-10, that learns handwritten digits for a
 * few passes. The net is too small and the runs are too short to crown a winner; they show how each trick is written.
 *
 *   --seed N, --epochs N (default 3)    as in 01-digits.ts
 */
// test: --epochs 1
import { readFileSync } from 'node:fs'
import {
  Clip,
  Constraint,
  Data,
  Decay,
  Guard,
  Init,
  Label,
  Layer,
  Loss,
  Metric,
  Net,
  Optimizer,
  orThrow,
  Penalty,
  pipe,
  Recipe,
  Score,
  Stage,
  Stop,
  Trainer,
} from 'gradus'
import { table } from 'gradus/cli'
import { options } from './support/terminal.js'

const { seed, epochs } = options({ about: 'Tries every trick on a small net.', epochs: 3, out: 'unused' })

const csv = readFileSync(new URL('data/digits.csv.gz', import.meta.url))
const digits = orThrow(Data.csv({ inputs: [64], label: Label.classes(10) })(csv))
const { train, validation } = orThrow(Data.stratifiedSplit({ validation: 0.2, seed })(Data.slice(0, 1437)(digits)))

const [rate, small] = [0.1, { rate: 0.01 }]
const netOf = (block: Layer.Keeps, o: { init?: Init.Init; penalty?: Penalty.Penalty } = {}) =>
  pipe(Net.input(64), Layer.rescale(1 / 16), Layer.dense(48, { init: Init.he(), ...o }), block, Layer.dense(10))

const plain = {
  net: netOf(Layer.relu()),
  loss: Loss.softmaxCrossEntropy(),
  metrics: [Metric.accuracy(), Metric.topK(3)],
  optimizer: Optimizer.momentum({ rate }),
  batch: 50,
  epochs,
  seed,
}
type Change = Partial<typeof plain> & { readonly stop?: Stop }
const fit = async (change: Change) =>
  orThrow(await Trainer.fit(Recipe.of({ ...plain, ...change }))({ train, validation })())

const compare = async <A>(title: string, tricks: Readonly<Record<string, A>>, change: (trick: A) => Change) => {
  const rows: Record<string, string> = {}
  for (const [name, trick] of Object.entries(tricks)) {
    const { loss = NaN, accuracy = NaN, top3 = NaN } = orThrow((await fit(change(trick))).evaluate(validation))
    rows[name] = `loss ${loss.toFixed(3)}  accuracy ${accuracy.toFixed(3)}  top 3 ${top3.toFixed(3)}`
  }
  console.log(`\n${title}\n${table(rows)}`)
}

await compare(
  'Layers after the hidden one',
  {
    logistic: Layer.logistic(),
    'hard sigmoid': Layer.hardSigmoid({ form: 'keras2' }),
    tanh: Layer.tanh(),
    softsign: Layer.softsign(),
    relu: Layer.relu(),
    relu6: Layer.relu6(),
    'leaky relu': Layer.leakyRelu({ alpha: 0.2 }),
    'prelu: learned': Layer.prelu({ per: 'channel' }),
    elu: Layer.elu(),
    celu: Layer.celu(),
    selu: Layer.selu(),
    softplus: Layer.softplus(),
    swish: Layer.swish(),
    'silu, its other name': Layer.silu(),
    mish: Layer.mish(),
    gelu: Layer.gelu(),
    'nothing (linear)': Layer.identity(),
    'batch norm before (tf1)': x => pipe(x, Layer.batchNorm({ form: 'tf1' }), Layer.relu()),
    'batch norm after (torch)': x => pipe(x, Layer.relu(), Layer.batchNorm()),
    'layer norm': x => pipe(x, Layer.layerNorm(), Layer.relu()),
    'group norm': x => pipe(x, Layer.groupNorm(4), Layer.relu()),
    dropout: x => pipe(x, Layer.relu(), Layer.dropout(0.3)),
    'spatial dropout': x => pipe(x, Layer.relu(), Layer.spatialDropout(0.3)),
    'alpha dropout': x => pipe(x, Layer.selu(), Layer.alphaDropout(0.1)),
    'Gaussian noise': x => pipe(x, Layer.relu(), Layer.gaussianNoise(0.1)),
    'Gaussian dropout': x => pipe(x, Layer.relu(), Layer.gaussianDropout(0.3)),
  } satisfies Record<string, Layer.Keeps>,
  block => ({ net: netOf(block) }),
)
const hidden = pipe(Net.input(64), Layer.rescale(1 / 16), Layer.dense(48), Layer.relu())
const [one, other] = [Layer.dense(24, { name: 'one' })(hidden), Layer.dense(24, { name: 'other' })(hidden)]
const pixels = Array.from({ length: 64 })
await compare(
  'Shapes of nets',
  {
    'a residual block': pipe(
      hidden,
      Layer.residual(x => pipe(x, Layer.dense(48), Layer.relu())),
      Layer.dense(10),
    ),
    'two branches side by side': pipe(Layer.concat(one, other), Layer.tanh(), Layer.dense(10)),
    'two branches, summed': pipe(Layer.add(one, other), Layer.tanh(), Layer.dense(10)),
    'filters over the image, the largest of each': pipe(
      Net.input(64),
      Layer.rescale(1 / 16),
      Layer.reshape(8, 8, 1),
      Layer.conv2d(8, 3, { padding: 'same' }),
      Layer.relu(),
      Layer.maxPool2d(2),
      Layer.flatten(),
      Layer.dense(10),
    ),
    'blocks of pixels as channels, and back in a frame of zeros': pipe(
      Net.input(64),
      Layer.rescale(1 / 16),
      Layer.reshape(8, 8, 1),
      Layer.spaceToDepth(2),
      Layer.conv2d(16, 1),
      Layer.relu(),
      Layer.depthToSpace(2),
      Layer.pad([
        [1, 1],
        [1, 1],
        [0, 0],
      ]), // or with { form: 'reflect' }, 'edge', 'symmetric' or 'wrap', or another { value }
      Layer.conv2d(8, 3, { stride: 2 }),
      Layer.flatten(),
      Layer.dense(10),
    ),
    'every channel by itself, then all of them': pipe(
      Net.input(64),
      Layer.rescale(1 / 16),
      Layer.reshape(8, 8, 1),
      Layer.conv2d(8, 3, { padding: 'same' }),
      Layer.relu(),
      Layer.separableConv2d(16, 3), // the same as depthwiseConv2d without bias, then conv2d(16, 1)
      Layer.relu(),
      Layer.depthwiseConv2d(3, { stride: 2, multiplier: 2 }),
      Layer.relu(),
      Layer.flatten(),
      Layer.dense(10),
    ),
    'smaller, then larger again: transposed and by blocks': pipe(
      Net.input(64),
      Layer.rescale(1 / 16),
      Layer.reshape(8, 8, 1),
      Layer.conv2d(8, 3, { stride: 2, padding: 'same' }), // [4, 4, 8]
      Layer.relu(),
      Layer.convTranspose2d(4, 4, { stride: 2, padding: 1 }), // [8, 8, 4]
      Layer.relu(),
      Layer.upsample(2), // [16, 16, 4]
      Layer.crop(4), // [8, 8, 4]
      Layer.maxPool2d(2),
      Layer.flatten(),
      Layer.dense(10),
    ),
    'the rows of pixels as a sequence': pipe(
      Net.input(64),
      Layer.rescale(1 / 16),
      Layer.reshape(8, 8), // 8 steps of 8 channels
      Layer.conv1d(32, 3, { padding: 'causal' }),
      Layer.relu(),
      Layer.separableConv1d(32, 3, { padding: 'same' }),
      Layer.relu(),
      Layer.maxPool1d(2),
      Layer.convTranspose1d(16, 2, { stride: 2 }),
      Layer.relu(),
      Layer.averagePool1d(2),
      x => Layer.concat(Layer.globalAveragePool1d()(x), Layer.globalMaxPool1d()(x)),
      Layer.dense(10),
    ),
    'averages in place of maxima': pipe(
      Net.input(64),
      Layer.rescale(1 / 16),
      Layer.reshape(8, 8, 1),
      Layer.conv2d(8, 3),
      Layer.relu(),
      Layer.averagePool2d(2),
      Layer.flatten(),
      Layer.dense(10),
    ),
    'each filter as one number': pipe(
      Net.input(64),
      Layer.rescale(1 / 16),
      Layer.reshape(8, 8, 1),
      Layer.conv2d(16, 5),
      Layer.relu(),
      x => Layer.concat(Layer.globalAveragePool()(x), Layer.globalMaxPool()(x)),
      Layer.dense(10),
    ),
    'an image as a vector, standardized': pipe(
      Net.input(64),
      Layer.reshape(8, 8),
      Layer.flatten(),
      Layer.standardize(
        pixels.map(() => 5),
        pixels.map(() => 6),
      ),
      Layer.dense(48),
      Layer.relu(),
      Layer.dense(10),
    ),
  },
  net => ({ net }),
)
await compare(
  'Initializers',
  {
    'Glorot, uniform': Init.glorotUniform(),
    'He, normal': Init.heNormal(),
    "the lecture's for relu": Init.forActivation('relu'),
    orthogonal: Init.orthogonal({ gain: Math.sqrt(2) }),
    zeros: Init.zeros(),
  },
  init => ({ net: netOf(Layer.relu(), { init }) }),
)
await compare(
  'Penalties',
  {
    'L1, with the loss': Penalty.l1(1e-4),
    'L2, with the loss': Penalty.l2(1e-3),
    'both (elastic net)': Penalty.l1l2({ l1: 1e-5, l2: 1e-3 }),
  },
  penalty => ({ net: netOf(Layer.relu(), { penalty }) }),
)
await compare(
  'Losses',
  {
    'softmax cross-entropy': Loss.softmaxCrossEntropy(),
    'with label smoothing': Loss.softmaxCrossEntropy({ smoothing: 0.1 }),
  },
  loss => ({ loss }),
)
await compare(
  'Optimizers',
  {
    'gradient descent': Optimizer.sgd({ rate }),
    'momentum (torch, tf1)': Optimizer.momentum({ rate }),
    'momentum (keras, slides)': Optimizer.momentum({ rate, form: 'slides' }),
    nesterov: Optimizer.nesterov({ rate }),
    'adagrad (tf1)': Optimizer.adagrad({ rate, form: 'tf1' }),
    'rmsprop (tf1)': Optimizer.rmsprop({ ...small, form: 'tf1' }),
    'rmsprop, centered, with momentum': Optimizer.rmsprop({ rate: 0.001, centered: true, momentum: 0.9 }),
    adadelta: Optimizer.adadelta(),
    'adam (paper)': Optimizer.adam({ ...small, form: 'paper' }),
    'adam (tf1: epsilon hat)': Optimizer.adam({ ...small, form: 'tf1' }),
    amsgrad: Optimizer.amsgrad(small),
    adamw: Optimizer.adamW({ ...small, exclude: Decay.biasesAndScales }),
    nadam: Optimizer.nadam(small),
    adamax: Optimizer.adamax(small),
    radam: Optimizer.radam(small),
    lion: Optimizer.lion({ rate: 0.001 }),
    lamb: Optimizer.lamb(small),
    'lars: the trust ratio': Optimizer.chain(Optimizer.trustRatio(), Optimizer.momentum({ rate: 0.01 })),
    'accumulated gradients': Optimizer.accumulate(2, Optimizer.momentum({ rate })),
    'a moving average beside': Optimizer.chain(Optimizer.momentum({ rate }), Optimizer.ema(0.9)),
    'stochastic weight averaging': Optimizer.chain(Optimizer.momentum({ rate }), Optimizer.swa({ from: 20 })),
    lookahead: Optimizer.lookahead(Optimizer.momentum({ rate })),
    plateau: Optimizer.chain(Optimizer.momentum({ rate }), Optimizer.plateau({ every: 20, patience: 2 })),
    "Keras' plateau": Optimizer.chain(Optimizer.momentum({ rate }), Optimizer.plateau({ form: 'keras', patience: 2 })),
    'rates by group': Optimizer.chain(
      Optimizer.momentum({ rate }),
      Optimizer.scaleRate({ include: ['**/b'], factor: 2 }),
    ),
    'an optimizer by group': Optimizer.chain(
      Stage.only({ include: ['**/b'] }, Optimizer.sgd({ rate })),
      Stage.only({ exclude: ['**/b'] }, Optimizer.adam(small)),
    ),
  },
  optimizer => ({ optimizer }),
)
await compare(
  'Around gradient descent with momentum',
  {
    'clip by value': [Clip.byValue(0.1)],
    'clip by norm': [Clip.byNorm(0.5)],
    'clip by global norm': [Clip.byGlobalNorm(1)],
    'clip adaptively': [Clip.adaptive(0.1, { exclude: Decay.biasesAndScales })],
    'L2 as decay': [Decay.l2(1e-3)],
    'L1 as decay': [Decay.l1(1e-4)],
    'skip what is not finite': [Guard.skip()],
  },
  stages => ({ optimizer: Optimizer.chain(...stages, Optimizer.momentum({ rate })) }),
)
await compare(
  'Rules after each epoch, with a guard',
  {
    'stop early': Stop.early({ patience: 1 }),
    'keep the best': Stop.keepBest(),
    'stop when steps were skipped': Stop.skipped(),
  },
  stop => ({ stop, optimizer: Optimizer.chain(Guard.skip(), Optimizer.momentum({ rate })) }),
)
await compare(
  'And behind it',
  {
    'decoupled decay': Decay.decoupled(0.01, { rate, exclude: Decay.biasesAndScales }),
    'max norm': Constraint.maxNorm(2),
    'unit norm': Constraint.unitNorm({ include: ['dense1/w'] }),
  },
  stage => ({ optimizer: Optimizer.chain(Optimizer.momentum({ rate }), stage) }),
)

// --- numbers for labels: each class a value of 0 or 1 --------------------------------------------------------------------
const hot = (data: typeof train) =>
  orThrow(
    Data.of({ inputs: [64], label: Label.values(10) })({
      x: Data.column(data, 'input'),
      y: Array.from(data.labels).flatMap(label => Array.from({ length: 10 }, (_, k) => (k === label ? 1 : 0))),
    }),
  )
const values = { train: hot(train), validation: hot(validation) }
const fitValues = async (loss: Loss<'values'>) =>
  orThrow(await Trainer.fit(Recipe.of({ ...plain, loss, metrics: [Metric.mse(), Metric.mae()] }))(values)())
const { labels, size } = validation
const guessOf = (outputs: Float32Array): readonly number[] =>
  Array.from({ length: size }, (_, r) => {
    const row = outputs.subarray(10 * r, 10 * r + 10)
    return row.indexOf(Math.max(...row))
  })
const right: Record<string, string> = {}
for (const [name, loss] of Object.entries({
  'mean squared error': Loss.mse(),
  'mean absolute error': Loss.mae(),
  Huber: Loss.huber({ delta: 0.5 }),
  'sigmoid cross-entropy': Loss.sigmoidCrossEntropy(),
})) {
  const guess = guessOf(orThrow((await fitValues(loss)).predict(validation)))
  right[name] = `the largest output is right: ${orThrow(Score.accuracy(labels, guess)).toFixed(3)}`
}
console.log(`\nLosses of values\n${table(right)}`)

// --- what predictions are worth ----------------------------------------------------------------------------------------
const regression = await fitValues(Loss.mse())
const { mse = NaN, mae = NaN } = orThrow(regression.evaluate(values.validation))
const fitted = await fit({ stop: Stop.early({ patience: 2 }) })
const { loss = NaN } = orThrow(fitted.evaluate(validation))
const logits = orThrow(fitted.predict(validation))
const guess = guessOf(logits)
const nines = Array.from(labels, label => (label === 9 ? 1 : 0))
const nineness = Array.from({ length: size }, (_, r) => logits[10 * r + 9] as number)
const folds = orThrow(Data.stratifiedKFold({ folds: 5, seed })(train))
console.log(
  `\nScores\n${table({
    accuracy: orThrow(Score.accuracy(labels, guess)).toFixed(3),
    'top 3': orThrow(Score.topK(labels, logits, 3)).toFixed(3),
    precision: orThrow(Score.precision(labels, guess, 10)).macro.toFixed(3),
    recall: orThrow(Score.recall(labels, guess, 10)).macro.toFixed(3),
    F1: orThrow(Score.f1(labels, guess, 10)).macro.toFixed(3),
    'ROC AUC of the nines': orThrow(Score.rocAuc(nineness, nines)).toFixed(3),
    'R2, MSE, MAE of the values': [
      orThrow(Score.r2(values.validation.labels, orThrow(regression.predict(validation)))),
      mse,
      mae,
    ]
      .map(x => x.toFixed(3))
      .join(' '),
    perplexity: orThrow(Score.perplexity(loss)).toFixed(3),
    'nines taken for 0 to 9': (orThrow(Score.confusion(labels, guess, 10))[9] ?? []).join(' '),
    'rows of 5 folds': folds.map(f => f.validation.size).join(' '),
  })}`,
)
