/**
 * Writes ../mlx.json: what MLX (0.0.7, float32, its native core on the CPU) says of Lion, which neither PyTorch 1.13 nor
 * TensorFlow.js has. See ../README.md.
 *
 *     npm ci --ignore-scripts --prefix test/oracle/mlx && node test/oracle/mlx/generate.mjs
 *
 * The package holds its core for Linux on x64; its install script would fetch it once more from elsewhere.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import mlx from '@frost-beta/mlx'

const { core: mx, optimizers, utils } = mlx
const oracle = JSON.parse(readFileSync(new URL('../optimizers.json', import.meta.url), 'utf8'))
const rates = oracle.rates.exponential
const recorded = [1, 2, 3, 5, 10, 20, 30, 40, 50, 60]

const arrayOf = (data, shape) => mx.reshape(mx.array(data), shape)
const number = x => Number(x.toPrecision(9)) + 0
const flat = tree => utils.treeFlatten(tree).flatMap(([, x]) => mx.flatten(x).tolist().map(number))

const start = Object.fromEntries(['p', 'q'].map(k => [k, arrayOf(oracle.start[k].data, oracle.start[k].shape)]))
const gradientsAt = t =>
  Object.fromEntries(
    ['p', 'q'].map(k => {
      const { shape, data } = oracle.gradients[k]
      const size = data.length / shape[0]
      return [k, arrayOf(data.slice(t * size, (t + 1) * size), shape.slice(1))]
    }),
  )

/** The parameters p and q, flat and joined, after the recorded steps. */
const run = optimizer => {
  let params = start
  const seen = []
  rates.forEach((rate, t) => {
    optimizer.learningRate = rate
    params = optimizer.applyGradients(gradientsAt(t), params)
    if (recorded.includes(t + 1)) seen.push(flat(params))
  })
  return seen
}

const cases = [
  { beta1: 0.9, beta2: 0.99, decay: 0 },
  { beta1: 0.9, beta2: 0.99, decay: 0.05 },
  { beta1: 0.5, beta2: 0.8, decay: 0.5 },
].map(config => ({
  optimizer: 'lion',
  config,
  params: run(new optimizers.Lion(1, [config.beta1, config.beta2], config.decay)),
}))

const fields = { source: 'MLX for Node 0.0.7, cpu, float32', recorded, cases }
const lines = Object.entries(fields).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
writeFileSync(new URL('../mlx.json', import.meta.url), `{${lines.join(',\n')}}\n`)
