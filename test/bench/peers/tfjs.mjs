/** tfjs on its WebAssembly backend, through the core API: its layers API is slower. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { filters, he, normals, oneHotLabels, sizes, yolo, yoloImage } from './data.mjs'

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

const cases = (rows, shape) => tf.tensor(normals(shape.reduce((n, d) => n * d, rows)), [rows, ...shape])
const conv = (k, from, to) => tf.variable(tf.tensor4d(filters(k, from, to), [k, k, from, to]))

/** The loss of images; `training` with another input. */
const imageTraining = (rows, shape, optimizer, forward) => {
  const x = cases(rows, shape)
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

const image = () => {
  const [[w1, b1], [w2, b2]] = [
    [conv(3, 1, 32), filled(32, 0)],
    [conv(3, 32, 64), filled(64, 0)],
  ]
  const [[w3, b3], [w4, b4]] = [dense(12 * 12 * 64, 128), dense(128, classes)]
  return imageTraining(64, [28, 28, 1], tf.train.adam(1e-3), x => {
    const h1 = tf.relu(tf.add(tf.conv2d(x, w1, 1, 'valid'), b1))
    const h2 = tf.relu(tf.add(tf.conv2d(h1, w2, 1, 'valid'), b2))
    const flat = tf.reshape(tf.dropout(tf.maxPool(h2, 2, 2, 'valid'), 0.25), [64, 12 * 12 * 64])
    return tf.add(tf.matMul(tf.dropout(tf.relu(tf.add(tf.matMul(flat, w3), b3)), 0.5), w4), b4)
  })
}

const normalizedImage = () => {
  const block = (from, to) => {
    const [w, gamma, beta] = [conv(3, from, to), filled(to, 1), filled(to, 0)]
    return x => {
      const h = tf.conv2d(x, w, 1, 'same')
      const { mean, variance } = tf.moments(h, [0, 1, 2])
      return tf.relu(tf.batchNorm(h, mean, variance, beta, gamma, 1e-5))
    }
  }
  const blocks = [block(3, 32), block(32, 32), block(32, 64), block(64, 64)]
  const [w, b] = dense(64, classes)
  return imageTraining(32, [32, 32, 3], tf.train.momentum(0.01, 0.9), x => {
    const h = tf.maxPool(blocks[1](blocks[0](x)), 2, 2, 'valid')
    const g = tf.maxPool(blocks[3](blocks[2](h)), 2, 2, 'valid')
    return tf.add(tf.matMul(tf.mean(g, [1, 2]), w), b)
  })
}

const detector = () => {
  const x = cases(1, yoloImage)
  const weights = []
  const pass = () => {
    let k = 0
    return yolo(
      {
        conv: (h, size, from, to, leaky) => {
          weights[k] ??= [
            tf.keep(tf.tensor4d(filters(size, from, to), [size, size, from, to])),
            tf.keep(tf.zeros([to])),
          ]
          const [filter, bias] = weights[k++]
          const activation = leaky ? { activation: 'leakyrelu', leakyreluAlpha: 0.1 } : {}
          return tf.fused.conv2d({ x: h, filter, strides: 1, pad: 'same', bias, ...activation })
        },
        pool: h => tf.maxPool(h, 2, 2, 'valid'),
        reorg: h => {
          const [n, height, width, c] = h.shape
          const blocks = tf.reshape(h, [n, height / 2, 2, width / 2, 2, c])
          return tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4, 5]), [n, height / 2, width / 2, 4 * c])
        },
        concat: (a, b) => tf.concat([a, b], 3),
      },
      x,
    )
  }
  return {
    run: times => {
      for (let i = 0; i < times; i++) {
        const y = tf.tidy(pass)
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
  W3: image,
  W4: normalizedImage,
  W5: detector,
  W6: forward,
}
