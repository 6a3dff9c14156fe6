/**
 * Early stopping (Prechelt 1998) and dropout (Srivastava et al. 2014) on a task made to be overfit: 400 digits, a third
 * of them with a label drawn at random, and a net with room to learn them by heart.
 */
import { Data, Init, Label, Layer, Loss, Metric, Optimizer, orThrow, pipe, Recipe, Stop, Trainer } from 'gradus'
import { above, below, claim } from './claim.js'
import { pixels, shuffled, test, train, uniforms } from './support.js'

/** Some rows, of which a share has a label drawn anew. */
const noisy = (seed: number, share: number, rows: readonly number[]) => {
  const some = orThrow(Data.gather(rows)(train))
  const [is, label] = [uniforms(seed, 1, some.size), uniforms(seed, 2, some.size)]
  return orThrow(
    Data.of({ inputs: [64], label: Label.classes(10) })({
      x: Data.column(some, 'input'),
      y: Array.from(some.labels, (y, i) => ((is[i] ?? 1) < share ? Math.floor(10 * (label[i] ?? 0)) : y)),
    }),
  )
}

const hidden = () => [Layer.dense(200, { init: Init.he() }), Layer.relu()] as const
const plain = pipe(pixels, ...hidden(), ...hidden(), Layer.dense(10))

/** The claim, of a layer of dropout and a rule to stop. */
export const overfit = (dropout = Layer.dropout(0.5), stop: Stop = Stop.early({ patience: 10 })) => {
  const dropped = pipe(pixels, ...hidden(), dropout, ...hidden(), dropout, Layer.dense(10))
  const trial = async (seed: number, net: typeof plain, stops: readonly Stop[]) => {
    const order = shuffled(seed, 0, train.size)
    const recipe = Recipe.of({
      net,
      loss: Loss.softmaxCrossEntropy(),
      metrics: [Metric.accuracy()],
      optimizer: Optimizer.momentum({ rate: 0.02, momentum: 0.9 }),
      batch: 50,
      epochs: 120,
      seed,
      stop: stops,
    })
    const validation = orThrow(Data.gather(order.slice(400, 700))(train))
    const fitted = orThrow(await Trainer.fit(recipe)({ train: noisy(seed, 1 / 3, order.slice(0, 400)), validation })())
    const { accuracy = 0 } = orThrow(fitted.evaluate(test))
    return { error: 1 - accuracy, curve: fitted.history.map(e => e.validation?.loss ?? Number.NaN) }
  }
  return claim({
    name: 'overfit',
    source: 'Prechelt 1998; Srivastava et al. 2014',
    measure: async seed => {
      const { curve, error } = await trial(seed, plain, [])
      const least = Math.min(...curve)
      return {
        first: (curve[0] ?? 0) / least,
        last: (curve.at(-1) ?? 0) / least,
        stopped: (await trial(seed, plain, [stop])).error / error,
        dropped: (await trial(seed, dropped, [])).error / error,
      }
    },
    expected: [
      { what: 'validation loss after the first epoch / the least', of: m => m.first, is: above(1.1) },
      { what: 'validation loss after the last epoch / the least', of: m => m.last, is: above(1.1) },
      { what: 'test error, stopped early / not', of: m => m.stopped, is: below(1) },
      { what: 'test error, with dropout / without', of: m => m.dropped, is: below(1) },
    ],
  })
}
