/** Data sets as what the programs take: checked against the recipe, columns by input. */
import * as E from '#fp/Either.js'
import type { Resident } from '../backend/machine.js'
import { augmenter, complaint, softLabels } from '../data/augment/run.js'
import * as Batches from '../data/Batches.js'
import { type DataError, refuse } from '../data/DataError.js'
import { column, type Data, isSoft, pick, weightsOf } from '../data/Dataset.js'
import { type Label, show } from '../data/Label.js'
import * as Loss from '../nn/Loss.js'
import { inputEntries } from '../nn/Node.js'
import type { Inputs } from '../shape/Dims.js'
import { soleInput } from '../shape/inputs.js'
import { sameShape, showShape, sizeOf } from '../shape/TensorType.js'
import { hasShares, labelInput, type Mode, softInput } from './programs.js'
import type { AnyRecipe } from './Recipe.js'
import { weightInput } from './weighting.js'

export type AnyData = Data<Inputs, Label>

/** The least and the largest label that the loss has a meaning for, or null. */
const rangeOf = (loss: AnyRecipe['loss'], label: Label): readonly [number, number] | null => {
  if (label.target === 'class') return [0, label.classes - 1]
  const def = Loss.resolve(loss)
  return E.isRight(def) ? def.right.range : null
}

/** What is wrong with the labels for the loss, or because no reader of data made them, if anything. */
const labelsComplaint = ({ loss }: AnyRecipe, data: AnyData): string | null => {
  const { label, labels, size } = data
  if (isSoft(data)) return null
  const width = label.target === 'class' ? 1 : sizeOf(label.shape)
  if (labels.length !== size * width) return `there are ${labels.length} labels for ${size} rows`
  const range = rangeOf(loss, label)
  if (range === null) return null
  const [low, high] = range
  const odd = labels.findIndex(y => !(y >= low && y <= high))
  if (odd < 0) return null
  return `row ${Math.floor(odd / width) + 1}: the label ${labels[odd]} is out of range: ${loss.kind} takes ${low} to ${high}`
}

/** The data, if they fit the recipe's net and loss. */
export const fits = (recipe: AnyRecipe, data: AnyData | undefined): E.Either<DataError, AnyData> => {
  if (!data?.columns || !data.labels) return refuse('there is no data set; make one by Data.of, Data.csv or Data.idx')
  const wanted = inputEntries(recipe.net.inputs)
  const given = inputEntries(data.inputs)
  for (const [name, shape] of wanted) {
    const found = given.find(([n]) => n === name)
    const called = name === null ? 'the input' : `the input "${name}"`
    if (!found) return refuse(`${called} of the net is not among the data's inputs`)
    if (!sameShape(found[1], shape))
      return refuse(`${called} of the net is ${showShape(shape)}, but the data have ${showShape(found[1])}`)
    const { length } = column(data, name ?? soleInput)
    if (length !== data.size * sizeOf(shape))
      return refuse(`${called} has ${length} numbers, which are not ${data.size} rows of ${showShape(shape)}`)
  }
  const { label } = data
  const { shape } = recipe.net
  if (label.target !== recipe.loss.target)
    return refuse(`the loss ${recipe.loss.kind} wants ${recipe.loss.target} labels, but the data have ${show(label)}`)
  if (label.target === 'class' && label.classes !== shape[0])
    return refuse(`the net ends in ${showShape(shape)}, but the data have ${label.classes} classes`)
  if (label.target === 'values' && !sameShape(label.shape, shape))
    return refuse(`the net ends in ${showShape(shape)}, but the data's values are ${showShape(label.shape)}`)
  const names = label.target === 'class' ? label.names : undefined
  if (recipe.labels && names && recipe.labels.some((name, i) => name !== names[i]))
    return refuse(`the recipe names the classes ${recipe.labels.join(', ')}, the data ${names.join(', ')}`)
  if (data.size === 0) return refuse('the data set is empty')
  const wrong = labelsComplaint(recipe, data)
  if (wrong !== null) return refuse(wrong)
  if (isSoft(data) && !hasShares(recipe))
    return refuse('the labels are soft, as augmentations that mix rows make them, but the recipe has no such one')
  if (data.weights && data.weights.length !== data.size)
    return refuse(`there are ${data.weights.length} weights for ${data.size} rows; give them by Data.withWeights`)
  return E.right(data)
}

/** What data are for: a recipe, compiled for rows with weights of their own or not. */
export interface Feed {
  readonly recipe: AnyRecipe
  readonly weighted: boolean
}

