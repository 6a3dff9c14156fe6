/** jax-js on its WebAssembly backend, with the whole step under `jit`. An array is used up by an operation unless `.ref`. */
import { readFile } from 'node:fs/promises'
import * as jax from '@jax-js/jax'
import { filters, he, normals, oneHotLabels, sizes, yolo, yoloImage } from './data.mjs'

const { blockUntilReady, jit, lax, nn, numpy: np, random, tree, valueAndGrad } = jax
await jax.init('wasm')
jax.defaultDevice('wasm')

const [inputs, hidden1, hidden2, classes] = sizes
const array = (values, shape) => np.array(values).reshape(shape)
const kernel = (from, to) => array(he(from, to), [from, to])
const filled = (count, value) => np.array(new Float32Array(count).fill(value))
const images = rows => array(normals(rows * inputs), [rows, inputs])
const refs = values => tree.map(a => a.ref, values)
const zerosLike = values => tree.map(a => np.zeros(a.shape), values)

const crossEntropy = (logits, y) => {
  const rows = logits.shape[0]
  return nn
    .logSoftmax(logits)
    .mul(y)
    .sum()
    .mul(-1 / rows)
}

const momentum = {
  init: params => ({ m: zerosLike(params) }),
  update: (params, gradients, state) => {
    const [next, m] = [{}, {}]
    for (const name of Object.keys(params)) {
      m[name] = state.m[name].mul(0.9).add(gradients[name])
      next[name] = params[name].sub(m[name].ref.mul(0.01))
    }
    return [next, { m }]
  },
}

const adam = {
  init: params => ({ m: zerosLike(params), v: zerosLike(params), t: np.zeros([]) }),
  update: (params, gradients, state) => {
    const [next, m, v] = [{}, {}, {}]
    const t = state.t.add(1)
    const correction = beta => np.reciprocal(np.subtract(1, np.power(beta, t.ref)))
    const [c1, c2] = [correction(0.9), correction(0.999)]
    for (const name of Object.keys(params)) {
      m[name] = state.m[name].mul(0.9).add(gradients[name].ref.mul(0.1))
      v[name] = state.v[name].mul(0.999).add(np.square(gradients[name]).mul(0.001))
      const root = np.sqrt(v[name].ref.mul(c2.ref)).add(1e-8)
      next[name] = params[name].sub(m[name].ref.mul(c1.ref).mul(1e-3).div(root))
    }
    c1.dispose()
    c2.dispose()
    return [next, { m, v, t }]
  },
}

/** Reading the loss ends a step; `keys` is whether the forward pass draws. */
const training = (rows, initial, forward, { init, update }, keys, x = images(rows)) => {
  const y = array(oneHotLabels(rows), [rows, classes])
  const loss = (params, x, y, ...key) => crossEntropy(forward(params, x, ...key), y)
  const step = jit((params, state, x, y, ...key) => {
    const [value, gradients] = valueAndGrad(loss)(refs(params), x, y, ...key)
    return [value, ...update(params, gradients, state)]
  })
  let params = initial
  let state = init(params)
  let steps = 0
  return {
    run: async times => {
      for (let i = 0; i < times; i++) {
        const key = keys ? [random.key(++steps)] : []
        const [value, nextParams, nextState] = step(params, state, x.ref, y.ref, ...key)
        params = nextParams
        state = nextState
        await value.jsAsync()
        await blockUntilReady(params)
      }
    },
  }
}

const mlp = () => ({
  w1: kernel(inputs, hidden1),
  b1: filled(hidden1, 0),
  w2: kernel(hidden1, hidden2),
  b2: filled(hidden2, 0),
  w3: kernel(hidden2, classes),
  b3: filled(classes, 0),
})

const mlpForward = (p, x) => {
  const h1 = nn.elu(np.dot(x, p.w1).add(p.b1))
  const h2 = nn.elu(np.dot(h1, p.w2).add(p.b2))
  return np.dot(h2, p.w3).add(p.b3)
}

const batchNorm = (x, gamma, beta) => {
  const centered = x.ref.sub(np.mean(x, [0], { keepdims: true }))
  const variance = np.mean(np.square(centered.ref), [0], { keepdims: true })
  return centered
    .mul(np.reciprocal(np.sqrt(variance.add(1e-5))))
    .mul(gamma)
    .add(beta)
}

const dropout = (x, key, keep = 0.5) => {
  const kept = random.bernoulli(key, keep, x.shape)
  return np.where(kept, x.mul(1 / keep), 0)
}

// --- images, [rows, channels, height, width] --------------------------------------------------------------------------
const cases = (rows, ...shape) => array(normals(shape.reduce((n, d) => n * d, rows)), [rows, ...shape])
const conv = (k, from, to) => array(filters(k, from, to), [to, from, k, k])
const channels = p => p.reshape([-1, 1, 1])

const maxPool = x => {
  const [rows, c, height, width] = x.shape
  return np.max(x.reshape([rows, c, height / 2, 2, width / 2, 2]), [3, 5])
}

