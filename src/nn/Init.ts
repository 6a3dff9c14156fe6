/**
 * Initial values of parameters, as data: a spec says which distribution, its definition what that means.
 *
 * With n = fan in, fan out or their mean (at least 1) and a scale s, `varianceScaling` draws
 *
 *     uniform          +- sqrt(3 s / n)
 *     normal           sd sqrt(s / n)
 *     truncatedNormal  sd sqrt(s / n) / 0.87962566103423978, cut at +-2 sd (uncorrected: not divided)
 *
 * Glorot & Bengio 2010 is s = 1 over the mean of the fans, He et al. 2015 s = 2 over fan in, LeCun et al. 1998 s = 1
 * over fan in. The fans of a kernel [...field, in, out] are field x in and field x out: of a convolution in groups
 * field x channels / groups and field x filters, of a transposed one [...field, filters, channels] those of the
 * convolution whose gradient it is (both as Keras and PyTorch count), of a depthwise one field and field x multiplier,
 * what a unit takes and a channel gives (PyTorch's fan in; Keras has field x channels there).
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { type Expr, invalid, constant as scalar } from '../graph/Expr.js'
import type { Definition, Spec } from '../graph/Spec.js'
import { erase, explain, finite, flag, isRecord, nothing, oneOf, positive } from '../graph/settings.js'
import { add, mul, sub } from '../op/arithmetic.js'
import { broadcastTo, reshape } from '../op/broadcast.js'
import { iota } from '../op/gather.js'
import * as random from '../op/random.js'
import { cast, eq } from '../op/select.js'
import { transpose } from '../op/window.js'
import type { Shape } from '../shape/Dims.js'
import { showShape, sizeOf } from '../shape/TensorType.js'
import { eye, orthonormal } from './orthogonal.js'

export interface Fans {
  readonly in: number
  readonly out: number
}

/** What `define` takes: `make` gives the initial f32 tensor of a shape; `key` (i32[4]) is what `op/random` draws with. */
export interface InitDef<C> {
  readonly kind: string
  readonly config: t.Type<C, unknown>
  readonly make: (config: C, shape: Shape, fans: Fans, key: Expr) => Expr
}

/** An InitDef without its type. */
export interface InitDefinition extends Definition {
  readonly of: 'init'
  readonly make: (config: unknown, shape: Shape, fans: Fans, key: Expr) => Expr
}

/** An initializer as data. */
export interface Init extends Spec<'init'> {
  readonly def?: InitDefinition
}

/** Declares an initializer; the result makes specs of its settings, and `.def` is what decoding asks for. */
export const define = <C>(d: InitDef<C>): ((config: C) => Init) & { readonly def: InitDefinition } => {
  const def: InitDefinition = {
    of: 'init',
    kind: d.kind,
    config: erase(d.config),
    make: (c, shape, fans, key) => d.make(c as C, shape, fans, key),
  }
  return Object.assign((config: C): Init => ({ of: 'init', kind: d.kind, config, def }), { def })
}

const filled = (value: number, shape: Shape): Expr => broadcastTo(scalar(value), shape)

const between = (key: Expr, shape: Shape, low: number, high: number): Expr =>
  add(mul(random.uniform(key, shape), high - low), low)

const zerosOf = define({ kind: 'gradus/zeros', config: nothing, make: (_, shape) => filled(0, shape) })
const onesOf = define({ kind: 'gradus/ones', config: nothing, make: (_, shape) => filled(1, shape) })
const constantOf = define({
  kind: 'gradus/constant',
  config: t.type({ value: finite }),
  make: ({ value }, shape) => filled(value, shape),
})
const uniformOf = define({
  kind: 'gradus/uniform',
  config: t.type({ low: finite, high: finite }),
  make: ({ low, high }, shape, _, key) => between(key, shape, low, high),
})
const normalOf = define({
  kind: 'gradus/normal',
  config: t.type({ mean: finite, deviation: positive }),
  make: ({ mean, deviation }, shape, _, key) => add(mul(random.normal(key, shape), deviation), mean),
})
const truncatedNormalOf = define({
  kind: 'gradus/truncatedNormal',
  config: t.type({ mean: finite, deviation: positive }),
  make: ({ mean, deviation }, shape, _, key) => add(mul(random.truncatedNormal(key, shape), deviation), mean),
})

export type Mode = 'fanIn' | 'fanOut' | 'fanAvg'
export type Distribution = 'uniform' | 'normal' | 'truncatedNormal'

/** The standard deviation of a standard normal cut at +-2. */
const cutDeviation = 0.87962566103423978

const fanOf = (mode: Mode, fans: Fans): number =>
  Math.max(1, mode === 'fanIn' ? fans.in : mode === 'fanOut' ? fans.out : (fans.in + fans.out) / 2)

