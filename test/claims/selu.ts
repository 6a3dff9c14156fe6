/**
 * Klambauer et al. 2017: with weights of mean 0 and variance 1 / n (LeCun's), SELU has the fixed point mean 0, variance 1
 * of the activations, which is stable: there the map of (mean, variance) from layer to layer has a Jacobian of norm
 * 0.7877 (section 2 and A3), and it does not leave the domain |mean| <= 0.1, variance in [0.8, 1.5] (theorem 1). Alpha
 * dropout keeps mean and variance (section 2). Under the same weights ReLU halves the mean square in each layer, and
 * tanh's variance q falls as q' = q - 2 q^2 + ..., after l layers to about 1 / (2 l).
 */
import { Activation, type Distribution, Expr, flow, Init, Layer, orThrow, pipe } from 'gradus'
import { above, below, claim, within } from './claim.js'
import { type Deep, deep, statisticsOf, width } from './layers.js'

const depth = 32
const drawn = 2 ** 20

/**
 * The norm of the Jacobian of (mean, variance) at (0, 1) for weights whose sum is 0 and whose squares sum up to 1: then
 * the mean before the activation is 0 whatever came in, so only the variance's column is not 0. By differences over the
 * same draws.
 */
const jacobianNorm = (seed: number): number => {
  const z = Expr.normal(Expr.tensor([seed, 1, 0, 0], [4], 'i32'), [drawn])
  const step = 0.05
  const moments = [1 - step, 1 + step].flatMap(variance => {
    const y = Activation.selu(Expr.mul(z, Math.sqrt(variance)))
    const mean = Expr.mean(y)
    const d = Expr.sub(y, mean)
    return [mean, Expr.mean(Expr.mul(d, d))]
  })
  const [m0 = 0, v0 = 0, m1 = 0, v1 = 0] = orThrow(Expr.evaluateAll(moments)).map(m => m.values[0] ?? 0)
  return Math.hypot(m1 - m0, v1 - v0) / (2 * step)
}

const rangesOf = (layers: readonly Distribution[]) => ({
  mean: Math.max(...layers.map(l => Math.abs(l.mean))),
  low: Math.min(...layers.map(l => l.variance)),
  high: Math.max(...layers.map(l => l.variance)),
})

/** The claim, of an initializer and a dropout. */
export const selu = (init: Init.Init = Init.lecunNormal(), dropout = Layer.alphaDropout(0.1)) =>
  claim({
    name: 'selu',
    source: 'Klambauer et al. 2017, section 2, A3',
    measure: async seed => {
      /** Of the outputs of all blocks of a dense layer and `rest`, which end in a layer of one of these kinds. */
      const activations = async (kinds: readonly string[], rest: (x: Deep) => Deep) => {
        const net = deep(depth, x => pipe(x, Layer.dense(width, { init }), rest))
        const ends = kinds.map(kind => `gradus/${kind}`)
        return (await statisticsOf(net, seed)).filter(l => ends.includes(l.kind)).map(l => l.activation)
      }
      const plain = await activations(['selu'], Layer.selu())
      const dropped = await activations(['alphaDropout', 'dropout'], flow(Layer.selu(), dropout))
      const lastVariance = (all: typeof plain) => all.at(-1)?.variance ?? Number.NaN
      return {
        jacobian: jacobianNorm(seed),
        plain: rangesOf(plain),
        dropped: rangesOf(dropped),
        relu: lastVariance(await activations(['relu'], Layer.relu())),
        tanh: lastVariance(await activations(['tanh'], Layer.tanh())),
      }
    },
    expected: [
      { what: 'norm of the Jacobian at the fixed point', of: m => m.jacobian, is: within(0.7777, 0.7977) },
      { what: 'greatest |mean| of a layer of 32', of: m => m.plain.mean, is: below(0.1) },
      { what: 'least variance', of: m => m.plain.low, is: above(0.8) },
      { what: 'greatest variance', of: m => m.plain.high, is: below(1.5) },
      { what: 'greatest |mean|, with dropout', of: m => m.dropped.mean, is: below(0.1) },
      { what: 'least variance, with dropout', of: m => m.dropped.low, is: above(0.8) },
      { what: 'greatest variance, with dropout', of: m => m.dropped.high, is: below(1.5) },
      { what: 'variance of the last layer, ReLU', of: m => m.relu, is: below(1e-6) },
      { what: 'variance of the last layer, tanh', of: m => m.tanh, is: below(0.05) },
    ],
  })
