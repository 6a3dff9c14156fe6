/** The rectifier whose slope on the left is learned (He et al. 2015). */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Spec } from '../../graph/Spec.js'
import { oneOf } from '../../graph/settings.js'
import * as act from '../activation.js'
import { define } from '../define.js'
import * as Init from '../Init.js'
import type { Keeps, Named } from './types.js'

export interface PreluOptions extends Named {
  /** one slope for the 'layer' (Torch's default) or one for each 'channel' (the last axis; the paper) */
  readonly per?: 'layer' | 'channel'
  /** of the slope; `Init.constant(0.25)` by default (the paper, Torch; Keras starts at 0) */
  readonly init?: Spec<'init'>
}

/** x <= 0 ? alpha x : x. Parameter: `alpha`, [] or [channels]; do not decay it (the paper). */
export const prelu = define<(options?: PreluOptions) => Keeps>()({
  kind: 'gradus/prelu',
  config: t.type({ per: oneOf('layer', 'channel'), init: Init.codec }),
  args: ({ per = 'layer', init = Init.constant(0.25) } = {}) => ({ per, init }),
  shape: ({ per }, x = []) =>
    per === 'layer' || x.length > 0
      ? E.right(x)
      : E.left("expects a last axis of channels, but the input is []; use { per: 'layer' }"),
  params: ({ per, init }, x = []) => ({ alpha: { shape: per === 'layer' ? [] : x.slice(-1), init } }),
  state: () => ({}),
  infer: (_c, p, _s, x) => act.prelu(x, p.alpha),
  train: (_c, p, s, _key, x) => [act.prelu(x, p.alpha), s],
})
