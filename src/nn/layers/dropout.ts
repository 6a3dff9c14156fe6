/**
 * Noise in training that a model is without (dropout: Srivastava et al. 2014), drawn anew for every element and step. It
 * is scaled such that the mean stays: so inference is the identity, bit for bit, and so is training at strength 0.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { constant, type Expr } from '../../graph/Expr.js'
import { belowOne, notNegative } from '../../graph/settings.js'
import { add, mul } from '../../op/arithmetic.js'
import { normal, uniform } from '../../op/random.js'
import { lt, select } from '../../op/select.js'
import type { Shape } from '../../shape/Dims.js'
import { seluLeft } from '../activation.js'
import { define } from '../define.js'
import type { Keeps, Named } from './types.js'

type Noise = (strength: number, options?: Named) => Keeps

/** A layer that does something in training only, and only if its strength is not 0. */
const noise = <K extends string>(
  kind: string,
  strength: K,
  range: t.Type<number, unknown>,
  disturb: (x: Expr, strength: number, key: Expr) => Expr,
) =>
  define<Noise>()({
    kind,
    config: t.type({ [strength]: range }),
    args: s => ({ [strength]: s }),
    shape: (_c, x) => E.right(x ?? []),
    params: () => ({}),
    state: () => ({}),
    infer: (_c, _p, _s, x) => x,
    train: (c, _p, s, key, x) => {
      const value = c[strength] ?? 0
      return [value === 0 ? x : disturb(x, value, key), s]
    },
  })

/** x mask / keep, where the mask has this shape. */
const masked = (x: Expr, rate: number, key: Expr, shape: Shape): Expr => {
  const keep = 1 - rate
  const kept = lt(uniform(key, shape), keep)
  return mul(x, select(kept, constant(1 / keep), 0))
}

/** x mask / keep with keep = 1 - rate and mask = U < keep. `rate` is in [0, 1). */
export const dropout = noise('gradus/dropout', 'rate', belowOne, (x, rate, key) => masked(x, rate, key, x.type.shape))

/**
 * Dropout of whole channels (the last axis; Tompson et al. 2015): one mask for all positions of a row, since neighbours
 * say much the same. For vectors it is `dropout`. `rate` is in [0, 1).
 */
export const spatialDropout = noise('gradus/spatialDropout', 'rate', belowOne, (x, rate, key) =>
  masked(
    x,
    rate,
    key,
    x.type.shape.map((d, i, { length }) => (i === 0 || i === length - 1 ? d : 1)),
  ),
)

/**
 * For SELU (Klambauer et al. 2017): what is dropped becomes SELU's left limit l = -lambda alpha, and an affine map
 * restores mean 0 and variance 1. With keep q: a (x mask + l (1 - mask)) + b for a = (q + l^2 q (1 - q))^-1/2 and b =
 * -a (1 - q) l. `rate` is in [0, 1).
 */
export const alphaDropout = noise('gradus/alphaDropout', 'rate', belowOne, (x, rate, key) => {
  const q = 1 - rate
  const left = -seluLeft
  const a = 1 / Math.sqrt(q + left * left * q * rate)
  const b = -a * rate * left
  const kept = lt(uniform(key, x.type.shape), q)
  return add(mul(select(kept, x, left), a), b)
})

/** x + N(0, deviation^2); `deviation` >= 0. */
export const gaussianNoise = noise('gradus/gaussianNoise', 'deviation', notNegative, (x, deviation, key) =>
  add(x, mul(normal(key, x.type.shape), deviation)),
)

/** x N(1, rate / (1 - rate)), of the same mean and variance as dropout (Srivastava et al. 2014). `rate` is in [0, 1). */
export const gaussianDropout = noise('gradus/gaussianDropout', 'rate', belowOne, (x, rate, key) =>
  mul(x, add(mul(normal(key, x.type.shape), Math.sqrt(rate / (1 - rate))), 1)),
)
