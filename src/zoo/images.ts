/** What the nets for images share. */
import { pipe } from '#fp/function.js'
import * as Init from '../nn/Init.js'
import * as Layer from '../nn/Layer.js'
import * as Net from '../nn/Net.js'
import type { Inputs } from '../shape/Dims.js'
import type { Padding } from '../shape/Sliding.js'

/** [height, width, channels] */
export type Image = readonly [number, number, number]

/** A part of a net, images to images. */
export type Part = <I extends Inputs>(x: Net.Net<I, Image>) => Net.Net<I, Image>

export interface Options<S extends Image, C extends number> {
  /** [height, width, channels] */
  readonly input?: S
  readonly classes?: C
}

/** The input as a net, and the number of classes; what is not given is S and C by default, as the caller's types say. */
export const start = <S extends Image, C extends number>(
  { input, classes }: Options<S, C>,
  defaults: { readonly input: Image; readonly classes: number },
): { readonly x: Net.Net<S, S>; readonly classes: C } => {
  const shape = input ?? (defaults.input as S)
  return { x: Net.input(...shape) as Net.Net<S, S>, classes: classes ?? (defaults.classes as C) }
}

/** The parts one after another. */
export const inTurn =
  (parts: readonly Part[]): Part =>
  x =>
    parts.reduce((y, part) => part(y), x)

export interface UnitOptions {
  /** 1 by default */
  readonly stride?: number
  /** 'same' by default, as TensorFlow pads; a number as PyTorch does */
  readonly padding?: Padding
  /** `Layer.batchNorm()` by default */
  readonly norm?: Layer.Keeps
  /** none by default */
  readonly activation?: Layer.Keeps
}

/** Convolution without bias, batch normalization, activation: `name/conv2d1`, `name/batchNorm1`. */
export const unit = (
  name: string,
  filters: number,
  size: number,
  { stride = 1, padding = 'same', norm = Layer.batchNorm(), activation = Layer.identity() }: UnitOptions = {},
): Part =>
  Net.scope(name, x =>
    pipe(x, Layer.conv2d(filters, size, { stride, padding, bias: false, init: Init.he() }), norm, activation),
  )
