/**
 * Clevert et al. 2016, section 4.1: with 8 hidden layers of 128 units, He's initialization and plain gradient descent at
 * rate 0.01 with batches of 64, a net of ELUs has mean activations nearer 0 and its training loss falls faster than one
 * of ReLUs or leaky ReLUs (alpha 0.1). Here on the digits.
 */
import { Init, Layer, Loss, Optimizer, orThrow, pipe, Recipe, Trainer } from 'gradus'
import { below, claim } from './claim.js'
import { type Hidden, stack, train } from './support.js'

/** The claim, of an activation that takes ELU's part. */
export const elu = (candidate: (x: Hidden) => Hidden = Layer.elu()) =>
  claim({
    name: 'elu',
    source: 'Clevert et al. 2016, section 4.1',
    measure: async seed => {
      const trial = async (activation: (x: Hidden) => Hidden) => {
        const hidden = stack(8, x => pipe(x, Layer.dense(128, { init: Init.he() }), activation))
        const recipe = Recipe.of({
          net: pipe(hidden, Layer.dense(10)),
          loss: Loss.softmaxCrossEntropy(),
          optimizer: Optimizer.sgd({ rate: 0.01 }),
          batch: 64,
          epochs: 10,
          seed,
        })
        const fitted = orThrow(await Trainer.fit(recipe)({ train })())
        const trainer = orThrow(await Trainer.compile(recipe)())
        const state = orThrow(trainer.restore(fitted.state))
        const { layers } = orThrow(trainer.statistics(state, train, { mode: 'infer' }))
        const means = layers.filter(l => /elu$/i.test(l.kind)).map(l => Math.abs(l.activation.mean))
        return {
          mean: means.reduce((a, b) => a + b, 0) / means.length,
          loss: fitted.history.at(-1)?.train.loss ?? Number.NaN,
        }
      }
      const [own, relu, leaky] = [
        await trial(candidate),
        await trial(Layer.relu()),
        await trial(Layer.leakyRelu({ alpha: 0.1 })),
      ]
      return {
        mean: own.mean / Math.min(relu.mean, leaky.mean),
        relu: own.loss / relu.loss,
        leaky: own.loss / leaky.loss,
      }
    },
    expected: [
      { what: 'mean activation, ELU / the nearer of ReLU and leaky ReLU', of: m => m.mean, is: below(1) },
      { what: 'training loss in epoch 10, ELU / ReLU', of: m => m.relu, is: below(1) },
      { what: 'the same, ELU / leaky ReLU', of: m => m.leaky, is: below(1) },
    ],
  })
