/**
 * Normalization of each row by itself, so that training and model agree and the batch does not matter:
 *
 *     y = (x - mean(x)) / sqrt(var(x) + epsilon) gamma + beta,    var biased
 *
 * over some axes of an example (layer norm, Ba et al. 2016), or over the field and the channels of each of several
 * groups (group norm, Wu & He 2018; with one channel a group: instance norm). Epsilon is Torch's 1e-5 (Keras: 1e-3).
 *
 * Laws: the gradient of x sums to 0 over what is normalized; shifting x, or scaling it by a positive factor, changes
 * nothing but for epsilon.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { flag, numberThat, positive, size } from '../../graph/settings.js'
import { add, mul, sub } from '../../op/arithmetic.js'
import { normalAxes, reshape } from '../../op/broadcast.js'
import { rsqrt } from '../../op/math.js'
import { mean } from '../../op/reduce.js'
import type { Shape } from '../../shape/Dims.js'
import { showShape, sizeOf } from '../../shape/TensorType.js'
import type { LayerDef, Vars } from '../Definition.js'
import { define } from '../define.js'
import * as Init from '../Init.js'
import type { Keeps, Named } from './types.js'

interface Options extends Named {
  /** 1e-5 by default */
  readonly epsilon?: number
  /** whether there are `gamma` (at first 1) and `beta` (at first 0); true by default */
  readonly affine?: boolean
}

export interface LayerNormOptions extends Options {
  /** axes in the shape of an example, negative from the end; the last ([-1]) by default */
  readonly axes?: readonly number[]
}
export type GroupNormOptions = Options

interface Affine {
  readonly affine: boolean
}
type Scales = 'gamma' | 'beta'

/** x with mean 0 and variance 1 (but for epsilon) over these axes. */
const standardized = (x: Expr, axes: readonly number[], epsilon: number): Expr => {
  const d = sub(x, mean(x, axes, true))
  return mul(d, rsqrt(add(mean(mul(d, d), axes, true), epsilon)))
}

/** A layer that normalizes rows, with gamma and beta of a shape that broadcasts to x once it is `wide`. */
const rowNorm = <A extends readonly unknown[], C extends Affine>(d: {
  readonly kind: string
  readonly config: t.Type<C, unknown>
  readonly args: (...a: A) => C
  readonly shape: (c: C, x: Shape) => E.Either<string, Shape>
  readonly scales: (c: C, x: Shape) => Shape
  readonly wide: (c: C, x: Shape) => Shape
  readonly normalize: (c: C, x: Expr) => Expr
}): LayerDef<A, C, Scales, never> => {
  const meaning = (c: C, p: Vars<Scales>, x: Expr): Expr => {
    const y = d.normalize(c, x)
    const shape = d.wide(c, x.type.shape.slice(1))
    return c.affine ? add(mul(y, reshape(p.gamma, shape)), reshape(p.beta, shape)) : y
  }
  return {
    kind: d.kind,
    config: d.config,
    args: d.args,
    shape: (c, x = []) => d.shape(c, x),
    params: (c, x = []) =>
      c.affine
        ? {
            gamma: { shape: d.scales(c, x), init: Init.ones() },
            beta: { shape: d.scales(c, x), init: Init.zeros() },
          }
        : {},
    state: () => ({}),
    infer: (c, p, _s, x) => meaning(c, p, x),
    train: (c, p, s, _key, x) => [meaning(c, p, x), s],
  }
}

const axis = numberThat('a whole number', Number.isInteger)

const axesOf = (axes: readonly number[], x: Shape): readonly number[] => normalAxes(axes, x.length) ?? []

/** Normalizes each row over `axes`. Parameters, if affine: `gamma`, `beta`, of the sizes of those axes. */
export const layerNorm = define<(options?: LayerNormOptions) => Keeps>()(
  rowNorm({
    kind: 'gradus/layerNorm',
    config: t.type({ axes: t.readonlyArray(axis), epsilon: positive, affine: flag }),
    args: ({ axes = [-1], epsilon = 1e-5, affine = true }: LayerNormOptions = {}) => ({ axes, epsilon, affine }),
    shape: ({ axes }, x) =>
      axes.length > 0 && normalAxes(axes, x.length)
        ? E.right(x)
        : E.left(`[${axes.join(', ')}] are not axes of ${showShape(x)}; give some from ${-x.length} to -1, each once`),
    scales: ({ axes }, x) => axesOf(axes, x).map(i => x[i] as number),
    wide: ({ axes }, x) => x.map((d, i) => (axesOf(axes, x).includes(i) ? d : 1)),
    normalize: ({ axes, epsilon }, x) =>
      standardized(
        x,
        axesOf(axes, x.type.shape.slice(1)).map(i => i + 1),
        epsilon,
      ),
  }),
)

/**
 * Normalizes each row over the field and the channels (the last axis) of each of `groups` groups of adjacent channels.
 * Parameters, if affine: `gamma`, `beta`, both [channels].
 */
export const groupNorm = define<(groups: number, options?: GroupNormOptions) => Keeps>()(
  rowNorm({
    kind: 'gradus/groupNorm',
    config: t.type({ groups: size, epsilon: positive, affine: flag }),
    args: (groups: number, { epsilon = 1e-5, affine = true }: GroupNormOptions = {}) => ({ groups, epsilon, affine }),
    shape: ({ groups }, x) =>
      x.length > 0 && (x[x.length - 1] as number) % groups === 0
        ? E.right(x)
        : E.left(
            `the last axis of ${showShape(x)} does not split into ${groups} groups; give a divisor of the number of channels`,
          ),
    scales: (_c, x) => x.slice(-1),
    wide: (_c, x) => x.slice(-1),
    normalize: ({ groups, epsilon }, x) => {
      const { shape } = x.type
      const channels = shape[shape.length - 1] as number
      const split = reshape(x, [shape[0] as number, sizeOf(shape.slice(1, -1)), groups, channels / groups])
      return reshape(standardized(split, [1, 3], epsilon), shape)
    },
  }),
)
