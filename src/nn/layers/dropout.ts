/** Dropout (Srivastava et al. 2014), inverted: what is kept is scaled up, so that inference is the identity. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { constant } from '../../graph/Expr.js'
import { belowOne } from '../../graph/settings.js'
import { mul } from '../../op/arithmetic.js'
import { uniform } from '../../op/random.js'
import { lt, select } from '../../op/select.js'
import { define } from '../define.js'
import type { Keeps, Named } from './types.js'

/**
 * In training x mask / keep with keep = 1 - rate and mask = U < keep, drawn anew for every element and step; in a
 * model, and for rate 0, the identity, bit for bit. `rate` is in [0, 1).
 */
export const dropout = define<(rate: number, options?: Named) => Keeps>()({
  kind: 'gradus/dropout',
  config: t.type({ rate: belowOne }),
  args: rate => ({ rate }),
  shape: (_c, x) => E.right(x ?? []),
  params: () => ({}),
  state: () => ({}),
  infer: (_c, _p, _s, x) => x,
  train: ({ rate }, _p, s, key, x) => {
    const keep = 1 - rate
    if (rate === 0) return [x, s]
    const kept = lt(uniform(key, x.type.shape), keep)
    return [mul(x, select(kept, constant(1 / keep), 0)), s]
  },
})
