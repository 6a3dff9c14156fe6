/** SELU's fixed point, mean 0 and variance 1, which it reaches from other inputs, too; others lose the signal. */
import { Init, Layer } from 'gradus'
import { layersOf, width } from './deep.js'
import { color, type Figure, line, linear, logarithmic, panel, powers, rules, words } from './theme.js'

const depth = 32

const selus = [4, 1, 0.25].map(variance => ({ name: 'SELU', make: Layer.selu(), variance, ink: color.blue }))

/** Each with the variance of its inputs. */
const nets = [
  ...selus,
  { name: 'tanh', make: Layer.tanh(), variance: 1, ink: color.green },
  { name: 'ReLU', make: Layer.relu(), variance: 1, ink: color.red },
]

const data = async () =>
  Promise.all(
    nets.map(async ({ name, make, variance, ink }) => {
      const settings = { activation: make, init: Init.lecunNormal(), depth, deviation: Math.sqrt(variance) }
      const layers = (await layersOf(settings)).map(({ layer, activation }) => ({
        layer,
        mean: activation.mean,
        variance: activation.variance,
      }))
      return { name, ink, inputs: variance, layers: [{ layer: 0, mean: 0, variance }, ...layers] }
    }),
  )

const x = linear('layer', [0, depth], { title: 'layer', grid: false, tickCount: 5 })
/** Where the picture of the variances ends. */
const least = 1e-4
const size = { width: 330, height: 260 }

export const selu: Figure<Awaited<ReturnType<typeof data>>> = {
  name: 'selu',
  about: `Through ${depth} layers SELU takes inputs to mean 0 and variance 1; the variances of tanh and ReLU decay.`,
  data,
  spec: runs => {
    const variance = { x, y: logarithmic('variance', [least, 6], powers(-4, -3, -2, -1, 0)) }
    const mean = { x, y: linear('mean', [-0.15, 0.45], { tickCount: 5 }) }
    return {
      title: {
        text: 'SELU draws mean and variance to a fixed point, layer after layer',
        subtitle: `Untrained layers of ${width} with LeCun's normal weights; SELU from inputs of variance 4, 1 and 1/4. Klambauer et al. 2017`,
      },
      bounds: 'flush',
      spacing: 100,
      hconcat: [
        {
          title: panel('Variance of the activations'),
          ...size,
          layer: [
            rules('y', [1]),
            ...runs.map(({ ink, layers }) => line(layers, variance, ink)),
            ...runs
              .filter(r => r.inputs === 1)
              .map(({ name, ink, layers }) =>
                words(
                  layers.findLast(l => l.variance > least),
                  variance,
                  name,
                  ink,
                  { fontWeight: 'bold' },
                ),
              ),
          ],
        },
        {
          title: panel('Mean of the activations'),
          ...size,
          layer: [rules('y', [0]), ...runs.map(({ ink, layers }) => line(layers, mean, ink))],
        },
      ],
    }
  },
}
