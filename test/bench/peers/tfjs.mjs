/** tfjs on its WebAssembly backend, through the core API: its layers API is slower. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { he, normals, oneHotLabels, sizes } from './data.mjs'

const require = createRequire(import.meta.url)
const tf = require('@tensorflow/tfjs')
const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm')

setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
await tf.setBackend('wasm')

const [inputs, hidden1, hidden2, classes] = sizes
const kernel = (from, to) => tf.variable(tf.tensor2d(he(from, to), [from, to]))
const filled = (count, value) => tf.variable(tf.fill([count], value))
const images = rows => tf.tensor2d(normals(rows * inputs), [rows, inputs])

/** Reading the loss ends a step. */
const training = (rows, optimizer, forward) => {
  const x = images(rows)
  const y = tf.tensor2d(oneHotLabels(rows), [rows, classes])
  return {
    run: times => {
      for (let i = 0; i < times; i++) {
        const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, forward(x)), true)
        loss.dataSync()
        loss.dispose()
      }
    },
  }
}

const dense = (from, to) => [kernel(from, to), filled(to, 0)]
const mlp = () => [dense(inputs, hidden1), dense(hidden1, hidden2), dense(hidden2, classes)]

const product = size => () => {
  const [a, b] = [0, 1].map(() => tf.tensor2d(normals(size * size), [size, size]))
  return {
    run: times => {
      for (let i = 0; i < times; i++) {
        const c = tf.matMul(a, b)
        c.dataSync()
        c.dispose()
      }
    },
  }
}

const plain = () => {
  const [[w1, b1], [w2, b2], [w3, b3]] = mlp()
  return training(50, tf.train.momentum(0.01, 0.9), x => {
    const h1 = tf.elu(tf.add(tf.matMul(x, w1), b1))
    const h2 = tf.elu(tf.add(tf.matMul(h1, w2), b2))
    return tf.add(tf.matMul(h2, w3), b3)
  })
}

const normalized = () => {
  const block = (from, to) => {
    const [w, gamma, beta] = [kernel(from, to), filled(to, 1), filled(to, 0)]
    return x => {
      const h = tf.matMul(x, w)
      const { mean, variance } = tf.moments(h, [0])
      return tf.dropout(tf.elu(tf.batchNorm(h, mean, variance, beta, gamma, 1e-5)), 0.5)
    }
  }
  const [block1, block2, [w3, b3]] = [block(inputs, hidden1), block(hidden1, hidden2), dense(hidden2, classes)]
  return training(128, tf.train.adam(1e-3), x => tf.add(tf.matMul(block2(block1(x)), w3), b3))
}

const forward = () => {
  const layers = mlp()
  const x = images(1)
  return {
    run: times => {
      for (let i = 0; i < times; i++) {
        const y = tf.tidy(() =>
          layers.reduce(
            (h, [b, bias], k) => tf.fused.matMul({ a: h, b, bias, activation: k < 2 ? 'elu' : 'linear' }),
            x,
          ),
        )
        y.dataSync()
        y.dispose()
      }
    },
  }
}

export const version = tf.version.tfjs
export const tasks = {
  'GEMM-256': product(256),
  'GEMM-512': product(512),
  'GEMM-1024': product(1024),
  W2: plain,
  W2b: normalized,
  W6: forward,
}
