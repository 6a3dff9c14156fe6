/**
 * Relatives of Adam. g is the gradient, r the rate at this step, t = 1, 2, ... counts steps; m, v, c1, c2 as in `adam`.
 *
 *     nadam     u_t = b1 (1 - 0.96^(t psi) / 2)    P_t = u_1 u_2 ... u_t    psi = 0.004
 *               p - r ((1 - u_t) g / (1 - P_t) + u_(t+1) m / (1 - P_(t+1))) / (sqrt(v / c2) + eps)
 *               torch1: u_t P_(t+1) instead of P_(t+1), a slip of torch before 2.0
 *     adamax    torch (default):  n = max(b2 n, |g| + eps)    p - (r / c1) m / n
 *               keras:            n = max(b2 n, |g|)          p - (r / c1) m / (n + eps)
 *     radam     R = 2 / (1 - b2) - 1    R_t = R - 2 t b2^t / c2
 *               R_t > 5:  p - r (m / c1) sqrt(c2) / (sqrt(v) + eps) sqrt((R_t - 4)(R_t - 2) R / ((R - 4)(R - 2) R_t))
 *               else:     p - r (m / c1)
 *
 * Dozat 2016; Kingma & Ba 2015, section 7.1; Liu et al. 2020. All as in torch.optim (its threshold of 5 in RAdam is that
 * of the authors' code; the paper has 4).
 */
import * as t from '#io/index.js'
import { notNegative, numberThat, oneOf } from '../../graph/settings.js'
import { abs, add, div, maximum, mul, sub } from '../../op/arithmetic.js'
import { pow, sqrt } from '../../op/math.js'
import { gt, select } from '../../op/select.js'
import type { Optimizer } from '../chain.js'
import * as Schedule from '../schedules/define.js'
import { define, leafwise, type StageDefinition } from '../stages/define.js'
import { correction, type MomentOptions, momentProps, momentSlots, moments, toward, towardSquare } from './moments.js'

export type NadamForm = 'torch' | 'torch1'

const nadamMaker = define({
  kind: 'gradus/nadam',
  config: t.exact(t.type({ ...momentProps, warmth: notNegative, form: oneOf<NadamForm>('torch', 'torch1') })),
  slots: momentSlots,
  scalars: () => [{ name: 'product', init: 1 }],
  rate: c => c.rate,
  apply: ({ rate: schedule, beta1, beta2, epsilon, warmth, form }, input) => {
    const time = add(input.step, 1)
    const weight = (at: typeof time) => mul(sub(1, mul(pow(0.96, mul(at, warmth)), 0.5)), beta1)
    const [now, next] = [weight(time), weight(add(time, 1))]
    const product = mul(input.scalars.product, now)
    const root = sqrt(correction(beta2, input.step))
    const rate = mul(Schedule.rate(schedule, input.step), root)
    const ofGradient = mul(rate, div(sub(1, now), sub(1, product)))
    const ahead = mul(form === 'torch1' ? mul(product, now) : product, next)
    const ofMean = mul(rate, div(next, sub(1, ahead)))
    const small = mul(epsilon, root)
    const stepped = leafwise(input, ['mean', 'square'], ({ gradient, slots }) => {
      const mean = toward(slots.mean, gradient, 1 - beta1)
      const square = towardSquare(slots.square, gradient, 1 - beta2)
      const push = add(mul(ofGradient, gradient), mul(ofMean, mean))
      return { update: div(push, add(sqrt(square), small)), slots: { mean, square } }
    })
    return { ...stepped, scalars: { product } }
  },
})

export interface NadamOptions extends MomentOptions {
  /** psi >= 0: how slowly the momentum warms up; default 0.004 */
  readonly warmth?: number
  /** default 'torch' */
  readonly form?: NadamForm
}

/**
 * Adam with Nesterov's momentum. Rate 0.002 by default, as in torch; the rest as Adam's. Keras has the same formula, with
 * rate 0.001 and epsilon 1e-7, and since 2.11 with warmth 1.
 */
export const nadam = (o: NadamOptions = {}): Optimizer => [
  nadamMaker({ ...moments(o, 0.002), warmth: o.warmth ?? 0.004, form: o.form ?? 'torch' }),
]

export type AdamaxForm = 'torch' | 'keras'

const adamaxMaker = define({
  kind: 'gradus/adamax',
  config: t.exact(t.type({ ...momentProps, form: oneOf<AdamaxForm>('torch', 'keras') })),
  slots: () => [
    { name: 'mean', init: 0 },
    { name: 'largest', init: 0 },
  ],
  rate: c => c.rate,
  apply: ({ rate, beta1, beta2, epsilon, form }, input) => {
    const scale = div(Schedule.rate(rate, input.step), correction(beta1, input.step))
    const [before, after] = form === 'torch' ? [epsilon, 0] : [0, epsilon]
    return leafwise(input, ['mean', 'largest'], ({ gradient, slots }) => {
      const mean = toward(slots.mean, gradient, 1 - beta1)
      const size = before > 0 ? add(abs(gradient), before) : abs(gradient)
      const largest = maximum(mul(slots.largest, beta2), size)
      return { update: div(mul(scale, mean), after > 0 ? add(largest, after) : largest), slots: { mean, largest } }
    })
  },
})

export interface AdamaxOptions extends MomentOptions {
  /** default 'torch' */
  readonly form?: AdamaxForm
}

/** Adam by the infinity norm. Rate 0.002 by default, epsilon 1e-8 (1e-7 for keras); the rest as Adam's. */
export const adamax = (o: AdamaxOptions = {}): Optimizer => [
  adamaxMaker({ ...moments(o, 0.002, o.form === 'keras' ? 1e-7 : 1e-8), form: o.form ?? 'torch' }),
]

/** R = 2 / (1 - b2) - 1 must exceed 4, or no step is ever rectified. */
const rectifiable = numberThat('a number in (0.6, 1)', x => x > 0.6 && x < 1)

const radamMaker = define({
  kind: 'gradus/radam',
  config: t.exact(t.type({ ...momentProps, beta2: rectifiable })),
  slots: momentSlots,
  rate: c => c.rate,
  apply: ({ rate, beta1, beta2, epsilon }, input) => {
    const time = add(input.step, 1)
    const [c1, c2] = [correction(beta1, input.step), correction(beta2, input.step)]
    const scale = div(Schedule.rate(rate, input.step), c1)
    const long = 2 / (1 - beta2) - 1
    const length = sub(long, div(mul(mul(time, 2), pow(beta2, time)), c2))
    const steady = gt(length, 5)
    const share = div(mul(mul(sub(length, 4), sub(length, 2)), long), mul(length, (long - 4) * (long - 2)))
    const rectified = mul(scale, select(steady, sqrt(mul(share, c2)), 1))
    return leafwise(input, ['mean', 'square'], ({ gradient, slots }) => {
      const mean = toward(slots.mean, gradient, 1 - beta1)
      const square = towardSquare(slots.square, gradient, 1 - beta2)
      const divisor = select(steady, add(sqrt(square), epsilon), 1)
      return { update: div(mul(rectified, mean), divisor), slots: { mean, square } }
    })
  },
})

/** Rectified Adam: like momentum until the second moment can be trusted. Defaults as Adam's; beta2 in (0.6, 1). */
export const radam = (o: MomentOptions = {}): Optimizer => [radamMaker(moments(o))]

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [nadamMaker.def, adamaxMaker.def, radamMaker.def]
