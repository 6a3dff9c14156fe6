/**
 * Gradient clipping (Pascanu, Mikolov & Bengio 2013), to stand before an optimizer in a chain:
 *
 *     value         max(min(g, c), -c)
 *     norm          g c / max(|g|, c)                          each parameter by itself
 *     global norm   g c / max(sqrt(sum of all |g_i|^2), c)     all parameters together
 *     adaptive      g c / max(|g|, c), c = l max(|p|, eps)     each output unit by itself (see `units`)
 *
 * The adaptive form limits the share of a unit's weights that a step can change (Brock et al. 2021).
 *
 * Idempotent up to rounding; the norms keep the direction, and gradients within the limit keep their bits; a zero
 * gradient stays zero. A norm that is not finite makes every update it scales NaN, where c / Infinity would make it 0
 * and hide the divergence: the trainer sees it and stops. (A norm overflows where an element exceeds about 1.8e19.)
 */
import * as t from '#io/index.js'
import type { Expr } from '../graph/Expr.js'
import { positive } from '../graph/settings.js'
import { add, clamp, div, maximum, mul } from '../op/arithmetic.js'
import { sum } from '../op/broadcast.js'
import { sqrt } from '../op/math.js'
import { cast } from '../op/select.js'
import * as Select from './Select.js'
import { define, leafwise, type Stage, type StageDefinition } from './stages/define.js'
import { unitNorms } from './units.js'

const config = t.exact(t.type({ limit: positive }))
const slots = (): readonly never[] => []

/** The sum of squares of one tensor: rank 0, f64. */
const sumOfSquares = (g: Expr): Expr => cast(sum(mul(g, g)), 'f64')

/** limit / max(norm, limit), and NaN for a norm that is not finite: only then norm * 0 is not 0. */
const factor = (squares: Expr, limit: number): Expr => {
  const norm = sqrt(squares)
  return add(div(limit, maximum(norm, limit)), mul(norm, 0))
}

const value = define({
  kind: 'gradus/clipByValue',
  config,
  slots,
  apply: ({ limit }, input) =>
    leafwise(input, [], ({ gradient }) => ({ update: clamp(gradient, -limit, limit), slots: {} })),
})

const norm = define({
  kind: 'gradus/clipByNorm',
  config,
  slots,
  apply: ({ limit }, input) =>
    leafwise(input, [], ({ gradient }) => ({
      update: mul(gradient, factor(sumOfSquares(gradient), limit)),
      slots: {},
    })),
})

const globalNorm = define({
  kind: 'gradus/clipByGlobalNorm',
  config,
  slots,
  apply: ({ limit }, input) => {
    const [first, ...more] = input.gradients.map(sumOfSquares)
    if (!first) return { updates: [], slots: {} }
    const scale = factor(
      more.reduce((a, b) => add(a, b), first),
      limit,
    )
    return leafwise(input, [], ({ gradient }) => ({ update: mul(gradient, scale), slots: {} }))
  },
})

const adaptiveMaker = define({
  kind: 'gradus/clipAdaptive',
  config: t.exact(t.type({ limit: positive, epsilon: positive, ...Select.props })),
  slots,
  apply: ({ limit, epsilon, ...selection }, { gradients, params, paths }) => ({
    updates: Select.mapSelected(selection, paths, gradients, (g, i) => {
      const [norms, most] = [unitNorms(g), mul(maximum(unitNorms(params[i] ?? g), epsilon), limit)]
      return mul(g, add(div(most, maximum(norms, most)), mul(norms, 0)))
    }),
    slots: {},
  }),
})

/** Every element of the gradients into [-limit, limit]; limit > 0. NaN stays NaN. */
export const byValue = (limit: number): Stage => value({ limit })

/** The norm of each parameter's gradient to at most `limit` > 0. */
export const byNorm = (limit: number): Stage => norm({ limit })

/** The norm of all gradients together to at most `limit` > 0. */
export const byGlobalNorm = (limit: number): Stage => globalNorm({ limit })

export interface AdaptiveOptions extends Select.Select {
  /** the least norm that a unit's weights count as, > 0; default 0.001 */
  readonly epsilon?: number
}

/**
 * The gradient's norm of each output unit to at most `limit` > 0 (default 0.01) times the norm of its weights; of a
 * vector or a scalar as a whole. For the selected parameters: the paper leaves out the last layer.
 */
export const adaptive = (limit = 0.01, { epsilon = 0.001, ...select }: AdaptiveOptions = {}): Stage =>
  adaptiveMaker({ limit, epsilon, ...Select.of(select) })

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [value, norm, globalNorm, adaptiveMaker].map(m => m.def)
