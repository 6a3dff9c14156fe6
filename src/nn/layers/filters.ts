/** What the layers with filters share: options and settings, parameters, and how they refuse groups. */
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import type { Spec } from '../../graph/Spec.js'
import { flag } from '../../graph/settings.js'
import { add } from '../../op/arithmetic.js'
import type { Shape } from '../../shape/Dims.js'
import { showShape } from '../../shape/TensorType.js'
import type { ParamSpec } from '../Definition.js'
import * as Init from '../Init.js'
import * as Penalty from '../Penalty.js'
import type { Named } from './types.js'

export interface FilterOptions extends Named {
  /** true by default; useless before a batch normalization */
  readonly bias?: boolean
  /** of the filters; `Init.glorotUniform()` by default */
  readonly init?: Spec<'init'>
  /** `Init.zeros()` by default */
  readonly biasInit?: Spec<'init'>
  /** of the filters, `Penalty.l2(1e-4)`; none by default */
  readonly penalty?: Penalty.Penalty
}

export const filterSettings = { bias: flag, init: Init.codec, biasInit: Init.codec }
export const penalized = t.partial({ penalty: Penalty.codec })

interface Settings {
  readonly bias: boolean
  readonly init: Spec<'init'>
  readonly biasInit: Spec<'init'>
  readonly penalty?: Penalty.Penalty
}

export const filterArgs = ({
  bias = true,
  init = Init.glorotUniform(),
  biasInit = Init.zeros(),
  penalty,
}: FilterOptions): Settings => ({ bias, init, biasInit, ...(penalty && { penalty }) })

/** Filters `w` of this shape, and a bias `b` of so many numbers. */
export const filterParams = (
  { bias, init, biasInit, penalty }: Settings,
  shape: Shape,
  filters: number,
  fans?: Init.Fans,
): { readonly w: ParamSpec; readonly b?: ParamSpec } => ({
  w: { shape, init, ...(fans && { fans }), ...(penalty && { penalty }) },
  ...(bias && { b: { shape: [filters], init: biasInit } }),
})

export const biased = (y: Expr, b: Expr, bias: boolean): Expr => (bias ? add(y, b) : y)

/** Why groups do not divide the channels of x and the filters, or null. */
export const groupsFault = (groups: number, x: Shape, filters: number): string | null => {
  const channels = x[x.length - 1] as number
  return channels % groups === 0 && filters % groups === 0
    ? null
    : `${groups} groups do not divide both the ${channels} channels of ${showShape(x)} and the ${filters} filters; give a number of groups that does`
}
