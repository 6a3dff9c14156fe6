/**
 * Writes ../tfjs.json: what TensorFlow.js (4.22, float32, pure JavaScript) says where it has a form of TensorFlow's or
 * Keras' that PyTorch lacks. See ../README.md.
 *
 *     npm ci --prefix test/oracle/tfjs && node test/oracle/tfjs/generate.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'

await tf.setBackend('cpu')
const oracle = JSON.parse(readFileSync(new URL('../optimizers.json', import.meta.url), 'utf8'))

const number = x => Number(x.toPrecision(9)) + 0
const flat = tensor => Array.from(tensor.dataSync(), number)
const tensor = t => ({ shape: t.shape, data: flat(t) })

/** Numbers like noise, multiples of 1/256: exact in float32 and in nine decimal digits, and never 0. */
const grid = (seed, shape, scale = 1) => {
  let state = seed
  const data = Array.from({ length: shape.reduce((a, d) => a * d, 1) }, () => {
    let sum = 0
    for (let k = 0; k < 12; k++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      sum += state / 2 ** 32
    }
    return (Math.round((sum - 6) * scale * 256) || 1) / 256
  })
  return tf.tensor(data, shape)
}

// --- optimizers: the gradients and rates of optimizers.json -----------------------------------------------------------
const recorded = [1, 2, 3, 5, 10, 20, 30, 40, 50, 60]
const rates = oracle.rates.exponential

/** The parameters p and q, flat and joined, after the recorded steps. */
const run = (optimizer, prepare) => {
  const variables = ['p', 'q'].map(name =>
    tf.variable(tf.tensor(oracle.start[name].data, oracle.start[name].shape), true, name),
  )
  prepare?.(optimizer, variables)
  const params = []
  rates.forEach((rate, t) => {
    if ('setLearningRate' in optimizer) optimizer.setLearningRate(rate)
    else optimizer.learningRate = rate
    const gradientOf = name => {
      const { shape, data } = oracle.gradients[name]
      const size = data.length / shape[0]
      return tf.tensor(data.slice(t * size, (t + 1) * size), shape.slice(1))
    }
    optimizer.applyGradients({ p: gradientOf('p'), q: gradientOf('q') })
    if (recorded.includes(t + 1)) params.push(variables.flatMap(flat))
  })
  for (const v of variables) v.dispose()
  return params
}

/** TensorFlow 1 starts the average of squares at 1; tfjs at 0, but lets it be set. */
const squaresFromOne = (optimizer, variables) => {
  optimizer.accumulatedMeanSquares = variables.map(v => ({
    originalName: `${v.name}/rms`,
    variable: tf.variable(tf.onesLike(v), false),
  }))
}

const optimizers = [
  ['sgd', {}, tf.train.sgd(1)],
  ['momentum', { momentum: 0.9, form: 'tf1' }, tf.train.momentum(1, 0.9)],
  ['nesterov', { momentum: 0.9, form: 'tf1' }, tf.train.momentum(1, 0.9, true)],
  ['adagrad', { initial: 0.1, form: 'keras3' }, tf.train.adagrad(1, 0.1)],
  ['adamax', { epsilon: 1e-7, form: 'keras' }, tf.train.adamax(1, 0.9, 0.999, 1e-7)],
  ['rmsprop', { rho: 0.9, momentum: 0, epsilon: 1e-7, form: 'keras3' }, tf.train.rmsprop(1, 0.9, 0, 1e-7)],
  ['rmsprop', { rho: 0.9, momentum: 0.9, epsilon: 1e-7, form: 'keras3' }, tf.train.rmsprop(1, 0.9, 0.9, 1e-7)],
  [
    'rmsprop',
    { rho: 0.9, momentum: 0, epsilon: 1e-10, form: 'tf1' },
    tf.train.rmsprop(1, 0.9, 0, 1e-10),
    squaresFromOne,
  ],
  [
    'rmsprop',
    { rho: 0.9, momentum: 0.9, epsilon: 1e-10, form: 'tf1' },
    tf.train.rmsprop(1, 0.9, 0.9, 1e-10),
    squaresFromOne,
  ],
  [
    'rmsprop',
    { rho: 0.9, momentum: 0.5, epsilon: 1e-10, centered: true, form: 'tf1' },
    tf.train.rmsprop(1, 0.9, 0.5, 1e-10, true),
    squaresFromOne,
  ],
  // tfjs takes epsilon from the spread instead of adding it: one too small to matter
  [
    'rmsprop',
    { rho: 0.9, momentum: 0.5, epsilon: 1e-12, centered: true, form: 'keras3' },
    tf.train.rmsprop(1, 0.9, 0.5, 1e-12, true),
  ],
].map(([optimizer, config, made, prepare]) => ({ optimizer, config, params: run(made, prepare) }))

