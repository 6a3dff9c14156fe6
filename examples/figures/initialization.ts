/** The variance of activations and of back-propagated gradients, layer by layer, for each initialization. */
import { Init, Layer } from 'gradus'
import { layersOf, width } from './deep.js'
import { color, type Figure, line, linear, logarithmic, panel, powers } from './theme.js'

const depth = 10

const activations = [
  { activation: 'tanh', make: Layer.tanh() },
  { activation: 'ReLU', make: Layer.relu() },
]

const inits = [
  { init: 'U(±1/√n)', ink: color.red, make: Init.uniform(-1 / Math.sqrt(width), 1 / Math.sqrt(width)) },
  { init: 'Glorot', ink: color.blue, make: Init.glorotUniform() },
  { init: 'orthogonal', ink: color.sky, make: Init.orthogonal() },
  { init: 'He', ink: color.green, make: Init.heNormal() },
  { init: 'N(0, 0.2²)', ink: color.orange, make: Init.normal(0.2) },
]

const data = async () =>
  Promise.all(
    activations.flatMap(({ activation, make }) =>
      inits.map(async ({ init, make: weights }) => {
        const layers = await layersOf({ activation: make, init: weights, depth })
        const top = layers.at(-1)?.gradient.variance ?? Number.NaN
        return layers.map(l => ({
          init,
          of: activation,
          layer: l.layer,
          activation: l.activation.variance,
          /** relative to that of the top layer */
          gradient: l.gradient.variance / top,
        }))
      }),
    ),
  )

const domain = inits.map(i => i.init)
/** Orthogonal weights do as Glorot's, so theirs is drawn in dashes on top. */
const look = {
  color: {
    field: 'init',
    scale: { domain, range: inits.map(i => i.ink) },
    legend: { orient: 'top' as const, symbolType: 'stroke' },
  },
  strokeDash: { field: 'init', scale: { domain, range: inits.map(i => (i.init === 'orthogonal' ? [5, 5] : [1, 0])) } },
}

export const initialization: Figure<Awaited<ReturnType<typeof data>>> = {
  name: 'initialization',
  about: "Variances by layer: level with Glorot's weights for tanh and He's for ReLU, else vanishing or exploding.",
  data,
  spec: nets => {
    const part = (title: string, of: string, field: 'activation' | 'gradient', bottom: boolean) => ({
      title: panel(title),
      width: 360,
      height: 200,
      ...line(
        nets.flat().filter(l => l.of === of),
        {
          x: linear('layer', [1, depth], { title: bottom ? 'layer' : null, grid: false, tickCount: depth }),
          y: logarithmic(field, [3e-8, 3e5], {
            title: field === 'activation' ? 'variance' : null,
            ...powers(-6, -4, -2, 0, 2, 4),
          }),
          ...look,
        },
        color.ink,
      ),
    })
    return {
      title: {
        text: 'Good first weights keep signals and gradients alive through the layers',
        subtitle: `Before training, ${width} units a layer, inputs of variance 1. Glorot & Bengio 2010; Saxe et al. 2014; He et al. 2015`,
      },
      columns: 2,
      bounds: 'flush',
      spacing: { column: 50, row: 60 },
      concat: activations.flatMap(({ activation }, i) => [
        part(`${activation}: activations`, activation, 'activation', i > 0),
        part(`${activation}: gradients, relative to the top layer's`, activation, 'gradient', i > 0),
      ]),
    }
  },
}
