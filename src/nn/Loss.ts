/**
 * Losses as data: a spec says which, its definition how a row's loss follows from the net's output and the row's label.
 * The loss of a batch is the mean over its rows.
 *
 * The target, 'class' or 'values', says what labels it wants: class numbers (i32, one a row) or numbers (f32, of the
 * output's shape).
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { type Expr, invalid } from '../graph/Expr.js'
import type { Definition, Spec } from '../graph/Spec.js'
import { erase, explain, isRecord, nothing, nullOr, positive, withinOne } from '../graph/settings.js'
import { abs, add, maximum, mul, neg, sub } from '../op/arithmetic.js'
import { reshape, sum } from '../op/broadcast.js'
import { logSoftmax, logSumExp } from '../op/composite.js'
import { iota } from '../op/gather.js'
import { exp, log1p } from '../op/math.js'
import { mean } from '../op/reduce.js'
import { eq, le, select } from '../op/select.js'
import type { Target } from '../shape/Dims.js'
import { sameShape, showType } from '../shape/TensorType.js'

export type { Ends, Target } from '../shape/Dims.js'

/** What `define` takes. */
export interface LossDef<C, K extends Target> {
  /** qualified: `gradus/mse`, `acme/focal` */
  readonly kind: string
  readonly target: K
  readonly config: t.Type<C, unknown>
  /** output f32[-1, ...o] and label (i32[-1] or f32[-1, ...o]) to the loss of each row, f32[-1] */
  readonly compute: (config: C, output: Expr, label: Expr) => Expr
  /** of a loss of classes: the same for labels of shares f32[-1, classes], as mixing rows makes them */
  readonly soft?: (config: C, output: Expr, label: Expr) => Expr
  /** of a loss of values: the least and the largest that a label may be; any finite number where absent */
  readonly range?: readonly [number, number]
}

/** A LossDef without its types. */
export interface LossDefinition extends Definition {
  readonly of: 'loss'
  readonly target: Target
  readonly compute: (config: unknown, output: Expr, label: Expr) => Expr
  readonly soft: ((config: unknown, output: Expr, label: Expr) => Expr) | null
  readonly range: readonly [number, number] | null
}

/** A loss as data. */
export interface Loss<K extends Target> extends Spec<'loss'> {
  readonly target: K
  readonly def?: LossDefinition
}

/** Declares a loss; the result makes specs of its settings, and `.def` is what decoding asks for. */
export const define = <C, K extends Target>(
  d: LossDef<C, K>,
): ((config: C) => Loss<K>) & { readonly def: LossDefinition } => {
  const { soft } = d
  const def: LossDefinition = {
    of: 'loss',
    kind: d.kind,
    target: d.target,
    config: erase(d.config),
    compute: (c, output, label) => d.compute(c as C, output, label),
    soft: soft ? (c, output, label) => soft(c as C, output, label) : null,
    range: d.range ?? null,
  }
  return Object.assign((config: C): Loss<K> => ({ of: 'loss', kind: d.kind, target: d.target, config, def }), { def })
}

const square = (x: Expr): Expr => mul(x, x)

/** The mean over all axes but the first. */
const perRow = (x: Expr): Expr => {
  const axes = x.type.shape.slice(1).map((_, i) => i + 1)
  return axes.length === 0 ? x : mean(x, axes)
}

/** Labels of the output's shape, compared with it element by element. */
const elementwise = <C>(
  kind: string,
  config: t.Type<C, unknown>,
  f: (c: C, x: Expr, z: Expr) => Expr,
  part: Pick<LossDef<C, 'values'>, 'range'> = {},
) =>
  define({
    ...part,
    kind,
    target: 'values',
    config,
    compute: (c: C, x, z) =>
      sameShape(x.type.shape, z.type.shape)
        ? perRow(f(c, x, z))
        : invalid(kind, `the net ends in ${showType(x.type)}, but the labels are ${showType(z.type)}`),
  })

