/**
 * Constraints: projections of the new parameters after the update. w are the weights into one output unit (see
 * `units`), so parameters with fewer than two axes, such as biases, are left alone.
 *
 *     max norm     w c / max(|w|, c)      Srebro & Shraibman 2005; Hinton et al. 2012, with dropout
 *     unit norm    w / |w|                0 stays 0
 *
 * Idempotent up to rounding; weights within the maximum keep their bits.
 */
import * as t from '#io/index.js'
import type { Expr } from '../graph/Expr.js'
import { positive } from '../graph/settings.js'
import { div, maximum, mul } from '../op/arithmetic.js'
import { eq, select } from '../op/select.js'
import * as Select from './Select.js'
import { define, type ProjectInput, type Stage, type StageDefinition, type StageInput } from './stages/define.js'
import { unitNorms } from './units.js'

const slots = (): readonly never[] => []
const pass = ({ gradients }: StageInput<never, never>) => ({ updates: gradients, slots: {} })

/** `scale` of the unit norms, times the weights. */
const scaled = (
  selection: Select.Selection,
  { params, paths }: ProjectInput<never, never>,
  scale: (norms: Expr) => Expr,
) => ({
  params: Select.mapSelected(selection, paths, params, p =>
    p.type.shape.length < 2 ? p : mul(p, scale(unitNorms(p))),
  ),
  slots: {},
})

const maxNormMaker = define({
  kind: 'gradus/maxNorm',
  config: t.exact(t.type({ limit: positive, ...Select.props })),
  slots,
  apply: (_, input) => pass(input),
  project: ({ limit, ...selection }, input) => scaled(selection, input, norms => div(limit, maximum(norms, limit))),
})

const unitNormMaker = define({
  kind: 'gradus/unitNorm',
  config: Select.codec,
  slots,
  apply: (_, input) => pass(input),
  project: (selection, input) => scaled(selection, input, norms => div(1, select(eq(norms, 0), 1, norms))),
})

/** The weights into each unit to a norm of at most `limit` > 0, for the selected parameters. */
export const maxNorm = (limit: number, o: Select.Select = {}): Stage => maxNormMaker({ limit, ...Select.of(o) })

/** The weights into each unit to norm 1, for the selected parameters. */
export const unitNorm = (o: Select.Select = {}): Stage => unitNormMaker(Select.of(o))

/** The definitions of this module, for decoding. */
export const definitions: readonly StageDefinition[] = [maxNormMaker.def, unitNormMaker.def]
