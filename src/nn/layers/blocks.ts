/** Exchanging space for channels; the orders of the channels stand in `op/blocks.ts`. */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { oneOf, size } from '../../graph/settings.js'
import { type BlockForm, spaceToDepth as inward, depthToSpace as outward, reorg } from '../../op/blocks.js'
import type { Multiply, Quotient } from '../../shape/Count.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { showShape } from '../../shape/TensorType.js'
import { define } from '../define.js'
import type { Net } from '../Node.js'
import { type Images, imageFault } from './images.js'
import { pure } from './pure.js'
import type { Named } from './types.js'

export interface SpaceToDepthOptions extends Named {
  /** the order of the channels; 'tf' by default, 'torch' of a pixel unshuffle, 'darknet' of Darknet's reorg layer */
  readonly form?: BlockForm | 'darknet'
}

export interface DepthToSpaceOptions extends Named {
  /** the order of the channels; 'tf' by default, 'torch' of a pixel shuffle */
  readonly form?: BlockForm
}

type SpaceToDepth = <const B extends number>(
  block: B,
  options?: SpaceToDepthOptions,
) => <I extends Inputs, S extends Shape>(
  x: Net<I, S> & Images<S, 'spaceToDepth'>,
) => Net<I, readonly [Quotient<S[0], B>, Quotient<S[1], B>, Multiply<S[2], Multiply<B, B>>]>

type DepthToSpace = <const B extends number>(
  block: B,
  options?: DepthToSpaceOptions,
) => <I extends Inputs, S extends Shape>(
  x: Net<I, S> & Images<S, 'depthToSpace'>,
) => Net<I, readonly [Multiply<S[0], B>, Multiply<S[1], B>, Quotient<S[2], Multiply<B, B>>]>

/** Blocks of b x b pixels as the channels of one: [height, width, channels] to [height / b, width / b, b b channels]. */
export const spaceToDepth = define<SpaceToDepth>()(
  pure({
    kind: 'gradus/spaceToDepth',
    config: t.type({ block: size, form: oneOf('tf', 'torch', 'darknet') }),
    args: (block, { form = 'tf' } = {}) => ({ block, form }),
    shape: ({ block, form }, x = []) => {
      const fault = imageFault(x)
      if (fault) return E.left(fault)
      const [height = 0, width = 0, channels = 0] = x
      if (height % block !== 0 || width % block !== 0)
        return E.left(
          `blocks of ${block} x ${block} do not tile the image ${showShape(x)}; make its height and width multiples of ${block}`,
        )
      return form === 'darknet' && channels % (block * block) !== 0
        ? E.left(
            `the order of Darknet needs channels that are a multiple of ${block * block}, but the input is ${showShape(x)}; choose form: 'tf'`,
          )
        : E.right([height / block, width / block, channels * block * block])
    },
    meaning: ({ block, form }, x) => (form === 'darknet' ? reorg(x, block) : inward(x, block, form)),
  }),
)

/** Channels as blocks of b x b pixels: [height, width, channels] to [height b, width b, channels / b^2]. */
export const depthToSpace = define<DepthToSpace>()(
  pure({
    kind: 'gradus/depthToSpace',
    config: t.type({ block: size, form: oneOf('tf', 'torch') }),
    args: (block, { form = 'tf' } = {}) => ({ block, form }),
    shape: ({ block }, x = []) => {
      const fault = imageFault(x)
      if (fault) return E.left(fault)
      const [height = 0, width = 0, channels = 0] = x
      return channels % (block * block) === 0
        ? E.right([height * block, width * block, channels / (block * block)])
        : E.left(
            `the channels of ${showShape(x)} are no blocks of ${block} x ${block}; make them a multiple of ${block * block}`,
          )
    },
    meaning: ({ block, form }, x) => outward(x, block, form),
  }),
)
