/**
 * A recipe: everything that decides what a training run computes, as plain immutable data. Equal recipes and equal data
 * give equal bits.
 *
 * Its hash is the SHA-256 of its canonical JSON (RFC 8785). Law: decode . encode = id.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import canonicalize from 'canonicalize'
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { type Augmentation, type AugmentationDefinition, codec as augmentationCodec } from '../data/Augment.js'
import { complaint, mixes } from '../data/augment/run.js'
import type { Form } from '../data/Batches.js'
import { explain, isRecord, oneOf, show, that, withOptional } from '../graph/settings.js'
import { encodeSpec } from '../graph/specCodec.js'
import type { LayerDefinition } from '../nn/Definition.js'
import type { InitDefinition } from '../nn/Init.js'
import * as Loss from '../nn/Loss.js'
import * as Net from '../nn/Net.js'
import * as Optimizer from '../optim/Optimizer.js'
import type { StageDefinitions } from '../optim/Stage.js'
import * as Stage from '../optim/Stage.js'
import { isSeed } from '../random/Key.js'
import type { Ends, Inputs, Shape } from '../shape/Dims.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { noAverage, type RecipeError, recipeError } from './errors.js'
import { type Metric, type MetricDefinition, codec as metricCodec, type Target } from './Metric.js'
import { bind, type Stop, type StopDefinition, codec as stopCodec } from './Stop.js'
import {
  type ClassWeights,
  classWeights,
  classWeightsOf,
  type Reduction,
  reduction,
  reportedMetrics,
} from './weighting.js'

export interface Recipe<I extends Inputs, O extends Shape, K extends Target> {
  readonly net: Net.Net<I, O>
  readonly loss: Loss.Loss<K>
  readonly metrics: readonly Metric<K>[]
  readonly optimizer: Optimizer.Optimizer
  /** rows of a batch, at least 1 */
  readonly batch: number
  /** how an epoch is cut into batches */
  readonly batching: Form
  /** at most so many passes over the training data */
  readonly epochs: number
  /** an integer; decides initial values, the order of the data and every mask */
  readonly seed: number
  readonly stop: readonly Stop[]
  /** evaluates and gives back the averages that the optimizer keeps, instead of the parameters */
  readonly average?: true
  /** names of the classes, in the order of the outputs */
  readonly labels: readonly string[] | null
  /** how much the rows of each class count in the loss; 1 where absent */
  readonly classWeights?: ClassWeights
  /** how weighted losses of rows become the loss of a batch; `weightedMean` where absent */
  readonly reduction?: Reduction
  /** metrics that count rows as the loss does; none where absent */
  readonly weightedMetrics?: readonly Metric<K>[]
  /** what changes the batches that are trained on; nothing where absent */
  readonly augment?: readonly Augmentation[]
}

export type AnyRecipe = Recipe<Inputs, Shape, Target>

/** What `Recipe.of` takes. */
export interface Settings<I extends Inputs, O extends Shape, K extends Target> {
  readonly net: Net.Net<I, O>
  readonly loss: Loss.Loss<K> & Ends<K, O>
  /** the stages that the gradients pass; with none that has a rate, what they leave is subtracted as it is */
  readonly optimizer: Stage.Stage | Optimizer.Optimizer
  readonly batch: number
  readonly epochs: number
  readonly seed: number
  readonly metrics?: readonly Metric<NoInfer<K>>[]
  /** default `arraySplit`: every row once an epoch, sizes as equal as can be, none below `batch` */
  readonly batching?: Form
  readonly stop?: Stop | readonly Stop[]
  /**
   * whether `fit` evaluates and gives back the averages of `Optimizer.ema` or `swa`, or `lookahead`'s slow weights,
   * instead of the parameters; moving statistics of layers are those of the run; default false
   */
  readonly average?: boolean
  /** the data's label, for the names of its classes; `fit` takes them from the data where this is left out */
  readonly label?: { readonly names?: readonly string[] }
  /**
   * How much the rows of each class count in the loss, >= 0: a list in the order of the outputs, or an object with a
   * weight for every class by its name or index. `Data.balancedClassWeights` makes all classes count alike.
   */
  readonly classWeights?: ClassWeights
  /**
   * What becomes of weights r_i, of classes and rows (`Data.withWeights`): `weightedMean`, the default, is
   * sum r_i l_i / sum r_i as in torch, `sumOverBatchSize` sum r_i l_i / n as in Keras
   */
  readonly reduction?: Reduction
  /** reported as `weightedAccuracy`: sum r_i m_i / sum r_i, where `metrics` are plain means over the rows */
  readonly weightedMetrics?: readonly Metric<NoInfer<K>>[]
  /**
   * What changes the batches that are trained on, in turn (`Augment`), anew in every epoch; what is evaluated stays as
   * it is. Where rows are mixed, metrics of the training data take the largest share of the label as the row's class.
   */
  readonly augment?: Augmentation | readonly Augmentation[]
}

