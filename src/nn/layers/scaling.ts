/** Layers that bring raw inputs to scale, so that a saved model takes them raw. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { tensor } from '../../graph/Expr.js'
import { finite, positive } from '../../graph/settings.js'
import { add, div, mul, sub } from '../../op/arithmetic.js'
import { showShape } from '../../shape/TensorType.js'
import { define } from '../define.js'
import { pure } from './pure.js'
import type { Keeps, Named } from './types.js'

type Rescale = (factor: number, offset?: number, options?: Named) => Keeps

/** factor x + offset: `rescale(1 / 255)` takes bytes to [0, 1]. */
export const rescale = define<Rescale>()(
  pure({
    kind: 'gradus/rescale',
    config: t.type({ factor: finite, offset: finite }),
    args: (factor, offset = 0) => ({ factor, offset }),
    meaning: ({ factor, offset }, x) => {
      const y = factor === 1 ? x : mul(x, factor)
      return offset === 0 ? y : add(y, offset)
    },
  }),
)

type Standardize = (mean: readonly number[], deviation: readonly number[], options?: Named) => Keeps

/** (x - mean) / deviation, with one mean and one standard deviation > 0 for each channel (the last axis). */
export const standardize = define<Standardize>()(
  pure({
    kind: 'gradus/standardize',
    config: t.type({ mean: t.readonlyArray(finite), deviation: t.readonlyArray(positive) }),
    args: (mean, deviation) => ({ mean, deviation }),
    shape: ({ mean, deviation }, x = []) => {
      const channels = x[x.length - 1] ?? 0
      return mean.length === channels && deviation.length === channels
        ? E.right(x)
        : E.left(
            `there are ${mean.length} means and ${deviation.length} deviations for the last axis of ${showShape(x)}; give ${channels} of each`,
          )
    },
    meaning: ({ mean, deviation }, x) => div(sub(x, tensor(mean, [mean.length])), tensor(deviation, [mean.length])),
  }),
)
