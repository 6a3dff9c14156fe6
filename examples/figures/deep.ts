/** Deep nets before their first step: what passes through their layers, forwards and backwards. */
import {
  Data,
  Expr,
  type Init,
  type Keeps,
  Label,
  Layer,
  Loss,
  Net,
  Optimizer,
  orThrow,
  pipe,
  Recipe,
  Trainer,
} from 'gradus'

export const width = 128
const rows = 128

/** Standard normal numbers, the same ones for the same seed. */
const normals = (seed: number): Float32Array =>
  Float32Array.from(
    orThrow(Expr.evaluate(Expr.normal(Expr.tensor([seed, 0, 0, 0], [4], 'i32'), [rows * width]))).values,
  )

type Square = Net<readonly [typeof width], readonly [typeof width]>

interface Deep {
  readonly activation: Keeps
  readonly init: Init.Init
  readonly depth: number
  /** the standard deviation of the inputs, whose mean is 0; default 1 */
  readonly deviation?: number
}

/** How activations and gradients are distributed behind each activation of an untrained net, for random targets. */
export const layersOf = async ({ activation, init, depth, deviation = 1 }: Deep) => {
  const deeper = (x: Square): Square => pipe(x, Layer.dense(width, { init, bias: false }), activation)
  const recipe = Recipe.of({
    net: Array.from({ length: depth }).reduce<Square>(deeper, Net.input(width)),
    loss: Loss.mse(),
    optimizer: Optimizer.sgd({ rate: 0 }),
    batch: rows,
    epochs: 1,
    seed: 1,
  })
  const noise = orThrow(
    Data.of({ inputs: [width], label: Label.values(width) })({ x: normals(1).map(x => x * deviation), y: normals(2) }),
  )
  const trainer = orThrow(await Trainer.compile(recipe)())
  const { layers } = orThrow(trainer.statistics(trainer.init(), noise))
  return layers
    .filter(({ kind }) => kind !== 'gradus/dense')
    .map(({ activation, gradient }, i) => ({ layer: i + 1, activation, gradient }))
}
