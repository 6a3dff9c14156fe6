/** Activations as layers; the formulas stand in `nn/activation.ts`. */
import * as t from '#io/index.js'
import type { Expr } from '../../graph/Expr.js'
import { nothing, notNegative, oneOf, positive } from '../../graph/settings.js'
import * as act from '../activation.js'
import { define } from '../define.js'
import { pure } from './pure.js'
import type { Keeps, Named } from './types.js'

type Plain = (options?: Named) => Keeps

const plain = (name: string, f: (x: Expr) => Expr) =>
  define<Plain>()(pure({ kind: `gradus/${name}`, config: nothing, args: () => null, meaning: (_c, x) => f(x) }))

/** max(x, 0), with gradient 0 at 0. */
export const relu = plain('relu', act.relu)
/** x <= 0 ? lambda alpha (e^x - 1) : lambda x; goes with `Init.lecunNormal()`. */
export const selu = plain('selu', act.selu)
/** (e^x - e^-x) / (e^x + e^-x) */
export const tanh = plain('tanh', act.tanh)
/** 1 / (1 + e^-x) */
export const logistic = plain('logistic', act.logistic)
/** log(1 + e^x) */
export const softplus = plain('softplus', act.softplus)
/** x / (1 + e^-x), also called SiLU. */
export const swish = plain('swish', act.swish)
/** The same layer as `swish`. */
export const silu = swish
/** x tanh(log(1 + e^x)) */
export const mish = plain('mish', act.mish)
/** x / (1 + |x|) */
export const softsign = plain('softsign', act.softsign)
/** min(max(x, 0), 6), with gradient 0 at 0 and at 6. */
export const relu6 = plain('relu6', act.relu6)

/** x <= 0 ? alpha (e^x - 1) : x; alpha is 1 by default. */
export const elu = define<(options?: Named & { readonly alpha?: number }) => Keeps>()(
  pure({
    kind: 'gradus/elu',
    config: t.type({ alpha: positive }),
    args: ({ alpha = 1 } = {}) => ({ alpha }),
    meaning: ({ alpha }, x) => act.elu(x, alpha),
  }),
)

/** x <= 0 ? alpha (e^(x / alpha) - 1) : x; alpha > 0 is 1 by default. */
export const celu = define<(options?: Named & { readonly alpha?: number }) => Keeps>()(
  pure({
    kind: 'gradus/celu',
    config: t.type({ alpha: positive }),
    args: ({ alpha = 1 } = {}) => ({ alpha }),
    meaning: ({ alpha }, x) => act.celu(x, alpha),
  }),
)

/**
 * A logistic function in three pieces: 'torch' (the default) and 'keras' (version 3) bend at +-3, 'keras2' and 'tf1' at
 * +-2.5.
 */
export const hardSigmoid = define<(options?: Named & { readonly form?: act.HardSigmoidForm }) => Keeps>()(
  pure({
    kind: 'gradus/hardSigmoid',
    config: t.type({ form: oneOf('torch', 'keras', 'keras2', 'tf1') }),
    args: ({ form = 'torch' } = {}) => ({ form }),
    meaning: ({ form }, x) => act.hardSigmoid(x, form),
  }),
)

/** x <= 0 ? alpha x : x; alpha is 0.01 by default (TensorFlow 0.2, Keras 0.3, Torch 0.01, Darknet 0.1). */
export const leakyRelu = define<(options?: Named & { readonly alpha?: number }) => Keeps>()(
  pure({
    kind: 'gradus/leakyRelu',
    config: t.type({ alpha: notNegative }),
    args: ({ alpha = 0.01 } = {}) => ({ alpha }),
    meaning: ({ alpha }, x) => act.leakyRelu(x, alpha),
  }),
)

/** x Phi(x), exactly by erf ('none', the default) or by the approximation with tanh. */
export const gelu = define<(options?: Named & { readonly approximate?: 'none' | 'tanh' }) => Keeps>()(
  pure({
    kind: 'gradus/gelu',
    config: t.type({ approximate: oneOf('none', 'tanh') }),
    args: ({ approximate = 'none' } = {}) => ({ approximate }),
    meaning: ({ approximate }, x) => act.gelu(x, approximate),
  }),
)
