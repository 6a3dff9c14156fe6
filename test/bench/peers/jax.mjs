/** jax-js on its WebAssembly backend, with the whole step under `jit`. An array is used up by an operation unless `.ref`. */
import { readFile } from 'node:fs/promises'
import * as jax from '@jax-js/jax'
import { he, normals, oneHotLabels, sizes } from './data.mjs'

const { blockUntilReady, jit, nn, numpy: np, random, tree, valueAndGrad } = jax
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
const training = (rows, initial, forward, { init, update }, keys) => {
  const x = images(rows)
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

const dropout = (x, key) => {
  const kept = random.bernoulli(key, 0.5, x.shape)
  return np.where(kept, x.mul(2), 0)
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
  W6: forward,
}