const listOf = <A extends object>(x: A | readonly A[] | undefined): readonly A[] =>
  x === undefined ? [] : Array.isArray(x) ? x : [x as A]

/** A recipe with the defaults filled in. */
export const of = <I extends Inputs, O extends Shape, K extends Target>(s: Settings<I, O, K>): Recipe<I, O, K> => ({
  net: s.net,
  loss: s.loss,
  metrics: s.metrics ?? [],
  optimizer: Array.isArray(s.optimizer) ? s.optimizer : [s.optimizer as Stage.Stage],
  batch: s.batch,
  batching: s.batching ?? 'arraySplit',
  epochs: s.epochs,
  seed: s.seed,
  stop: bind(listOf(s.stop), reportedMetrics({ metrics: s.metrics ?? [], weightedMetrics: s.weightedMetrics ?? [] })),
  ...(s.average && { average: true }),
  labels: s.label?.names ?? null,
  ...(s.classWeights && { classWeights: s.classWeights }),
  ...(s.reduction !== undefined && s.reduction !== 'weightedMean' && { reduction: s.reduction }),
  ...(s.weightedMetrics && s.weightedMetrics.length > 0 && { weightedMetrics: s.weightedMetrics }),
  ...(listOf(s.augment).length > 0 && { augment: listOf(s.augment) }),
})

const batching = oneOf<Form>('arraySplit', 'dropLast', 'keepRemainder')

/** What is reported of every batch besides the metrics. */
const reserved: readonly string[] = ['loss', 'rate']
const wellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)
const sameTwice = (names: readonly string[]): string | undefined => names.find((name, i) => names.indexOf(name) !== i)

/** What is wrong with the names that the recipe gives or uses, if anything. */
const namesComplaint = (recipe: AnyRecipe): string | null => {
  const { net, loss, optimizer, stop, labels } = recipe
  const metrics = reportedMetrics(recipe)
  const odd = metrics.find(m => m.target !== loss.target)
  if (odd) return `the metric ${odd.def.name} is for ${odd.target}, the loss for ${loss.target}`
  const reported = [...reserved, ...metrics.map(m => m.def.name)]
  const twice = sameTwice(reported)
  if (twice !== undefined)
    return `a metric is called ${twice}, which is reported already; give each once, under its own name`
  for (const { kind, def, config } of stop) {
    const watched = def.monitors(config).find(name => name === 'rate' || !reported.includes(name))
    if (watched !== undefined)
      return `stop ${kind}: watches ${JSON.stringify(watched)}, but the recipe reports ${reported.filter(n => n !== 'rate').join(', ')}`
  }
  const unheard = Stage.watchedBy(optimizer).find(name => name === 'rate' || !reported.includes(name))
  if (unheard !== undefined)
    return `the optimizer watches ${JSON.stringify(unheard)}, but the recipe reports ${reported.filter(n => n !== 'rate').join(', ')}`
  if (!labels) return null
  if (labels.length !== net.shape[0])
    return `${labels.length} label names for a net that ends in [${net.shape.join(', ')}]`
  const same = sameTwice(labels)
  if (same !== undefined) return `two classes are named ${JSON.stringify(same)}`
  return labels.every(wellFormed) ? null : 'a label name is no well-formed Unicode'
}

/** What a caller without types left out. */
const absent = ({ net, loss, optimizer }: Partial<AnyRecipe>): string | null => {
  if (!isRecord(net) || !isRecord(net.node)) return 'net is missing; build one from Net.input'
  if (!isRecord(loss) || !isRecord(loss.def)) return 'loss is missing; give one such as Loss.mse()'
  if (!optimizer?.every(isRecord)) return 'optimizer is missing; give one such as Optimizer.sgd({ rate: 0.1 })'
  return null
}

const augmentComplaint = ({ augment = [], net, loss }: AnyRecipe): string | null =>
  complaint(augment, net.inputs) ??
  (mixes(augment) && !Loss.takesShares(loss)
    ? `the augmentation mixes rows, but the loss ${loss.kind} has no meaning for soft labels; define it with \`soft\``
    : null)