const notLogits = (kind: string, x: Expr): Expr =>
  invalid(
    kind,
    `expects a vector of logits a row, but the net ends in ${showType(x.type)}; end it with Layer.dense(classes)`,
  )

/** null: no smoothing */
const smoothing = nullOr(t.type({ smoothing: withinOne }))
type Smoothing = t.TypeOf<typeof smoothing>

/** The mean over the classes of -log softmax(x) is logSumExp(x) - mean(x), so only what is subtracted changes. */
const smoothed = (c: Smoothing, hit: Expr, all: () => Expr): Expr =>
  c === null ? hit : add(mul(hit, 1 - c.smoothing), mul(all(), c.smoothing))

/** -sum z log softmax(x) for labels z of the output's shape. */
const sharedCrossEntropy = (c: Smoothing, x: Expr, z: Expr): Expr => {
  if (x.type.shape.length !== 2) return notLogits('softmaxCrossEntropy', x)
  const log = logSoftmax(x)
  return sameShape(x.type.shape, z.type.shape)
    ? neg(smoothed(c, sum(mul(z, log), [1]), () => mean(log, [1])))
    : invalid('softmaxCrossEntropy', `the net ends in ${showType(x.type)}, but the labels are ${showType(z.type)}`)
}

const classCrossEntropyOf = define({
  kind: 'gradus/softmaxCrossEntropy',
  target: 'class',
  config: smoothing,
  compute: (c, x, z) => {
    const [, classes] = x.type.shape
    if (classes === undefined || x.type.shape.length !== 2) return notLogits('softmaxCrossEntropy', x)
    const hit = eq(reshape(z, [...z.type.shape, 1]), reshape(iota(classes), [1, classes]))
    return sub(
      logSumExp(x),
      smoothed(c, sum(select(hit, x, 0), [1]), () => mean(x, [1])),
    )
  },
  soft: sharedCrossEntropy,
})
const oneHotCrossEntropyOf = define({
  kind: 'gradus/softmaxCrossEntropyOneHot',
  target: 'values',
  config: smoothing,
  compute: sharedCrossEntropy,
  range: [0, 1],
})
const sigmoidCrossEntropyOf = elementwise(
  'gradus/sigmoidCrossEntropy',
  nothing,
  (_c, x, z) => add(sub(maximum(x, 0), mul(x, z)), log1p(exp(neg(abs(x))))),
  { range: [0, 1] },
)
const mseOf = elementwise('gradus/mse', nothing, (_c, x, z) => square(sub(x, z)))
const maeOf = elementwise('gradus/mae', nothing, (_c, x, z) => abs(sub(x, z)))
const huberOf = elementwise('gradus/huber', t.type({ delta: positive }), ({ delta }, x, z) => {
  const e = abs(sub(x, z))
  return select(le(e, delta), mul(square(e), 0.5), mul(sub(e, delta / 2), delta))
})

interface CrossEntropy {
  /** the share s in [0, 1] of every label that is spread evenly over the k classes: z (1 - s) + s / k; 0 by default */
  readonly smoothing?: number
}

/**
 * -log softmax(logits)[label], from logits [classes]: class numbers by default, or with `{ labels: 'oneHot' }` rows of
 * probabilities [classes], which may be soft. With `{ smoothing: 0.1 }` labels are smoothed (Szegedy et al. 2016), in
 * training and in evaluation alike, as Torch and Keras do.
 */
export function softmaxCrossEntropy(options?: CrossEntropy & { readonly labels?: 'class' }): Loss<'class'>
export function softmaxCrossEntropy(options: CrossEntropy & { readonly labels: 'oneHot' }): Loss<'values'>
export function softmaxCrossEntropy({
  labels,
  smoothing: share = 0,
}: CrossEntropy & { readonly labels?: 'class' | 'oneHot' } = {}): Loss<Target> {
  const config = share === 0 ? null : { smoothing: share }
  return labels === 'oneHot' ? oneHotCrossEntropyOf(config) : classCrossEntropyOf(config)
}