const varianceScalingOf = define({
  kind: 'gradus/varianceScaling',
  config: t.type({
    scale: positive,
    mode: oneOf('fanIn', 'fanOut', 'fanAvg'),
    distribution: oneOf('uniform', 'normal', 'truncatedNormal'),
    corrected: flag,
  }),
  make: ({ scale, mode, distribution, corrected }, shape, fans, key) => {
    const variance = scale / fanOf(mode, fans)
    const limit = Math.sqrt(3 * variance)
    const deviation = Math.sqrt(variance)
    switch (distribution) {
      case 'uniform':
        return mul(sub(random.uniform(key, shape), 0.5), 2 * limit)
      case 'normal':
        return mul(random.normal(key, shape), deviation)
      case 'truncatedNormal':
        return mul(random.truncatedNormal(key, shape), corrected ? deviation / cutDeviation : deviation)
    }
  },
})

const noMatrix = (kind: string, shape: Shape): Expr =>
  invalid(kind, `is for matrices and kernels, but the parameter is ${showShape(shape)}; choose another initializer`)

const orthogonalOf = define({
  kind: 'gradus/orthogonal',
  config: t.type({ gain: positive }),
  make: ({ gain }, shape, _, key) => {
    if (shape.length < 2) return noMatrix('orthogonal', shape)
    const [m, n] = [sizeOf(shape.slice(0, -1)), shape[shape.length - 1] as number]
    const q = orthonormal(random.normal(key, m < n ? [n, m] : [m, n]))
    return reshape(mul(m < n ? transpose(q) : q, gain), shape)
  },
})

/** 1 at the middle of a field, 0 elsewhere, each axis under the ones after it. */
const middle = (field: Shape): Expr =>
  field.reduce<Expr>(
    (mask, d) => mul(reshape(mask, [...mask.type.shape, 1]), cast(eq(iota(d), Math.floor(d / 2)), 'f32')),
    scalar(1),
  )

const identityOf = define({
  kind: 'gradus/identity',
  config: t.type({ gain: finite }),
  make: ({ gain }, shape) => {
    if (shape.length < 2) return noMatrix('identity', shape)
    const [field, [m, n]] = [shape.slice(0, -2), shape.slice(-2) as [number, number]]
    return mul(mul(reshape(middle(field), [...field, 1, 1]), eye(m, n)), gain)
  },
})

/** All 0. */
export const zeros = (): Init => zerosOf(null)
/** All 1. */
export const ones = (): Init => onesOf(null)
/** All `value`. */
export const constant = (value: number): Init => constantOf({ value })
/** Uniform on [low, high); on [-0.05, 0.05) by default. */
export const uniform = (low = -0.05, high = 0.05): Init => uniformOf({ low, high })
/** Normal; sd 0.05 around 0 by default. */
export const normal = (deviation = 0.05, mean = 0): Init => normalOf({ mean, deviation })
/** Normal within 2 `deviation` of the mean, not corrected for the cut; sd 0.05 around 0 by default. */
export const truncatedNormal = (deviation = 0.05, mean = 0): Init => truncatedNormalOf({ mean, deviation })

export interface VarianceScaling {
  /** s; 1 by default */
  readonly scale?: number
  /** which fan n is; 'fanIn' by default */
  readonly mode?: Mode
  /** 'truncatedNormal' by default */
  readonly distribution?: Distribution
  /** whether a truncated normal is widened to the wanted sd (TF from 1.10, Keras, JAX) or not (early TF1); true by default */
  readonly corrected?: boolean
}

/** The header's formula. TF1's `he_init` of many lectures, `variance_scaling_initializer(mode='FAN_AVG')`, is Glorot. */
export const varianceScaling = ({
  scale = 1,
  mode = 'fanIn',
  distribution = 'truncatedNormal',
  corrected = true,
}: VarianceScaling = {}): Init => varianceScalingOf({ scale, mode, distribution, corrected })

/** U(+-sqrt(6 / (in + out))): Glorot & Bengio's, for tanh, logistic and softmax. */
export const glorotUniform = (): Init => varianceScaling({ mode: 'fanAvg', distribution: 'uniform' })
/** Normal, sd sqrt(2 / (in + out)), not truncated. */
export const glorotNormal = (): Init => varianceScaling({ mode: 'fanAvg', distribution: 'normal' })
/** U(+-sqrt(6 / in)) */
export const heUniform = (): Init => he({ distribution: 'uniform' })
/** Normal, sd sqrt(2 / in), not truncated. */
export const heNormal = (): Init => he()
/** Normal, sd sqrt(1 / in), not truncated: for SELU. */
export const lecunNormal = (): Init => lecun()
/** U(+-sqrt(3 / in)) */
export const lecunUniform = (): Init => lecun({ distribution: 'uniform' })

/** For ReLU, ELU and the like, He et al. 2015: the normal distribution of sd sqrt(2 / in) unless told otherwise. */
export const he = ({ distribution = 'normal' }: { readonly distribution?: Distribution } = {}): Init =>
  varianceScaling({ scale: 2, distribution })

/** For SELU, LeCun et al. 1998: the normal distribution of sd sqrt(1 / in) unless told otherwise. */
export const lecun = ({ distribution = 'normal' }: { readonly distribution?: Distribution } = {}): Init =>
  varianceScaling({ distribution })

/**
 * The lecture's table (Geron, chapter 11): Glorot's limit, or sd, for the logistic function, 4 times that for tanh,
 * sqrt 2 times that for ReLU and its variants.
 */
