/** Pools of sequences [length, channels]. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { flag, nothing, size } from '../../graph/settings.js'
import { reshape } from '../../op/broadcast.js'
import { averagePool2d as average, maxPool2d as maximum, poolAttrs, poolFault } from '../../op/pool.js'
import { mean } from '../../op/reduce.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { outputOf, type Padding1d, type Slid1d } from '../../shape/Sliding.js'
import { define } from '../define.js'
import type { Net } from '../Node.js'
import { pure } from './pure.js'
import {
  along,
  asImages,
  asSequences,
  pads1d,
  pads1dOf,
  type Sequences,
  type Slides1d,
  sequenceFault,
} from './sequences.js'
import type { Named } from './types.js'

export interface Pool1dOptions<
  T extends number = number,
  D extends number = number,
  P extends Padding1d = Padding1d,
  C extends boolean = boolean,
> extends Named {
  /** the window's size by default, so that windows lie side by side */
  readonly stride?: T
  /** 1 by default */
  readonly dilation?: D
  /** 'valid' (none) by default; 'same' as TensorFlow pads, a number as PyTorch, [before, after], or 'causal' */
  readonly padding?: P
  /** whether a last window that only begins inside of the sequence has a place too; false by default */
  readonly ceil?: C
}

export interface AveragePool1dOptions<
  T extends number = number,
  D extends number = number,
  P extends Padding1d = Padding1d,
  C extends boolean = boolean,
> extends Pool1dOptions<T, D, P, C> {
  /** whether padding counts as zeros, as in PyTorch; false by default, as in TensorFlow */
  readonly countPadding?: boolean
}

/** Where `ceil` decides, the length is not computed. */
type Pooled<
  S extends Shape,
  K extends number,
  T extends number,
  D extends number,
  P extends Padding1d,
  C extends boolean,
> = [C] extends [false] ? Slid1d<S, S[1], K, T, D, P> : readonly [number, S[1]]

type MaxPool1d = <
  const K extends number,
  const T extends number = K,
  const D extends number = 1,
  const P extends Padding1d = 'valid',
  const C extends boolean = false,
>(
  size: K,
  options?: Pool1dOptions<T, D, P, C>,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Sequences<S, 'maxPool1d'>) => Net<I, Pooled<S, K, T, D, P, C>>

type AveragePool1d = <
  const K extends number,
  const T extends number = K,
  const D extends number = 1,
  const P extends Padding1d = 'valid',
  const C extends boolean = false,
>(
  size: K,
  options?: AveragePool1dOptions<T, D, P, C>,
) => <I extends Inputs, S extends Shape>(
  x: Net<I, S> & Sequences<S, 'averagePool1d'>,
) => Net<I, Pooled<S, K, T, D, P, C>>

const settings = { size, stride: size, dilation: size, padding: pads1d, ceil: flag }

interface Settings extends Slides1d {
  readonly ceil: boolean
  readonly countPadding?: boolean
}

const args = (
  window: number,
  { stride = window, dilation = 1, padding = 'valid', ceil = false }: Pool1dOptions = {},
) => ({ size: window, stride, dilation, padding: pads1dOf(padding), ceil })

/** The same of images of one row. */
const flat = ({ ceil, countPadding = false, ...c }: Settings) => {
  const { size: window, ...options } = along(c)
  return { window, options: { ...options, ceil, countPadding } }
}

const shapeOf = (c: Settings, x: Shape = []): E.Either<string, Shape> => {
  const { window, options } = flat(c)
  const image: readonly [number, number] = [1, x[0] ?? 0]
  const attrs = poolAttrs(image, window, options)
  const fault = sequenceFault(x) ?? poolFault(attrs, [1, ...x])
  return fault ? E.left(fault) : E.right([outputOf(image, window, attrs)[1], x[1] as number])
}

const pooled =
  (pool: typeof average) =>
  (c: Settings, x: Expr): Expr => {
    const { window, options } = flat(c)
    return asSequences(pool(asImages(x), window, options))
  }

/** The maximum under a window at every place of a sequence; padding never wins. The gradient goes to the first maximum. */
export const maxPool1d = define<MaxPool1d>()(
  pure({ kind: 'gradus/maxPool1d', config: t.type(settings), args, shape: shapeOf, meaning: pooled(maximum) }),
)

/** The average under a window at every place of a sequence; padding counts as zeros only with `countPadding`. */
export const averagePool1d = define<AveragePool1d>()(
  pure({
    kind: 'gradus/averagePool1d',
    config: t.type({ ...settings, countPadding: flag }),
    args: (window, options = {}) => ({ ...args(window, options), countPadding: options.countPadding ?? false }),
    shape: shapeOf,
    meaning: pooled(average),
  }),
)

type Global<L extends string> = (
  options?: Named,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Sequences<S, L>) => Net<I, readonly [S[1]]>

const globalPool = <L extends string>(name: L, f: (x: Expr) => Expr) =>
  define<Global<L>>()(
    pure({
      kind: `gradus/${name}`,
      config: nothing,
      args: () => null,
      shape: (_c, x = []) => {
        const fault = sequenceFault(x)
        return fault ? E.left(fault) : E.right([x[1] as number])
      },
      meaning: (_c, x) => f(x),
    }),
  )

/** The mean of each channel of a sequence: [length, channels] to [channels]. */
export const globalAveragePool1d = globalPool('globalAveragePool1d', x => mean(x, [1]))

/** The maximum of each channel of a sequence: [length, channels] to [channels]. */
export const globalMaxPool1d = globalPool('globalMaxPool1d', x => {
  const [n = 0, length = 0, channels = 0] = x.type.shape
  return reshape(maximum(asImages(x), [1, length]), [n, channels])
})
