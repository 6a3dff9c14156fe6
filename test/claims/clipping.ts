/**
 * Pascanu, Mikolov & Bengio 2013: gradients through time grow by a factor each step where the recurrent weights are
 * large, and one such gradient throws the weights far away; the clip by the global norm bounds the step and keeps its
 * direction. Here a net of rectified units, whose recurrent weights start at 1.2 times the identity (Le et al. 2015: at
 * the identity), unrolled over 30 steps, is to sum up sequences. The factor is 1.2^30 = 237, squared in the gradient.
 */
import {
  Clip,
  Data,
  Expr,
  Init,
  type Inputs,
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
import * as t from 'io-ts'
import * as E from '#fp/Either.js'
import { below, claim, within } from './claim.js'
import { uniforms } from './support.js'

const length = 30
const units = 32
const growth = 1.2

type Recurrent = (
  units: number,
) => <I extends Inputs>(x: Net<I, readonly [number, number]>) => Net<I, readonly [number]>

/** h' = relu(x_t w + h u + b) over a sequence [length, features]; its output is the last h. */
const recurrent = Layer.define<Recurrent>()({
  kind: 'claims/recurrent',
  config: t.type({ units: t.number }),
  args: units => ({ units }),
  shape: ({ units }) => E.right([units]),
  params: ({ units }, [, features = 0] = []) => ({
    w: { shape: [features, units], init: Init.normal(0.1) },
    u: { shape: [units, units], init: Init.identity({ gain: growth }) },
    b: { shape: [units], init: Init.zeros() },
  }),
  state: () => ({}),
  infer: (_c, p, _s, x) => unrolled(p, x),
  train: (_c, p, s, _key, x) => [unrolled(p, x), s],
})

const unrolled = ({ w, u, b }: Readonly<Record<'w' | 'u' | 'b', Expr>>, x: Expr): Expr => {
  const [rows = -1, steps = 0, features = 0] = x.type.shape
  let h: Expr | null = null
  for (let i = 0; i < steps; i++) {
    const now = Expr.reshape(Expr.slice(x, [0, i, 0], [rows, i + 1, features]), [rows, features])
    const seen = Expr.add(Expr.matmul(now, w), b)
    h = Expr.maximum(h ? Expr.add(seen, Expr.matmul(h, u)) : seen, 0)
  }
  return h ?? x
}

/** Sequences of numbers on [-1, 1), and their sums, scaled to variance 1. */
const sequences = (seed: number, purpose: number, n: number) => {
  const x = uniforms(seed, purpose, n * length).map(u => 2 * u - 1)
  const sum = (row: number): number => x.slice(row * length, (row + 1) * length).reduce((a, b) => a + b, 0)
  const y = Array.from({ length: n }, (_, row) => sum(row) / Math.sqrt(length / 3))
  return orThrow(Data.of({ inputs: [length, 1], label: Label.values(1) })({ x, y }))
}

const net = pipe(Net.input(length, 1), recurrent(units), Layer.dense(1))

/** The error on new sequences, or the step at which the loss was no longer finite; NaN for what there is not. */
const trial = async (stages: Optimizer.Optimizer, seed: number) => {
  const optimizer = Optimizer.chain(stages, Optimizer.sgd({ rate: 0.01 }))
  const recipe = Recipe.of({ net, loss: Loss.mse(), optimizer, batch: 20, epochs: 20, seed })
  const fitted = await Trainer.fit(recipe)({ train: sequences(seed, 0, 1000) })()
  if (E.isRight(fitted))
    return { error: orThrow(fitted.right.evaluate(sequences(seed, 1, 400))).loss, diverged: Number.NaN }
  return { error: Number.NaN, diverged: fitted.left._tag === 'NonFinite' ? fitted.left.step : Number.NaN }
}

/** The claim, of a clip. */
export const clipping = (clip: Optimizer.Optimizer = [Clip.byGlobalNorm(1)]) =>
  claim({
    name: 'clipping',
    source: 'Pascanu et al. 2013',
    measure: async seed => ({ clipped: await trial(clip, seed), plain: await trial([], seed) }),
    expected: [
      { what: 'squared error, of targets with variance 1, with the clip', of: m => m.clipped.error, is: below(0.2) },
      { what: 'step of 1000 at which the loss overflows, without it', of: m => m.plain.diverged, is: within(1, 1000) },
    ],
  })
