/** What Optax, Keras and TensorFlow say of 60 steps (optax.json, keras.json), in the names and forms of our settings. */
import { readFileSync } from 'node:fs'
import * as Clip from '../../src/optim/Clip.js'
import * as Decay from '../../src/optim/Decay.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import type { Rate } from '../../src/optim/Schedule.js'
import type { Stage } from '../../src/optim/Stage.js'

interface Config {
  readonly decay: number
  readonly momentum: number
  readonly nesterov: boolean
  readonly batches: number
  readonly limit: number
  readonly epsilon: number
  readonly every: number
  readonly share: number
}
interface Case {
  readonly optimizer: keyof typeof made
  readonly source?: string
  readonly config: Partial<Config> & { readonly form?: string }
}
interface Trajectory extends Case {
  readonly params: readonly (readonly number[])[]
}
export interface Library {
  readonly recorded: readonly number[]
  readonly cases: readonly Trajectory[]
}
export interface Plateau {
  /** which case of plateau.json has the settings and values */
  readonly of: number
  readonly every?: number
  readonly factors: readonly number[]
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../oracle/${name}.json`, import.meta.url), 'utf8'))
interface Tensor {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}
type Leaves = Readonly<Record<string, Tensor>>
interface Keras {
  readonly weights: readonly {
    /** which case of weights.json has the start and the batches */
    readonly of: number
    readonly losses: readonly number[]
    readonly total: number
    readonly gradients: { readonly w: Tensor; readonly b: Tensor }
    readonly final: { readonly w: Tensor; readonly b: Tensor }
  }[]
  readonly nets: readonly {
    readonly optimizer: 'nesterov' | 'adam'
    readonly config: Case['config']
    readonly smoothing: number
    readonly momentum: number
    readonly start: Leaves
    readonly batches: readonly { readonly x: Tensor; readonly labels: readonly number[] }[]
    readonly losses: readonly number[]
    readonly final: Leaves
    readonly inferred: Tensor
  }[]
}
interface Judging {
  readonly plateau: readonly Plateau[]
}
export const optax: Library & Judging = read('optax')
export const keras: Library & Judging & Keras = read('keras')

const {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  amsgrad,
  chain,
  lamb,
  lion,
  momentum,
  nadam,
  nesterov,
  radam,
  rmsprop,
  sgd,
} = Optimizer
type Settings = Config & { readonly rate: Rate }
const clipped = (clip: Stage, rate: Rate) => chain(clip, sgd({ rate }))

/** An optimizer of our settings, and of the library's Adam where one goes around another. */
const made = {
  ...{ adadelta, adagrad, adam, adamax, adamW, amsgrad, lamb, lion, momentum, nadam, nesterov, radam, rmsprop, sgd },
  lars: ({ decay, ...o }: Settings) =>
    chain(Decay.l2(decay), Optimizer.trustRatio(), momentum({ ...o, form: 'keras' })),
  ema: (o: Settings, inner: Optimizer.Optimizer) => chain(inner, Optimizer.ema(o.decay)),
  lookahead: (o: Settings, inner: Optimizer.Optimizer) => Optimizer.lookahead(inner, o),
  accumulate: (o: Settings, inner: Optimizer.Optimizer) => Optimizer.accumulate(o.batches, inner),
  clipAdaptive: (o: Settings) => clipped(Clip.adaptive(o.limit, o), o.rate),
  clipByValue: (o: Settings) => clipped(Clip.byValue(o.limit), o.rate),
  clipByNorm: (o: Settings) => clipped(Clip.byNorm(o.limit), o.rate),
  clipByGlobalNorm: (o: Settings) => clipped(Clip.byGlobalNorm(o.limit), o.rate),
}

export const optimizerOf = ({ optimizer, source, config }: Case, rate: Rate): Optimizer.Optimizer =>
  (made[optimizer] as (config: object, inner: Optimizer.Optimizer) => Optimizer.Optimizer)(
    { ...config, rate },
    adam({ rate, form: source === 'Keras 3' ? 'keras' : 'torch' }),
  )
