/**
 * Ioffe & Szegedy 2015: with batch normalization a deep net of logistic units trains that does not train without it
 * (section 4.2.2), and higher learning rates become usable (section 3.3; there 5 and 30 times the rate). Here 8 hidden
 * layers of 100 units on the digits, by gradient descent with batches of 50.
 */

import { Init, Layer, Loss, Metric, Optimizer, orThrow, pipe, Recipe, Trainer } from 'gradus'
import * as E from '#fp/Either.js'
import { above, below, claim } from './claim.js'
import { type Hidden, stack, test, train } from './support.js'

const depth = 8
const units = 100
const rates = [10, 3, 1, 0.3, 0.1, 0.03]

/** In the place of a normalization. */
const none = (x: Hidden): Hidden => x

/** The test accuracy after some epochs; 0 if the run diverged. */
const accuracy = async (hidden: Hidden, rate: number, epochs: number, seed: number): Promise<number> => {
  const recipe = Recipe.of({
    net: pipe(hidden, Layer.dense(10)),
    loss: Loss.softmaxCrossEntropy(),
    metrics: [Metric.accuracy()],
    optimizer: Optimizer.sgd({ rate }),
    batch: 50,
    epochs,
    seed,
  })
  const fitted = await Trainer.fit(recipe)({ train })()
  return E.isLeft(fitted) ? 0 : (orThrow(fitted.right.evaluate(test))['accuracy'] ?? 0)
}

/** The claim, of what stands before each activation. */
export const batchNorm = (norm: (x: Hidden) => Hidden = Layer.batchNorm()) =>
  claim({
    name: 'batchNorm',
    source: 'Ioffe & Szegedy 2015, sections 3.3 and 4.2.2',
    measure: async seed => {
      const logistic = (before: (x: Hidden) => Hidden) =>
        stack(depth, x => pipe(x, Layer.dense(units), before, Layer.logistic()))
      const relu = (before: (x: Hidden) => Hidden) =>
        stack(depth, x => pipe(x, Layer.dense(units, { init: Init.he() }), before, Layer.relu()))
      /** The largest rate at which 5 epochs are enough for 75 %, or 0. */
      const largest = async (hidden: Hidden): Promise<number> => {
        for (const rate of rates) if ((await accuracy(hidden, rate, 5, seed)) > 0.75) return rate
        return 0
      }
      const usable = await largest(relu(none))
      return {
        without: await accuracy(logistic(none), 0.3, 20, seed),
        with: await accuracy(logistic(norm), 0.3, 20, seed),
        usable,
        gain: (await largest(relu(norm))) / usable,
      }
    },
    expected: [
      { what: 'accuracy of the logistic net without it', of: m => m.without, is: below(0.2) },
      { what: 'with it', of: m => m.with, is: above(0.9) },
      { what: 'largest rate that gives 75 % in 5 epochs, ReLU, without it', of: m => m.usable, is: above(0) },
      { what: 'that rate with it / without', of: m => m.gain, is: above(4.9) },
    ],
  })