/** The data, if they fit the recipe and each row has one class, if any. */
export const fitsAsIs = (recipe: AnyRecipe, data: AnyData | undefined): E.Either<DataError, AnyData> =>
  E.chain(
    (fitting: AnyData): E.Either<DataError, AnyData> =>
      isSoft(fitting)
        ? refuse('the labels are soft, as augmentations that mix rows make them: they are to train on only')
        : E.right(fitting),
  )(fits(recipe, data))

/** The data, if they fit what was compiled. */
export const accepts = (
  { recipe, weighted }: Feed,
  data: AnyData,
  mode: Mode = 'infer',
): E.Either<DataError, AnyData> =>
  E.chain(
    (fitting: AnyData): E.Either<DataError, AnyData> =>
      fitting.weights && !weighted
        ? refuse(
            'the data have weights, but the trainer was compiled for data without; compile it with { weighted: true }, or take Data.withoutWeights',
          )
        : E.right(fitting),
  )((mode === 'train' ? fits : fitsAsIs)(recipe, data))

/** The data, if they are a batch that fits what was compiled, of at most `rows` rows. */
export const batchOf = (s: Feed & { readonly rows: number }, batch: AnyData): E.Either<DataError, AnyData> =>
  E.chain(
    (data: AnyData): E.Either<DataError, AnyData> =>
      data.size > s.rows
        ? refuse(`the batch has ${data.size} rows, but the trainer was compiled for at most ${s.rows}`)
        : E.right(data),
  )(accepts(s, batch, 'train'))

/** The column of each input of the programs. */
const columnsOf = ({ recipe, weighted }: Feed, mode: Mode, data: AnyData) => [
  ...inputEntries(recipe.net.inputs).map(([name, shape]) => ({
    input: name ?? soleInput,
    width: sizeOf(shape),
    values: column(data, name ?? soleInput),
  })),
  mode === 'train' && hasShares(recipe)
    ? { input: softInput, width: sizeOf(recipe.net.shape), values: softLabels(data) }
    : { input: labelInput, width: data.labels.length / data.size, values: data.labels },
  ...(weighted ? [{ input: weightInput, width: 1, values: weightsOf(data) }] : []),
]

/** The data to train on as they are kept in linear memory: the programs take floats, and only bytes are widened on the way. */
export const residentOf = (feed: Feed, data: AnyData): Resident => ({
  rows: data.size,
  columns: columnsOf(feed, 'train', data).map(c =>
    c.input !== labelInput && c.values instanceof Int32Array ? { ...c, values: Float32Array.from(c.values) } : c,
  ),
})

/** Rows `from` to `to` as the inputs of one run. */
export const inputsOf = (
  feed: Feed,
  mode: Mode,
  data: AnyData,
  from = 0,
  to = data.size,
): Readonly<Record<string, ArrayLike<number>>> =>
  Object.fromEntries(
    columnsOf(feed, mode, data).map(({ input, width, values }) => [input, values.subarray(from * width, to * width)]),
  )

/** The rows at the indices as a step of an epoch, counted from 0, takes them: augmented as the recipe says. */
export const batchesOf = ({ augment = [], seed }: Pick<AnyRecipe, 'augment' | 'seed'>, data: AnyData) => {
  const change = augment.length > 0 ? augmenter(augment, seed) : null
  return (epoch: number, rows: Int32Array): AnyData => {
    const batch = pick(data, rows)
    return change ? change({ epoch, rows })(batch) : batch
  }
}

/**
 * The batches of an epoch, as `fit` takes them: the recipe's order, cut in the recipe's sizes, augmented as the recipe
 * says. Epochs count from 1. A `Left` for an epoch that is no such number, when there are fewer rows than a batch, and
 * for an augmentation that does not fit the data.
 */
export const batches =
  (recipe: Pick<AnyRecipe, 'seed' | 'batch' | 'batching' | 'augment'>, epoch: number) =>
  <I extends Inputs, L extends Label>(data: Data<I, L>): E.Either<DataError, readonly Data<I, L>[]> => {
    if (!Number.isSafeInteger(epoch) || epoch < 1)
      return refuse(`batches: epochs are counted from 1, but the epoch is ${epoch}`)
    const wrong = complaint(recipe.augment ?? [], data.inputs)
    if (wrong !== null) return refuse(wrong)
    const batchAt = batchesOf(recipe, data)
    return E.map((sizes: Batches.Sizes) => {
      const order = Batches.order(recipe.seed, epoch - 1, data.size)
      let at = 0
      return sizes.map(n => {
        at += n
        return batchAt(epoch - 1, order.subarray(at - n, at)) as Data<I, L>
      })
    })(Batches.sizes(recipe.batching, data.size, recipe.batch))
  }
