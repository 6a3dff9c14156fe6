/** Zeros around an example. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { that } from '../../graph/settings.js'
import { pad as padded } from '../../op/window.js'
import type { Add } from '../../shape/Count.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { showShape } from '../../shape/TensorType.js'
import { define } from '../define.js'
import type { Net } from '../Node.js'
import { isPair, isWhole, type Two } from './images.js'
import { pure } from './pure.js'
import type { Named } from './types.js'

type Edges = readonly Two[]

type Padded<S extends Shape, P extends Edges> = {
  readonly [k in keyof S]: k extends keyof P ? (P[k] extends Two ? Add<S[k], Add<P[k][0], P[k][1]>> : S[k]) : S[k]
}

type Pad = <const P extends Edges>(
  edges: P,
  options?: Named,
) => <I extends Inputs, S extends Shape>(x: Net<I, S>) => Net<I, Padded<S, P>>

const edgesCodec = that<Edges>(
  'for each axis [before, after], whole numbers >= 0',
  (u): u is Edges => Array.isArray(u) && u.every(isPair(isWhole)),
)

/**
 * Zeros before and after each axis of an example: `pad([[1, 1], [1, 1], [0, 0]])` frames an image, and
 * `pad([[0, 0], [0, 0], [0, 16]])` gives it 16 more channels.
 */
export const pad = define<Pad>()(
  pure({
    kind: 'gradus/pad',
    config: t.type({ edges: edgesCodec }),
    args: edges => ({ edges }),
    shape: ({ edges }, x = []) =>
      edges.length === x.length
        ? E.right(x.map((n, i) => n + (edges[i]?.[0] ?? 0) + (edges[i]?.[1] ?? 0)))
        : E.left(
            `the edges are of ${edges.length} axes, but the input is ${showShape(x)}; give [before, after] for each`,
          ),
    meaning: ({ edges }, x) => padded(x, [0, ...edges.map(e => e[0])], [0, ...edges.map(e => e[1])]),
  }),
)
