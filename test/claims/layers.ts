/** Deep nets by their statistics: what passes through the layers in training, forwards and backwards. */
import {
  Data,
  Expr,
  Label,
  Layer,
  type LayerStatistics,
  Loss,
  Net,
  Optimizer,
  orThrow,
  pipe,
  Recipe,
  Trainer,
} from 'gradus'

export const [width, rows] = [128, 256]

/** A net of layers of one width, so far. */
export type Deep = Net<readonly [number], readonly [number]>

/** `depth` times the same block. */
export const deep = (depth: number, block: (x: Deep) => Deep): Deep =>
  Array.from({ length: depth }).reduce<Deep>(block, Net.input(width))

/**
 * The statistics of all layers in the initial state, with normal numbers of a standard deviation as input and the
 * cross-entropy of ten classes as the loss.
 */
export const statisticsOf = async (net: Deep, seed: number, deviation = 1): Promise<readonly LayerStatistics[]> => {
  const normal = Expr.normal(Expr.tensor([seed, 7, 0, 0], [4], 'i32'), [rows * width])
  const data = orThrow(
    Data.of({ inputs: [width], label: Label.classes(10) })({
      x: orThrow(Expr.evaluate(Expr.mul(normal, deviation))).values,
      y: Array.from({ length: rows }, (_, i) => i % 10),
    }),
  )
  const recipe = Recipe.of({
    net: pipe(net, Layer.dense(10)),
    loss: Loss.softmaxCrossEntropy(),
    optimizer: Optimizer.sgd({ rate: 0.1 }),
    batch: rows,
    epochs: 1,
    seed,
  })
  const trainer = orThrow(await Trainer.compile(recipe, { rows })())
  return orThrow(trainer.statistics(trainer.init(), data)).layers
}