// --- activations: value, and the gradient of sum(value * weights) -----------------------------------------------------
const activation = name => x => layers.layers.activation({ activation: name }).apply(x)
const activations = {
  elu: activation('elu'),
  gelu: activation('gelu'),
  'gelu tanh': activation('gelu_new'),
  'hardSigmoid keras2': activation('hardSigmoid'),
  'leakyRelu 0.3': x => layers.layers.leakyReLU().apply(x),
  logistic: activation('sigmoid'),
  mish: activation('mish'),
  relu: activation('relu'),
  relu6: activation('relu6'),
  selu: activation('selu'),
  softmax: activation('softmax'),
  softplus: activation('softplus'),
  softsign: activation('softsign'),
  swish: activation('swish'),
  tanh: activation('tanh'),
}
const x = grid(1, [6, 5], 3)
const weights = grid(2, [6, 5])
const activated = Object.entries(activations).map(([name, f]) => ({
  name,
  output: flat(f(x)),
  gradient: flat(tf.grad(v => tf.sum(tf.mul(f(v), weights)))(x)),
}))

// --- losses: means over the batch ---------------------------------------------------------------------------------------
const classes = [3, 0, 1, 2, 4, 1]
const oneHot = (classes, depth) => tf.cast(tf.oneHot(tf.tensor1d(classes, 'int32'), depth), 'float32')
const hot = oneHot(classes, 5)
const targets = grid(3, [6, 5])
const shares = tf.div(tf.round(tf.mul(tf.sigmoid(targets), 256)), 256)
const losses = [
  ['softmaxCrossEntropy', hot, (z, y) => tf.losses.softmaxCrossEntropy(z, y)],
  ['softmaxCrossEntropy smoothed', hot, (z, y) => tf.losses.softmaxCrossEntropy(z, y, undefined, 0.1)],
  ['sigmoidCrossEntropy', shares, (z, y) => tf.losses.sigmoidCrossEntropy(z, y)],
  ['mse', targets, (z, y) => tf.losses.meanSquaredError(z, y)],
  ['mae', targets, (z, y) => tf.losses.absoluteDifference(z, y)],
  ['huber 1', targets, (z, y) => tf.losses.huberLoss(z, y)],
].map(([name, z, f]) => ({
  name,
  labels: flat(z),
  loss: number(f(z, x).dataSync()[0]),
  gradient: flat(tf.grad(v => f(z, v))(x)),
}))

// --- whole nets by tfjs-layers ------------------------------------------------------------------------------------------
const maxNorm = layers.constraints.maxNorm({ maxValue: 1, axis: 0 })
const unitNorm = layers.constraints.unitNorm({ axis: 0 })
const start = {
  'first/w': grid(11, [6, 9], 0.5),
  'norm/gamma': tf.add(grid(12, [9], 0.25), 1),
  'norm/beta': grid(13, [9], 0.25),
  'norm/mean': grid(14, [9], 0.25),
  'norm/variance': tf.add(tf.square(grid(15, [9], 0.25)), 0.5),
  'second/w': grid(16, [9, 7], 0.5),
  'second/b': grid(17, [7], 0.25),
  'third/w': grid(18, [7, 4], 0.5),
  'third/b': grid(19, [4], 0.25),
}
const batches = [10, 10, 7].map((rows, k) => ({
  inputs: grid(21 + k, [rows, 6]),
  labels: Array.from(grid(31 + k, [rows], 2).dataSync(), v => Math.abs(Math.round(v)) % 4),
}))