/** The recipe, or the first setting that is not possible. */
export const check = <R extends AnyRecipe>(recipe: R): E.Either<RecipeError | ShapeError, R> => {
  const without = absent(recipe)
  if (without !== null) return E.left(recipeError(without))
  const { net, batch, epochs, seed, optimizer, stop, average } = recipe
  const whole = (n: number): boolean => Number.isSafeInteger(n) && n >= 1
  if (!whole(batch)) return E.left(recipeError(`batch must be a whole number >= 1, but it is ${show(batch)}`))
  if (!whole(epochs)) return E.left(recipeError(`epochs must be a whole number >= 1, but it is ${show(epochs)}`))
  if (!isSeed(seed)) return E.left(recipeError(`seed must be an integer below 2^53 in size, but it is ${show(seed)}`))
  if (!batching.is(recipe.batching))
    return E.left(recipeError(`batching must be ${batching.name}, but it is ${recipe.batching}`))
  if (recipe.reduction !== undefined && !reduction.is(recipe.reduction))
    return E.left(recipeError(`reduction must be ${reduction.name}, but it is ${recipe.reduction}`))
  for (const s of stop) {
    const config = s.def.config.decode(s.config)
    if (E.isLeft(config)) return E.left(recipeError(`stop ${s.kind}: ${explain(config.left)}`))
  }
  if (average && !Stage.averageOf(optimizer)) return E.left(noAverage)
  const names = namesComplaint(recipe)
  if (names !== null) return E.left(recipeError(names))
  const sound = Net.check(net)
  if (E.isLeft(sound)) return sound
  const augmented = augmentComplaint(recipe)
  if (augmented !== null) return E.left(recipeError(augmented))
  const weights = classWeightsOf(recipe)
  if (E.isLeft(weights)) return E.left(recipeError(weights.left))
  const stages = Stage.check(optimizer)
  return E.isLeft(stages) ? stages : E.right(recipe)
}

/** What decoding may use: `standard` has all that come with the library. */
export interface Definitions extends StageDefinitions {
  readonly net: readonly (LayerDefinition | InitDefinition)[]
  readonly loss: readonly Loss.LossDefinition[]
  readonly metric: readonly MetricDefinition[]
  readonly stop: readonly StopDefinition[]
  readonly augmentation: readonly AugmentationDefinition[]
}

const encode = (r: AnyRecipe): Readonly<Record<string, unknown>> => ({
  net: Net.codec([]).encode(r.net),
  loss: encodeSpec(r.loss),
  metrics: r.metrics.map(encodeSpec),
  optimizer: r.optimizer.map(encodeSpec),
  batch: r.batch,
  batching: r.batching,
  epochs: r.epochs,
  seed: r.seed,
  stop: r.stop.map(encodeSpec),
  ...(r.average && { average: true }),
  labels: r.labels,
  ...(r.classWeights && { classWeights: r.classWeights }),
  ...(r.reduction && { reduction: r.reduction }),
  ...(r.weightedMetrics && { weightedMetrics: r.weightedMetrics.map(encodeSpec) }),
  ...(r.augment && { augment: r.augment.map(encodeSpec) }),
})

/** What JSON can hold: in a recipe that `check` refuses, numbers that are not finite become null, lone surrogates U+FFFD. */
const asJson = (u: unknown): unknown =>
  JSON.parse(JSON.stringify(u, (_, v: unknown) => (typeof v === 'string' ? v.replace(/\p{Surrogate}/gu, '\ufffd') : v)))

/** SHA-256 of the canonical JSON, as hex. Recipes that `check` accepts have the same hash only if they are equal. */
export const hash = (recipe: AnyRecipe): string =>
  bytesToHex(sha256(utf8ToBytes(canonicalize(asJson(encode(recipe))) ?? '')))

/** Recipes as JSON. Decoding takes untrusted input and applies `check`. */
export const codec = (d: Definitions): t.Type<AnyRecipe, unknown> => {
  const required = t.type({
    net: Net.codec(d.net),
    loss: Loss.codec(d.loss),
    metrics: t.readonlyArray(metricCodec(d.metric)),
    optimizer: Optimizer.codec(d),
    batch: t.number,
    batching,
    epochs: t.number,
    seed: t.number,
    stop: t.readonlyArray(stopCodec(d.stop)),
    labels: t.union([t.null, t.readonlyArray(t.string)]),
  })
  const average = that('true', (u): u is true => u === true)
  const parts = withOptional(
    required,
    t.partial({
      average,
      classWeights,
      reduction,
      weightedMetrics: t.readonlyArray(metricCodec(d.metric)),
      augment: t.readonlyArray(augmentationCodec(d.augmentation)),
    }),
  )
  return new t.Type<AnyRecipe, unknown>(
    'Recipe',
    (u): u is AnyRecipe => parts.is(u),
    (u, context) => {
      const decoded = parts.validate(u, context)
      if (E.isLeft(decoded)) return decoded
      const sound = check(decoded.right)
      return E.isLeft(sound) ? t.failure(u, context, sound.left.message) : t.success(sound.right)
    },
    encode,
  )
}