/** -z log s(x) - (1 - z) log(1 - s(x)) from logits x and labels z in [0, 1], as max(x, 0) - x z + log1p(e^-|x|). */
export const sigmoidCrossEntropy = (): Loss<'values'> => sigmoidCrossEntropyOf(null)
/** (x - z)^2 */
export const mse = (): Loss<'values'> => mseOf(null)
/** |x - z|, with gradient 0 at 0 */
export const mae = (): Loss<'values'> => maeOf(null)
/** (x - z)^2 / 2 within `delta` of 0, then linear: delta (|x - z| - delta / 2) (Huber 1964); delta is 1 by default. */
export const huber = ({ delta = 1 }: { readonly delta?: number } = {}): Loss<'values'> => huberOf({ delta })

/** The definitions that come with the library. */
export const definitions: readonly LossDefinition[] = [
  classCrossEntropyOf.def,
  oneHotCrossEntropyOf.def,
  sigmoidCrossEntropyOf.def,
  mseOf.def,
  maeOf.def,
  huberOf.def,
]

/** The definition that a loss carries, or the standard one of its kind; `Left` also when its settings are impossible. */
export const resolve = ({ kind, config, def }: Loss<Target>): E.Either<string, LossDefinition> => {
  const found = def ?? definitions.find(d => d.kind === kind)
  if (!found) return E.left(`the loss "${kind}" has no definition; give it to the codec that decodes it`)
  const valid = found.config.decode(config)
  return E.isLeft(valid) ? E.left(`the loss ${kind}: ${explain(valid.left)}`) : E.right(found)
}

/** Whether a loss can take labels of shares: whether it wants values, or has a meaning for soft classes. */
export const takesShares = (loss: Loss<Target>): boolean => {
  const def = resolve(loss)
  return loss.target === 'values' || (E.isRight(def) && def.right.soft !== null)
}

/**
 * The loss of each row, f32[-1], of an output f32[-1, ...o]; labels of classes are i32[-1], or soft f32[-1, classes].
 * A misfit becomes an `Invalid`.
 */
export const compute = (loss: Loss<Target>, output: Expr, label: Expr): Expr => {
  const def = resolve(loss)
  if (E.isLeft(def)) return invalid('loss', def.left)
  const { soft, target } = def.right
  const shares = target === 'class' && label.type.dtype === 'f32'
  if (shares && !soft) return invalid(`loss/${loss.kind}`, 'has no meaning for soft labels; define it with `soft`')
  const rows = (shares && soft ? soft : def.right.compute)(loss.config, output, label)
  return rows._tag === 'Invalid' || sameShape(rows.type.shape, output.type.shape.slice(0, 1))
    ? rows
    : invalid(`loss/${loss.kind}`, `gives ${showType(rows.type)}, not one number a row`)
}

/** Losses as JSON `{ of, kind, config }`, bound to their definitions; two of one kind are an error. */
export const codec = (among: readonly LossDefinition[]): t.Type<Loss<Target>, unknown> =>
  new t.Type<Loss<Target>, unknown>(
    'loss',
    (u): u is Loss<Target> => isRecord(u) && u['of'] === 'loss' && among.some(d => d === u['def']),
    (u, c) => {
      if (!isRecord(u) || u['of'] !== 'loss' || typeof u['kind'] !== 'string')
        return t.failure(u, c, 'must be a loss { "of": "loss", "kind", "config" }')
      const { kind } = u
      const [def, second] = among.filter(d => d.kind === kind)
      if (!def || second)
        return t.failure(
          u,
          c,
          `there ${def ? 'are two definitions' : 'is no definition'} of the loss "${kind.slice(0, 40)}"`,
        )
      const config = def.config.validate(u['config'], t.appendContext(c, 'config', def.config, u['config']))
      return E.isLeft(config) ? config : t.success({ of: 'loss', kind, target: def.target, config: config.right, def })
    },
    ({ of, kind, config, def }) => ({ of, kind, config: def ? def.config.encode(config) : config }),
  )
