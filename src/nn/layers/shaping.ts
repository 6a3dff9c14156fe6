/** Layers that only change the shape, or nothing. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { nothing, size } from '../../graph/settings.js'
import { reshape as reshaped } from '../../op/broadcast.js'
import type { Inputs, SameSize, Shape, Size } from '../../shape/Dims.js'
import { showShape, sizeOf } from '../../shape/TensorType.js'
import { define } from '../define.js'
import type { Net } from '../Node.js'
import { pure } from './pure.js'
import type { Keeps, Named } from './types.js'

type Flatten = (options?: Named) => <I extends Inputs, S extends Shape>(x: Net<I, S>) => Net<I, readonly [Size<S>]>

/** Any shape as a vector, row-major. */
export const flatten = define<Flatten>()(
  pure({
    kind: 'gradus/flatten',
    config: nothing,
    args: () => null,
    shape: (_c, x) => E.right([sizeOf(x ?? [])]),
    meaning: (_c, x) => reshaped(x, [-1, sizeOf(x.type.shape.slice(1))]),
  }),
)

type Reshape = <const T extends Shape>(
  ...dims: T
) => <I extends Inputs, S extends Shape>(
  x: Net<I, S> & SameSize<S, T, 'reshape: the shapes must have as many elements'>,
) => Net<I, T>

/** The same elements, row-major, under another shape per example. */
export const reshape = define<Reshape>()(
  pure({
    kind: 'gradus/reshape',
    config: t.type({ shape: t.readonlyArray(size) }),
    args: (...shape: Shape) => ({ shape }),
    shape: ({ shape }, x = []) =>
      sizeOf(x) === sizeOf(shape)
        ? E.right(shape)
        : E.left(
            `the shapes must have as many elements: ${showShape(x)} has ${sizeOf(x)}, but ${showShape(shape)} has ${sizeOf(shape)}; give sizes whose product is ${sizeOf(x)}`,
          ),
    meaning: ({ shape }, x) => reshaped(x, [-1, ...shape]),
  }),
)

/** Nothing: the net itself, without a node, so that composing with it changes no value. */
export const identity: () => Keeps = () => x => x