const image = () => {
  const initial = {
    w1: conv(3, 1, 32),
    b1: filled(32, 0),
    w2: conv(3, 32, 64),
    b2: filled(64, 0),
    w3: kernel(12 * 12 * 64, 128),
    b3: filled(128, 0),
    w4: kernel(128, classes),
    b4: filled(classes, 0),
  }
  const forward = (p, x, key) => {
    const keys = random.split(key, 2)
    const [key1, key2] = [keys.ref.slice(0), keys.slice(1)]
    const h1 = nn.relu(lax.conv(x, p.w1, [1, 1], 'VALID').add(channels(p.b1)))
    const h2 = nn.relu(lax.conv(h1, p.w2, [1, 1], 'VALID').add(channels(p.b2)))
    const flat = dropout(maxPool(h2), key1, 0.75).reshape([64, -1])
    return np.dot(dropout(nn.relu(np.dot(flat, p.w3).add(p.b3)), key2), p.w4).add(p.b4)
  }
  return training(64, initial, forward, adam, true, cases(64, 1, 28, 28))
}

const normalizedImage = () => {
  const widths = [3, 32, 32, 64, 64]
  const blocks = [0, 1, 2, 3].map(i => ({
    [`w${i}`]: conv(3, widths[i], widths[i + 1]),
    [`g${i}`]: filled(widths[i + 1], 1),
    [`b${i}`]: filled(widths[i + 1], 0),
  }))
  const initial = Object.assign({ w: kernel(64, classes), b: filled(classes, 0) }, ...blocks)
  const block = (p, i, x) => {
    const h = lax.conv(x, p[`w${i}`], [1, 1], 'SAME')
    const centered = h.ref.sub(np.mean(h, [0, 2, 3], { keepdims: true }))
    const variance = np.mean(np.square(centered.ref), [0, 2, 3], { keepdims: true })
    const scaled = centered.mul(np.reciprocal(np.sqrt(variance.add(1e-5)))).mul(channels(p[`g${i}`]))
    return nn.relu(scaled.add(channels(p[`b${i}`])))
  }
  const forward = (p, x) => {
    const h = maxPool(block(p, 1, block(p, 0, x)))
    const g = maxPool(block(p, 3, block(p, 2, h)))
    return np.dot(np.mean(g, [2, 3]), p.w).add(p.b)
  }
  return training(32, initial, forward, momentum, false, cases(32, 3, 32, 32))
}

const detector = () => {
  const params = {}
  let count = 0
  const shapes = { pool: x => x, reorg: x => x, concat: x => x }
  yolo({
    ...shapes,
    conv: (_x, k, from, to) => {
      params[`w${count}`] = conv(k, from, to)
      params[`b${count++}`] = filled(to, 0)
    },
  })
  const [height, width, depth] = yoloImage
  const x = cases(1, depth, height, width)
  const predict = jit((p, x) => {
    let k = 0
    return yolo(
      {
        conv: (h, _k, _from, _to, leaky) => {
          const y = lax.conv(h, p[`w${k}`], [1, 1], 'SAME').add(channels(p[`b${k++}`]))
          return leaky ? nn.leakyRelu(y, 0.1) : y
        },
        pool: maxPool,
        reorg: h => {
          const [rows, c, down, across] = h.shape
          const blocks = h.reshape([rows, c, down / 2, 2, across / 2, 2])
          return np.transpose(blocks, [0, 3, 5, 1, 2, 4]).reshape([rows, 4 * c, down / 2, across / 2])
        },
        concat: (a, b) => np.concatenate([a, b], 1),
        again: h => h.ref,
      },
      x,
    )
  })
  return {
    run: times => {
      for (let i = 0; i < times; i++) predict(refs(params), x.ref).dataSync()
    },
  }
}

const normalized = () => {
  const initial = {
    w1: kernel(inputs, hidden1),
    g1: filled(hidden1, 1),
    b1: filled(hidden1, 0),
    w2: kernel(hidden1, hidden2),
    g2: filled(hidden2, 1),
    b2: filled(hidden2, 0),
    w3: kernel(hidden2, classes),
    b3: filled(classes, 0),
  }
  const forward = (p, x, key) => {
    const keys = random.split(key, 2)
    const [key1, key2] = [keys.ref.slice(0), keys.slice(1)]
    const h1 = dropout(nn.elu(batchNorm(np.dot(x, p.w1), p.g1, p.b1)), key1)
    const h2 = dropout(nn.elu(batchNorm(np.dot(h1, p.w2), p.g2, p.b2)), key2)
    return np.dot(h2, p.w3).add(p.b3)
  }
  return training(128, initial, forward, adam, true)
}

const product = size => () => {
  const [a, b] = [0, 1].map(() => array(normals(size * size), [size, size]))
  return {
    run: async times => {
      for (let i = 0; i < times; i++) await np.matmul(a.ref, b.ref).data()
    },
  }
}

const forward = () => {
  const params = mlp()
  const x = images(1)
  const predict = jit(mlpForward)
  return {
    run: times => {
      for (let i = 0; i < times; i++) predict(refs(params), x.ref).dataSync()
    },
  }
}

export const { version } = JSON.parse(
  await readFile(new URL('node_modules/@jax-js/jax/package.json', import.meta.url), 'utf8'),
)
export const tasks = {
  'GEMM-256': product(256),
  'GEMM-512': product(512),
  'GEMM-1024': product(1024),
  W2: () => training(50, mlp(), mlpForward, momentum, false),
  W2b: normalized,
  W3: image,
  W4: normalizedImage,
  W5: detector,
  W6: forward,
}
