/** Pools of images [height, width, channels]. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { flag, nothing } from '../../graph/settings.js'
import { reshape } from '../../op/broadcast.js'
import {
  type AveragePoolOptions,
  averagePool2d as average,
  maxPool2d as maximum,
  poolAttrs,
  poolFault,
} from '../../op/pool.js'
import { mean } from '../../op/reduce.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { outputOf, type Padding, type Pair, pairOf, type Slid2d } from '../../shape/Sliding.js'
import { define } from '../define.js'
import type { Net } from '../Node.js'
import { type Images, imageFault, pads, padsOf, two } from './images.js'
import { pure } from './pure.js'
import type { Named } from './types.js'

export interface Pool2dOptions<
  T extends Pair = Pair,
  D extends Pair = Pair,
  P extends Padding = Padding,
  C extends boolean = boolean,
> extends Named {
  /** the window's size by default, so that windows lie side by side */
  readonly stride?: T
  /** 1 by default */
  readonly dilation?: D
  /** 'valid' (none) by default; 'same' as TensorFlow pads, a number as PyTorch, or [[top, bottom], [left, right]] */
  readonly padding?: P
  /** whether a last window that only begins inside of the image has a place too; false by default */
  readonly ceil?: C
}

export interface AveragePool2dOptions<
  T extends Pair = Pair,
  D extends Pair = Pair,
  P extends Padding = Padding,
  C extends boolean = boolean,
> extends Pool2dOptions<T, D, P, C> {
  /** whether padding counts as zeros, as in PyTorch; false by default, as in TensorFlow */
  readonly countPadding?: boolean
}

/** Where `ceil` decides, sizes are not computed. */
type Pooled<S extends Shape, K extends Pair, T extends Pair, D extends Pair, P extends Padding, C extends boolean> = [
  C,
] extends [false]
  ? Slid2d<S, S[2], K, T, D, P>
  : readonly [number, number, S[2]]

type MaxPool2d = <
  const K extends Pair,
  const T extends Pair = K,
  const D extends Pair = 1,
  const P extends Padding = 'valid',
  const C extends boolean = false,
>(
  size: K,
  options?: Pool2dOptions<T, D, P, C>,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Images<S, 'maxPool2d'>) => Net<I, Pooled<S, K, T, D, P, C>>

type AveragePool2d = <
  const K extends Pair,
  const T extends Pair = K,
  const D extends Pair = 1,
  const P extends Padding = 'valid',
  const C extends boolean = false,
>(
  size: K,
  options?: AveragePool2dOptions<T, D, P, C>,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Images<S, 'averagePool2d'>) => Net<I, Pooled<S, K, T, D, P, C>>

const settings = { size: two, stride: two, dilation: two, padding: pads, ceil: flag }

interface Settings extends AveragePoolOptions {
  readonly size: Pair
}

const args = (size: Pair, { stride = size, dilation = 1, padding = 'valid', ceil = false }: Pool2dOptions = {}) => ({
  size: pairOf(size),
  stride: pairOf(stride),
  dilation: pairOf(dilation),
  padding: padsOf(padding),
  ceil,
})

const shapeOf = ({ size, ...options }: Settings, x: Shape = []): E.Either<string, Shape> => {
  const [height = 0, width = 0, channels = 0] = x
  const attrs = poolAttrs([height, width], size, options)
  const fault = imageFault(x) ?? poolFault(attrs, x)
  return fault ? E.left(fault) : E.right([...outputOf([height, width], pairOf(size), attrs), channels])
}

/** The maximum under a window at every place; padding never wins. The gradient goes to the first maximum. */
export const maxPool2d = define<MaxPool2d>()(
  pure({
    kind: 'gradus/maxPool2d',
    config: t.type(settings),
    args,
    shape: shapeOf,
    meaning: ({ size, ...options }, x) => maximum(x, size, options),
  }),
)

/** The average under a window at every place; padding counts as zeros only with `countPadding`. */
export const averagePool2d = define<AveragePool2d>()(
  pure({
    kind: 'gradus/averagePool2d',
    config: t.type({ ...settings, countPadding: flag }),
    args: (size, options = {}) => ({ ...args(size, options), countPadding: options.countPadding ?? false }),
    shape: shapeOf,
    meaning: ({ size, ...options }, x) => average(x, size, options),
  }),
)

type Global<L extends string> = (
  options?: Named,
) => <I extends Inputs, S extends Shape>(x: Net<I, S> & Images<S, L>) => Net<I, readonly [S[2]]>

const globalPool = <L extends string>(name: L, f: (x: Expr) => Expr) =>
  define<Global<L>>()(
    pure({
      kind: `gradus/${name}`,
      config: nothing,
      args: () => null,
      shape: (_c, x = []) => {
        const fault = imageFault(x)
        return fault ? E.left(fault) : E.right([x[2] as number])
      },
      meaning: (_c, x) => f(x),
    }),
  )

/** The mean of each channel: [height, width, channels] to [channels]. */
export const globalAveragePool = globalPool('globalAveragePool', x => mean(x, [1, 2]))

/** The maximum of each channel: [height, width, channels] to [channels]. */
export const globalMaxPool = globalPool('globalMaxPool', x => {
  const [n = 0, height = 0, width = 0, channels = 0] = x.type.shape
  return reshape(maximum(x, [height, width]), [n, channels])
})
