/**
 * Glorot & Bengio 2010: with the weights of the old heuristic, U(+-1 / sqrt n), n times the variance is 1/3, and so is
 * the factor from layer to layer by which the variance of activations falls (equation 5) and, backwards, that of their
 * gradients (equation 6). The normalized initialization, whose factor is 1, keeps both level. This is about the linear
 * range of tanh, so the input is small.
 *
 * He et al. 2015: ReLU halves the mean square, for which He's twice the variance makes up and Glorot's does not.
 */
import { Init, Layer, type LayerStatistics, pipe } from 'gradus'
import { claim, within } from './claim.js'
import { deep, statisticsOf, width } from './layers.js'

const depth = 8

/** The factor by which the mean square of some numbers changes with each layer, from the first to the last. */
const factor = (layers: readonly LayerStatistics[], of: 'activation' | 'gradient'): number => {
  const squares = layers.map(l => l[of].norm ** 2)
  return ((squares.at(-1) ?? 0) / (squares[0] ?? 0)) ** (1 / (layers.length - 1))
}

/** The claim, of three initializers. */
export const glorot = ({
  heuristic = Init.uniform(-1 / Math.sqrt(width), 1 / Math.sqrt(width)),
  normalized = Init.glorotUniform(),
  he = Init.heNormal(),
}: {
  readonly heuristic?: Init.Init
  readonly normalized?: Init.Init
  readonly he?: Init.Init
} = {}) =>
  claim({
    name: 'glorot',
    source: 'Glorot & Bengio 2010; He et al. 2015',
    measure: async seed => {
      const activation = { tanh: Layer.tanh(), relu: Layer.relu() }
      const factors = async (kind: keyof typeof activation, init: Init.Init) => {
        const net = deep(depth, x => pipe(x, Layer.dense(width, { init }), activation[kind]))
        const layers = (await statisticsOf(net, seed, 0.1)).filter(l => l.kind === `gradus/${kind}`)
        return { forward: factor(layers, 'activation'), backward: 1 / factor(layers, 'gradient') }
      }
      return {
        heuristic: await factors('tanh', heuristic),
        normalized: await factors('tanh', normalized),
        he: await factors('relu', he),
        halved: await factors('relu', normalized),
      }
    },
    expected: [
      {
        what: 'factor a layer, tanh, U(+-1/sqrt n): activations',
        of: m => m.heuristic.forward,
        is: within(0.28, 0.37),
      },
      { what: 'the same, gradients', of: m => m.heuristic.backward, is: within(0.28, 0.37) },
      { what: 'factor, normalized: activations', of: m => m.normalized.forward, is: within(0.85, 1.15) },
      { what: 'the same, gradients', of: m => m.normalized.backward, is: within(0.85, 1.15) },
      { what: 'factor, ReLU, He: activations', of: m => m.he.forward, is: within(0.85, 1.15) },
      { what: 'the same, gradients', of: m => m.he.backward, is: within(0.85, 1.15) },
      { what: 'factor, ReLU, Glorot: activations', of: m => m.halved.forward, is: within(0.42, 0.58) },
      { what: 'the same, gradients', of: m => m.halved.backward, is: within(0.42, 0.58) },
    ],
  })
