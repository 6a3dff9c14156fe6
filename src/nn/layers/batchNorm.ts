/**
 * Batch normalization (Ioffe & Szegedy 2015), over all axes but the last:
 *
 *     train  y = (x - mean(x)) / sqrt(var(x) + epsilon) gamma + beta     with the batch's (biased) statistics
 *     infer  y = (x - mean) / sqrt(variance + epsilon) gamma + beta      with the moving ones
 *
 * The forms differ in how the moving statistics follow the batch's:
 *
 *     torch       new = old + momentum (batch - old), variance unbiased (N / (N - 1)); momentum 0.1, epsilon 1e-5
 *     tf1, keras  new = momentum old + (1 - momentum) batch, variance biased; momentum 0.99, epsilon 1e-3
 *
 * Laws: the gradient of x sums to 0 per channel; shifting x, or a bias before, changes nothing; frozen, the statistics
 * stay as they are.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { flag, oneOf, positive, withinOne } from '../../graph/settings.js'
import { add, div, maximum, mul, sub } from '../../op/arithmetic.js'
import { rsqrt } from '../../op/math.js'
import { extent, mean } from '../../op/reduce.js'
import { stopGradient } from '../../op/stop.js'
import type { Shape } from '../../shape/Dims.js'
import { sizeOf } from '../../shape/TensorType.js'
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
}

const config = t.type({
  form: oneOf('torch', 'tf1', 'keras'),
  momentum: withinOne,
  epsilon: positive,
  unbiased: flag,
})
type Config = t.TypeOf<typeof config>

const channels = (x: Shape | undefined): Shape => [x?.[x.length - 1] ?? 0]

const otherAxes = (x: Expr): readonly number[] => x.type.shape.slice(0, -1).map((_, i) => i)

/** How far the moving statistics go towards the batch's in one step. */
const rate = ({ form, momentum }: Config): number => (form === 'torch' ? momentum : 1 - momentum)

const towards = (c: Config, old: Expr, batch: Expr): Expr => add(old, mul(sub(batch, old), rate(c)))

/**
 * The batch's normalization, written around s = mean(x) as a constant: for e = mean(x) - s, which is 0 and only carries
 * gradients, var(x) = mean((x - s)^2) - e^2 and x - mean(x) = (x - s) - e. So the gradient of x needs the sums of g and
 * g (x - s) only, both in one pass, and is still exact in every order.
 */
const normalize = ({ epsilon }: Config, { gamma, beta }: Vars<'gamma' | 'beta'>, x: Expr) => {
  const axes = otherAxes(x)
  const average = mean(x, axes)
  const center = stopGradient(average)
  const e = sub(average, center)
  const d = sub(x, center)
  const variance = sub(mean(mul(d, d), axes), mul(e, e))
  const scale = mul(gamma, rsqrt(add(variance, epsilon)))
  return { y: add(mul(d, scale), sub(beta, mul(e, scale))), average, variance }
}

/** Normalizes each channel (the last axis). Parameters: `gamma`, `beta`; state: `mean`, `variance`, all [channels]. */
export const batchNorm = define<(options?: BatchNormOptions) => Keeps>()({
  kind: 'gradus/batchNorm',
  config,
  args: ({ form = 'torch', momentum, epsilon, unbiased } = {}) => ({
    form,
    momentum: momentum ?? (form === 'torch' ? 0.1 : 0.99),
    epsilon: epsilon ?? (form === 'torch' ? 1e-5 : 1e-3),
    unbiased: unbiased ?? form === 'torch',
  }),
  shape: (_c, x) =>
    x && x.length > 0 ? E.right(x) : E.left('expects a last axis of channels, but the input is []; reshape it to [1]'),
  params: (_c, x) => ({
    gamma: { shape: channels(x), init: Init.ones() },
    beta: { shape: channels(x), init: Init.zeros() },
  }),
  state: (_c, x) => ({
    mean: { shape: channels(x), init: Init.zeros() },
    variance: { shape: channels(x), init: Init.ones() },
  }),
  infer: ({ epsilon }, { gamma, beta }, s, x) =>
    add(mul(sub(x, s.mean), mul(gamma, rsqrt(add(s.variance, epsilon)))), beta),
  train: (c, p, s, _key, x) => {
    const { y, average, variance } = normalize(c, p, x)
    const n = extent(sizeOf(x.type.shape.slice(0, -1)))
    const estimate = c.unbiased ? mul(variance, div(n, maximum(sub(n, 1), 1))) : variance
    return [y, { mean: towards(c, s.mean, average), variance: towards(c, s.variance, estimate) }]
  },
})
