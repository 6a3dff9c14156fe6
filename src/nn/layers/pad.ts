/** Padding around an example. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { finite, oneOf, that, withOptional } from '../../graph/settings.js'
import { type PadForm, padBy, padByFault } from '../../op/padBy.js'
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

export interface PadOptions extends Named {
  /** elements of the example itself, instead of a value */
  readonly form?: PadForm
  /** 0 by default */
  readonly value?: number
}

type Pad = <const P extends Edges>(
  edges: P,
  options?: PadOptions,
) => <I extends Inputs, S extends Shape>(x: Net<I, S>) => Net<I, Padded<S, P>>

const edgesCodec = that<Edges>(
  'for each axis [before, after], whole numbers >= 0',
  (u): u is Edges => Array.isArray(u) && u.every(isPair(isWhole)),
)

/** `form` and `value` are there where they say something. */
const config = withOptional(
  t.type({ edges: edgesCodec }),
  t.partial({ form: oneOf<PadForm>('edge', 'reflect', 'symmetric', 'wrap'), value: finite }),
)

const ends = (edges: Edges) => ({ low: edges.map(e => e[0]), high: edges.map(e => e[1]) })

/**
 * Elements before and after each axis of an example: `pad([[1, 1], [1, 1], [0, 0]])` frames an image with zeros, and
 * `pad([[0, 0], [0, 0], [0, 16]])` gives it 16 more channels. With `{ value: -1 }` they are that; with a form they are
 * the example's own, beyond an end of a b c d: 'edge' d d, 'reflect' c b, 'symmetric' d c, 'wrap' a b.
 */
export const pad = define<Pad>()(
  pure({
    kind: 'gradus/pad',
    config,
    args: (edges, { form, value = 0 } = {}) => ({ edges, ...(form && { form }), ...(value !== 0 && { value }) }),
    shape: ({ edges, form, value }, x = []) => {
      const { low, high } = ends(edges)
      if (form && value !== undefined)
        return E.left(`pads by the value ${value} or in the form '${form}'; give one of them`)
      if (edges.length !== x.length)
        return E.left(
          `the edges are of ${edges.length} axes, but the input is ${showShape(x)}; give [before, after] for each`,
        )
      const fault = form ? padByFault(form, x, low, high) : null
      return fault ? E.left(fault) : E.right(x.map((n, i) => n + (low[i] as number) + (high[i] as number)))
    },
    meaning: ({ edges, form, value }, x) => {
      const { low, high } = ends(edges)
      return form ? padBy(x, form, [0, ...low], [0, ...high]) : padded(x, [0, ...low], [0, ...high], undefined, value)
    },
  }),
)
