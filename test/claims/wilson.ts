/**
 * Wilson et al. 2017, section 3.3: a problem on which gradient descent generalizes and adaptive methods do not.
 *
 *     y = 1 with p > 1/2, else -1     x_1 = y     x_2 = x_3 = 1
 *     then ones in columns of the example's own: one if y = 1, five if y = -1
 *
 * Squared loss, full batch, from zero. Descent ends at the solution of least norm, which is right on new examples. For
 * w = sign(X^T y) / 4, too, X w = y, and every adaptive method moves along that w (lemma 3.1). On a new example, whose
 * own columns have weight 0, it gives (y + 2) / 4 > 0: it is wrong on all negatives.
 */
import { Data, Init, Label, Layer, Loss, Net, Optimizer, orThrow, pipe, Recipe, Schedule, State } from 'gradus'
import { above, claim, exactly } from './claim.js'
import { descend, uniforms } from './support.js'

const rows = 100
const tests = 1000
const positive = 0.7
const shared = 3
const width = shared + 5 * (rows + 1)

const labels = (seed: number, purpose: number, n: number): readonly number[] =>
  uniforms(seed, purpose, n).map(u => (u < positive ? 1 : -1))

/** One example; its own columns begin at `own`. */
const example = (y: number, own: number): readonly number[] =>
  [y, 1, 1, ...new Array<number>(width - shared).fill(0)].fill(1, own, own + (y > 0 ? 1 : 5))

const dataOf = (x: readonly (readonly number[])[], y: readonly number[]) =>
  orThrow(Data.of({ inputs: [width], label: Label.values(1) })({ x, y }))

/** The share of outputs that have another sign than the label. */
const errorOf = (outputs: Float32Array, ys: readonly number[]): number =>
  ys.filter((y, i) => (outputs[i] ?? 0) * y <= 0).length / ys.length

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0)

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))

const falling = Schedule.exponential({ initial: 0.01, steps: 250, decay: 0.1 })

/** All with accumulators from 0 and a tiny epsilon. */
export const optimizers = {
  descent: Optimizer.sgd({ rate: 0.1 }),
  momentum: Optimizer.momentum({ rate: 0.02, momentum: 0.9 }),
  adagrad: Optimizer.adagrad({ rate: 0.1, initial: 0, epsilon: 1e-10 }),
  rmsprop: Optimizer.rmsprop({ rate: falling, epsilon: 1e-10 }),
  adam: Optimizer.adam({ rate: falling, epsilon: 1e-10 }),
}

const trial = async (optimizer: Optimizer.Optimizer, seed: number) => {
  const [ys, news] = [labels(seed, 0, rows), labels(seed, 1, tests)]
  const x = ys.map((y, i) => example(y, shared + 5 * i))
  const net = pipe(Net.input(width), Layer.dense(1, { bias: false, init: Init.zeros() }))
  const recipe = Recipe.of({ net, loss: Loss.mse(), optimizer, batch: rows, epochs: 1, seed })
  const { trainer, state } = orThrow(await descend(recipe, dataOf(x, ys), 1000))
  const model = orThrow(trainer.model(state))
  const outputs = (of: readonly (readonly number[])[]) => orThrow(model.predict(of.flat()))
  const correlation =
    x[0]?.map((_, k) =>
      dot(
        x.map(row => row[k] ?? 0),
        ys,
      ),
    ) ?? []
  const error = errorOf(outputs(news.map(y => example(y, shared + 5 * rows))), news)
  return {
    trainError: errorOf(outputs(x), ys),
    error,
    excess: error - news.filter(y => y < 0).length / tests,
    cosine: cosine(orThrow(State.values(state))['dense1/w']?.values ?? [], correlation.map(Math.sign)),
  }
}
const names = Object.keys(optimizers) as readonly (keyof typeof optimizers)[]

/** The claim, of these optimizers. */
export const wilson = (of: Readonly<Record<keyof typeof optimizers, Optimizer.Optimizer>> = optimizers) =>
  claim({
    name: 'wilson',
    source: 'Wilson et al. 2017, section 3.3',
    measure: async seed => {
      const trials = await Promise.all(names.map(async name => [name, await trial(of[name], seed)] as const))
      return Object.fromEntries(trials) as Readonly<Record<keyof typeof optimizers, Awaited<ReturnType<typeof trial>>>>
    },
    expected: [
      {
        what: 'training errors of all five',
        of: m => Math.max(...names.map(name => m[name].trainError)),
        is: exactly(0),
      },
      { what: 'test error, gradient descent', of: m => m.descent.error, is: exactly(0) },
      { what: 'test error, momentum', of: m => m.momentum.error, is: exactly(0) },
      { what: 'test error - share of negatives, AdaGrad', of: m => m.adagrad.excess, is: exactly(0) },
      { what: 'the same, RMSProp', of: m => m.rmsprop.excess, is: exactly(0) },
      { what: 'the same, Adam', of: m => m.adam.excess, is: exactly(0) },
      {
        what: 'least cosine of w and sign(X^T y), the adaptive three',
        of: m => Math.min(m.adagrad.cosine, m.rmsprop.cosine, m.adam.cosine),
        is: above(0.999),
      },
    ],
  })
