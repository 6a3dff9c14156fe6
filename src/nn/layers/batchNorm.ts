/**
 * Batch normalization (Ioffe & Szegedy 2015), over the batch and all axes but that of the channels:
 *
 *     train  y = (x - mean(x)) / sqrt(var(x) + epsilon) gamma + beta     with the batch's (biased) statistics
 *     infer  y = (x - mean) / sqrt(variance + epsilon) gamma + beta      with the moving ones
 *
 * The forms differ in how the moving statistics follow the batch's:
 *
 *     torch       new = old + momentum (batch - old), variance unbiased (N / (N - 1)); momentum 0.1, epsilon 1e-5
 *     tf1, keras  new = momentum old + (1 - momentum) batch, variance biased; momentum 0.99, epsilon 1e-3
 *
 * Both may be changed, and TF's fused kernel is `{ form: 'tf1', unbiased: true }`. It goes before the activation (the
 * paper), after it, or on the logits: it is a layer like others.
 *
 * Laws: the gradient of x sums to 0 per channel; shifting x, or a bias before, changes nothing, nor does scaling it by a
 * positive factor (but for epsilon); in a model it is affine; frozen, the statistics stay as they are.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { flag, numberThat, oneOf, positive, withinOne, withOptional } from '../../graph/settings.js'
import { add, div, maximum, mul, sub } from '../../op/arithmetic.js'
import { reshape } from '../../op/broadcast.js'
import { rsqrt } from '../../op/math.js'
import { extent, mean } from '../../op/reduce.js'
import { stopGradient } from '../../op/stop.js'
import type { Shape } from '../../shape/Dims.js'
import { showShape, sizeOf } from '../../shape/TensorType.js'
import type { Vars } from '../Definition.js'
import { define } from '../define.js'
import * as Init from '../Init.js'
import type { Keeps, Named } from './types.js'

type Form = 'torch' | 'tf1' | 'keras'

export interface BatchNormOptions extends Named {
  /** 'torch' by default: its moving statistics have forgotten their start after some 20 steps, tf1's after some 300 */
  readonly form?: Form
  /** of the moving statistics, in the form's own sense */
  readonly momentum?: number
  readonly epsilon?: number
  /** whether the moving variance is the unbiased estimate; TF's fused kernel also says true */
  readonly unbiased?: boolean
  /** the axis of the channels in the shape of an example, negative from the end; the last (-1) by default */
  readonly axis?: number
}

/** `axis` is there where it is not -1. */
const config = withOptional(
  t.type({ form: oneOf('torch', 'tf1', 'keras'), momentum: withinOne, epsilon: positive, unbiased: flag }),
  t.partial({ axis: numberThat('a whole number', Number.isInteger) }),
)
type Config = t.TypeOf<typeof config>

/** The position of the channels' axis, negative from the end. */
const fromEnd = ({ axis = -1 }: Config, rank: number): number => (axis < 0 ? axis : axis - rank)

const channels = (c: Config, x: Shape = []): Shape => [x[x.length + fromEnd(c, x.length)] ?? 0]

/** All axes of a batch but that of the channels. */
const otherAxes = (c: Config, { type: { shape } }: Expr): readonly number[] => {
  const own = shape.length + fromEnd(c, shape.length - 1)
  return shape.flatMap((_, i) => (i === own ? [] : [i]))
}

/** A vector of one number a channel, so that it broadcasts to x. */
const along = (c: Config, { type: { shape } }: Expr, v: Expr): Expr =>
  reshape(v, [...v.type.shape, ...new Array<number>(-1 - fromEnd(c, shape.length - 1)).fill(1)])

/** How far the moving statistics go towards the batch's in one step. */
const rate = ({ form, momentum }: Config): number => (form === 'torch' ? momentum : 1 - momentum)

const towards = (c: Config, old: Expr, batch: Expr): Expr => add(old, mul(sub(batch, old), rate(c)))

/**
 * The batch's normalization, written around s = mean(x) as a constant: for e = mean(x) - s, which is 0 and only carries
 * gradients, var(x) = mean((x - s)^2) - e^2 and x - mean(x) = (x - s) - e. So the gradient of x needs the sums of g and
 * g (x - s) only, both in one pass, and is still exact in every order.
 */
const normalize = (c: Config, { gamma, beta }: Vars<'gamma' | 'beta'>, x: Expr) => {
  const axes = otherAxes(c, x)
  const average = mean(x, axes)
  const center = stopGradient(average)
  const e = sub(average, center)
  const d = sub(x, along(c, x, center))
  const variance = sub(mean(mul(d, d), axes), mul(e, e))
  const scale = mul(gamma, rsqrt(add(variance, c.epsilon)))
  return { y: add(mul(d, along(c, x, scale)), along(c, x, sub(beta, mul(e, scale)))), average, variance }
}

/** Normalizes each channel (the last axis unless told otherwise). Parameters: `gamma`, `beta`; state: `mean`, `variance`, all [channels]. */
export const batchNorm = define<(options?: BatchNormOptions) => Keeps>()({
  kind: 'gradus/batchNorm',
  config,
  args: ({ form = 'torch', momentum, epsilon, unbiased, axis = -1 } = {}) => ({
    form,
    momentum: momentum ?? (form === 'torch' ? 0.1 : 0.99),
    epsilon: epsilon ?? (form === 'torch' ? 1e-5 : 1e-3),
    unbiased: unbiased ?? form === 'torch',
    ...(axis !== -1 && { axis }),
  }),
  shape: (c, x = []) => {
    if (x.length === 0) return E.left('expects an axis of channels, but the input is []; reshape it to [1]')
    const { axis = -1 } = c
    return axis >= -x.length && axis < x.length
      ? E.right(x)
      : E.left(`${showShape(x)} has no axis ${axis}; give one from ${-x.length} to ${x.length - 1}`)
  },
  params: (c, x) => ({
    gamma: { shape: channels(c, x), init: Init.ones() },
    beta: { shape: channels(c, x), init: Init.zeros() },
  }),
  state: (c, x) => ({
    mean: { shape: channels(c, x), init: Init.zeros() },
    variance: { shape: channels(c, x), init: Init.ones() },
  }),
  infer: (c, { gamma, beta }, s, x) => {
    const scale = mul(gamma, rsqrt(add(s.variance, c.epsilon)))
    return add(mul(sub(x, along(c, x, s.mean)), along(c, x, scale)), along(c, x, beta))
  },
  train: (c, p, s, _key, x) => {
    const { y, average, variance } = normalize(c, p, x)
    const n = extent(sizeOf(otherAxes(c, x).map(i => x.type.shape[i] as number)))
    const estimate = c.unbiased ? mul(variance, div(n, maximum(sub(n, 1), 1))) : variance
    return [y, { mean: towards(c, s.mean, average), variance: towards(c, s.variance, estimate) }]
  },
})
