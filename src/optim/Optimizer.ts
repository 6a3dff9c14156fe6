/**
 * Optimizers: flat lists of stages, in the order in which the gradients pass them. The formulas stand with each family:
 *
 *     momentum    sgd, momentum, nesterov
 *     adaptive    adagrad, rmsprop, adadelta
 *     adam        adam, adamW, amsgrad
 *     variants    nadam, adamax, radam
 *     norms       lion, lamb, trustRatio
 *     wrap        accumulate, ema, swa, lookahead
 *     rates       scaleRate (rates by parameter), plateau
 *
 * Where systems differ, `form` names whose formula it is; the default is torch's.
 */
import * as t from '#io/index.js'
import type { Optimizer } from './chain.js'
import * as adam from './optimizers/adam.js'
import * as adaptive from './optimizers/adaptive.js'
import * as momentum from './optimizers/momentum.js'
import * as norms from './optimizers/norms.js'
import * as variants from './optimizers/variants.js'
import * as rates from './rates.js'
import { type StageDefinition, type StageDefinitions, codec as stageCodec } from './Stage.js'
import * as wrap from './wrap.js'

export { chain, MonoidChain, type Optimizer } from './chain.js'
export {
  type AdamForm,
  type AdamOptions,
  type AdamWOptions,
  type AmsgradForm,
  type AmsgradOptions,
  adam,
  adamW,
  amsgrad,
} from './optimizers/adam.js'
export {
  type AdadeltaOptions,
  type AdagradForm,
  type AdagradOptions,
  adadelta,
  adagrad,
  type RmspropForm,
  type RmspropOptions,
  rmsprop,
} from './optimizers/adaptive.js'
export type { MomentOptions } from './optimizers/moments.js'
export { type MomentumForm, type MomentumOptions, momentum, nesterov, sgd } from './optimizers/momentum.js'
export { type LambOptions, type LionOptions, lamb, lion, trustRatio } from './optimizers/norms.js'
export {
  type AdamaxForm,
  type AdamaxOptions,
  adamax,
  type NadamForm,
  type NadamOptions,
  nadam,
  radam,
} from './optimizers/variants.js'
export { type PlateauOptions, plateau, type ScaleRateOptions, scaleRate } from './rates.js'
export { accumulate, averageSlot, ema, lookahead, swa } from './wrap.js'

/** The definitions of these optimizers, for decoding. */
export const definitions: readonly StageDefinition[] = [momentum, adaptive, adam, variants, norms, wrap, rates].flatMap(
  family => family.definitions,
)

const maxStages = 100

/** An optimizer as JSON: a list of stages. Decoding takes untrusted input. Law: decode . encode = id. */
export const codec = (known: StageDefinitions): t.Type<Optimizer, unknown> => {
  const stages = t.readonlyArray(stageCodec(known))
  return new t.Type<Optimizer, unknown>(
    `a list of at most ${maxStages} stages`,
    stages.is,
    (u, c) => (Array.isArray(u) && u.length <= maxStages ? stages.validate(u, c) : t.failure(u, c)),
    stages.encode,
  )
}