export const forActivation = (
  activation: 'logistic' | 'tanh' | 'relu',
  distribution: 'uniform' | 'normal' = 'uniform',
): Init => varianceScaling({ scale: { logistic: 1, tanh: 16, relu: 2 }[activation], mode: 'fanAvg', distribution })

export interface Gain {
  /** what the values are multiplied by; 1 by default */
  readonly gain?: number
}

/**
 * Columns of length `gain`, each orthogonal to the others, or rows where there are more columns than rows; uniform over
 * all such matrices (Saxe et al. 2014). A kernel counts as the matrix [field x in, out]. Of a matrix [n, n] it costs
 * 2 log2(n) + 6 matrix products.
 */
export const orthogonal = ({ gain = 1 }: Gain = {}): Init => orthogonalOf({ gain })

/**
 * `gain` on the diagonal, 0 elsewhere; of a kernel in the middle of its field, so that the convolution passes its input
 * on (Torch: `eye_`, `dirac_`).
 */
export const identity = ({ gain = 1 }: Gain = {}): Init => identityOf({ gain })

/** The definitions that come with the library. */
export const definitions: readonly InitDefinition[] = [
  ...[zerosOf, onesOf, constantOf, uniformOf, normalOf, truncatedNormalOf, varianceScalingOf].map(({ def }) => def),
  ...[orthogonalOf, identityOf].map(({ def }) => def),
]

const isInitDefinition = (d: Definition | undefined): d is InitDefinition =>
  d !== undefined && 'of' in d && d.of === 'init'

/** The definition that a spec carries, or the standard one of its kind. */
export const resolve = (spec: Spec<'init'>): E.Either<string, InitDefinition> => {
  const def = isInitDefinition(spec.def) ? spec.def : definitions.find(d => d.kind === spec.kind)
  if (!def) return E.left(`the initializer "${spec.kind}" has no definition; give it to the codec that decodes it`)
  const valid = def.config.decode(spec.config)
  return E.isLeft(valid) ? E.left(`the initializer ${spec.kind}: ${explain(valid.left)}`) : E.right(def)
}

/** The fans of a tensor: of a matrix its sides, of a vector its length; of a kernel [...field, in, out] as above. */
export const fansOf = (shape: Shape): Fans => {
  const [n = 1] = shape
  if (shape.length < 2) return { in: n, out: n }
  const field = sizeOf(shape.slice(0, -2))
  return { in: field * (shape[shape.length - 2] as number), out: field * (shape[shape.length - 1] as number) }
}

/** The initial tensor, f32 of `shape`, or an `Invalid`; `key` (i32[4]) is what `op/random` draws with. */
export const values = (spec: Spec<'init'>, shape: Shape, key: Expr, fans: Fans = fansOf(shape)): Expr => {
  const def = resolve(spec)
  return E.isLeft(def) ? invalid('init', def.left) : def.right.make(spec.config, shape, fans, key)
}

/** Whether it has the form of an initializer. */
export const isSpec = (u: unknown): u is Spec<'init'> =>
  isRecord(u) && u['of'] === 'init' && typeof u['kind'] === 'string' && 'config' in u

const bindTo = (def: InitDefinition | undefined, { of, kind, config }: Spec<'init'>, c: t.Context) => {
  if (!def) return t.success<Spec<'init'>>({ of, kind, config })
  const valid = def.config.validate(config, t.appendContext(c, 'config', def.config, config))
  return E.isLeft(valid) ? valid : t.success<Spec<'init'>>({ of, kind, config: valid.right, def })
}

/**
 * Initializers within the settings of a layer, as JSON `{ of, kind, config }`. Decoding binds the standard kinds and
 * leaves others without a definition; `bindAll` binds those.
 */
export const codec: t.Type<Spec<'init'>, unknown> = new t.Type<Spec<'init'>, unknown>(
  'init',
  isSpec,
  (u, c) =>
    isSpec(u)
      ? bindTo(
          definitions.find(d => d.kind === u.kind),
          u,
          c,
        )
      : t.failure(u, c, 'must be an initializer { "of": "init", "kind", "config" }'),
  spec => {
    if (!isSpec(spec)) return spec
    const { of, kind, config } = spec
    return { of, kind, config: isInitDefinition(spec.def) ? spec.def.config.encode(config) : config }
  },
)

/** Settings of a layer are looked through for initializers to this depth. */
const maxDepth = 8

/** The settings with every initializer that lacks a definition bound to the one of its kind among `among`. */
export const bindAll = (among: readonly InitDefinition[], config: unknown, depth = 0): unknown => {
  if (typeof config !== 'object' || config === null || depth > maxDepth) return config
  if (isSpec(config) && !config.def) {
    const bound = bindTo(
      among.find(d => d.kind === config.kind),
      config,
      [],
    )
    return E.isRight(bound) ? bound.right : config
  }
  if (Array.isArray(config)) return config.map(v => bindAll(among, v, depth + 1))
  if (Object.getPrototypeOf(config) !== Object.prototype) return config
  return Object.fromEntries(Object.entries(config).map(([k, v]) => [k, bindAll(among, v, depth + 1)]))
}