/** dense + batch norm + elu, dense + LeakyReLU, dense; penalties and constraints as Keras has them. */
const train = (optimizer, initial, steps, decay) => {
  const net = layers.sequential({
    layers: [
      layers.layers.dense({
        units: 9,
        useBias: false,
        inputShape: [6],
        kernelRegularizer: layers.regularizers.l1l2({ l1: 0.001, l2: 0.01 }),
      }),
      layers.layers.batchNormalization(),
      layers.layers.elu(),
      layers.layers.dense({ units: 7 }),
      layers.layers.leakyReLU(),
      layers.layers.dense({ units: 4, kernelRegularizer: layers.regularizers.l2({ l2: 0.005 }) }),
    ],
  })
  const [first, norm, , second, , third] = net.layers
  const parts = { first, norm, second, third }
  for (const [name, layer] of Object.entries(parts))
    layer.setWeights(Object.keys(start).flatMap(path => (path.startsWith(`${name}/`) ? [start[path]] : [])))
  const values = () => {
    const all = Object.values(parts).flatMap(layer => layer.getWeights())
    return Object.fromEntries(Object.keys(start).map((path, i) => [path, tensor(all[i])]))
  }
  const variables = net.trainableWeights.map(w => w.val)
  const seen = []
  for (let t = 0; t < steps; t++) {
    const { inputs, labels } = batches[t % batches.length]
    const rate = initial * decay ** (t / steps)
    if ('setLearningRate' in optimizer) optimizer.setLearningRate(rate)
    else optimizer.learningRate = rate
    const { value, grads } = tf.variableGrads(() => {
      const output = net.apply(inputs, { training: true })
      const entropy = tf.losses.softmaxCrossEntropy(oneHot(labels, 4), output)
      return net.calculateLosses().reduce((sum, penalty) => tf.add(sum, penalty), entropy)
    }, variables)
    optimizer.applyGradients(grads)
    second.setWeights([maxNorm.apply(second.getWeights()[0]), second.getWeights()[1]])
    third.setWeights([unitNorm.apply(third.getWeights()[0]), third.getWeights()[1]])
    seen.push(number(value.dataSync()[0]))
  }
  return { initial, decay, losses: seen, final: values() }
}
const steps = 60
const nets = [
  ['nesterov', { momentum: 0.9, form: 'tf1' }, tf.train.momentum(1, 0.9, true), 0.1],
  ['rmsprop', { rho: 0.9, momentum: 0.5, epsilon: 1e-7, form: 'keras3' }, tf.train.rmsprop(1, 0.9, 0.5, 1e-7), 0.01],
  ['adagrad', { initial: 0.1, form: 'keras3' }, tf.train.adagrad(1, 0.1), 0.1],
  ['adamax', { epsilon: 1e-7, form: 'keras' }, tf.train.adamax(1, 0.9, 0.999, 1e-7), 0.02],
].map(([optimizer, config, made, initial]) => ({ optimizer, config, ...train(made, initial, steps, 0.1) }))

const fields = {
  source: `tfjs ${tf.version_core}, cpu, float32`,
  recorded,
  optimizers,
  inputs: tensor(x),
  weights: flat(weights),
  classes,
  activations: activated,
  losses,
  training: {
    steps,
    start: Object.fromEntries(Object.entries(start).map(([k, v]) => [k, tensor(v)])),
    batches: batches.map(b => ({ inputs: tensor(b.inputs), labels: b.labels })),
    nets,
  },
}
const lines = Object.entries(fields).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
writeFileSync(new URL('../tfjs.json', import.meta.url), `{${lines.join(',\n')}}\n`)
