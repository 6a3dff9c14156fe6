/** Augmentations checked, and applied to rows. */
import * as E from '#fp/Either.js'
import { explain } from '../../graph/settings.js'
import { isSeed, type Key, keyOf } from '../../random/Key.js'
import { words } from '../../random/Philox.js'
import type { Inputs, Shape } from '../../shape/Dims.js'
import { isSole } from '../../shape/inputs.js'
import { type DataError, refuse } from '../DataError.js'
import { column, type Data, fromColumns } from '../Dataset.js'
import { entries, showInputs } from '../Inputs.js'
import type { Label } from '../Label.js'
import type { Augmentation, AugmentationDefinition, Mixture } from './define.js'
import type { Picture, Size } from './picture.js'

type AnyData = Data<Inputs, Label>

/** The input that is a picture, [height, width, channels] or, alone, [height, width]; a string says why there is none. */
const pictureOf = (inputs: Inputs): { readonly name: string; readonly size: Size } | string => {
  const sized = (shape: Shape): Size | null => {
    const [height = 0, width = 0, channels = 1] = shape
    return shape.length === 3 || (shape.length === 2 && isSole(inputs)) ? { height, width, channels } : null
  }
  const found = entries(inputs).flatMap(([name, shape]) => {
    const size = sized(shape)
    return size ? [{ name, size }] : []
  })
  const [one, second] = found
  if (one && !second) return one
  const wanted = 'takes a picture [height, width, channels] or [height, width]'
  return second
    ? `${wanted}, but there are ${found.length}: ${found.map(f => f.name).join(', ')}`
    : `${wanted}, but the input is ${showInputs(inputs)}`
}

const misfitOf = ({ config, def }: Augmentation, inputs: Inputs): string | null => {
  if (!def || def.any) return null
  const picture = pictureOf(inputs)
  if (typeof picture === 'string') return picture
  if (def.mix && entries(inputs).length > 1)
    return `mixes pictures only, but the inputs are ${showInputs(inputs)}; mixup mixes all`
  return def.misfit(config, picture.size)
}

/** What is wrong with the settings, or with them for rows of these inputs; null if nothing is. */
export const complaint = (all: readonly Augmentation[], inputs: Inputs): string | null => {
  for (const [i, one] of all.entries()) {
    const where = `augmentation ${i} (${one.kind})`
    if (!one.def) return `${where}: has no definition; give it to the codec that decodes it`
    const valid = one.def.config.decode(one.config)
    if (E.isLeft(valid)) return `${where}: ${explain(valid.left)}`
    const misfit = misfitOf(one, inputs)
    if (misfit !== null) return `${where}: ${misfit}`
  }
  return null
}

/** Whether labels become soft. */
export const mixes = (all: readonly Augmentation[]): boolean => all.some(a => a.def?.mix)

/** n numbers within (0, 1), for a row of an epoch. */
const draw = (key: Key, row: number, epoch: number, n: number): readonly number[] =>
  Array.from(words(key, row, epoch, n), w => (w + 0.5) / 4_294_967_296)

/** Labels as shares: those of class numbers are 0 and 1. */
export const softLabels = ({ label, labels, size }: AnyData): Float32Array => {
  if (label.target === 'values' || labels instanceof Float32Array) return Float32Array.from(labels)
  const soft = new Float32Array(size * label.classes)
  for (const [row, c] of labels.entries()) soft[row * label.classes + c] = 1
  return soft
}

/** The rows of a column: where row r lies. */
const rowOf = (all: Float32Array, r: number, width: number): Float32Array => all.subarray(r * width, (r + 1) * width)

/** Rows r and the next one of all, mixed by their mixtures. */
const mixed = (all: Float32Array, mixtures: readonly Mixture[], by: (m: Mixture) => Mixture['mix']): Float32Array => {
  const width = all.length / mixtures.length
  const out = new Float32Array(all.length)
  mixtures.forEach((m, r) => {
    out.set(by(m)(rowOf(all, r, width), rowOf(all, (r + 1) % mixtures.length, width)), r * width)
  })
  return out
}

/** s a + (1 - s) b */
const blend =
  ({ share }: Mixture): Mixture['mix'] =>
  (a, b) =>
    a.map((x, i) => share * x + (1 - share) * (b[i] as number))

const withMixed = (data: AnyData, mixtures: readonly Mixture[]): AnyData =>
  fromColumns(
    data.inputs,
    data.label,
    data.size,
    entries(data.inputs).map(([name]) => [name, mixed(column(data, name) as Float32Array, mixtures, m => m.mix)]),
    mixed(softLabels(data), mixtures, blend),
    data.weights && mixed(data.weights, mixtures, blend),
  )

const withPictures = (
  data: AnyData,
  { name, size }: { readonly name: string; readonly size: Size },
  white: number,
  change: (row: number) => (x: Picture) => Picture,
): AnyData => {
  const all = column(data, name) as Float32Array
  const width = size.height * size.width * size.channels
  const out = new Float32Array(all.length)
  for (let r = 0; r < data.size; r++)
    out.set(change(r)({ ...size, pixels: rowOf(all, r, width), white }).pixels, r * width)
  return { ...data, columns: { ...data.columns, [name]: out } }
}

/** Which rows these are, as numbers in [0, 2^32), and in which epoch, counted from 0. */
export interface Place {
  readonly epoch: number
  readonly rows: ArrayLike<number>
}

/**
 * Augmentations that `complaint` accepts, one after another, as a function of rows and where they stand: the draws of
 * the i-th for a row are those of the key (seed, data, augment/i), of the row's number as stream and the epoch as step.
 */
export const augmenter = (all: readonly Augmentation[], seed: number) => {
  const keyed = all.flatMap(({ def, config }, i) =>
    def ? [{ def, config, key: keyOf(seed, 'data', `augment/${i}`) }] : [],
  )
  return ({ epoch, rows }: Place) =>
    (data: AnyData): AnyData => {
      const picture = pictureOf(data.inputs)
      const known = typeof picture === 'string' ? null : picture
      const bytes = known !== null && column(data, known.name) instanceof Uint8Array
      const floats = entries(data.inputs).map(([name]) => [name, Float32Array.from(column(data, name))] as const)
      const apply = (x: AnyData, { def, config, key }: (typeof keyed)[0]): AnyData => {
        const drawsOf = (r: number) => draw(key, rows[r] as number, epoch, def.draws)
        const { picture: changed, mix }: AugmentationDefinition = def
        if (mix)
          return withMixed(
            x,
            Array.from({ length: x.size }, (_, r) => mix(config, drawsOf(r), known?.size ?? null)),
          )
        return changed && known ? withPictures(x, known, bytes ? 255 : 1, r => changed(config, drawsOf(r))) : x
      }
      return keyed.reduce(apply, { ...data, columns: Object.fromEntries(floats) })
    }
}

export interface ApplyOptions {
  /** an integer */
  readonly seed: number
  /** counted from 1; default 1 */
  readonly epoch?: number
}

/**
 * The rows of a data set, augmented: the same bits as in an epoch of a run with this seed, for rows of the same numbers
 * 0, 1, 2, ... Inputs become floats, class labels soft where rows are mixed: each with the next, the last with the first.
 */
export const apply =
  (all: Augmentation | readonly Augmentation[], { seed, epoch = 1 }: ApplyOptions) =>
  <I extends Inputs, L extends Label>(data: Data<I, L>): E.Either<DataError, Data<I, L>> => {
    const list = Array.isArray(all) ? all : [all as Augmentation]
    if (!isSeed(seed)) return refuse(`augment: the seed ${seed} is not an integer`)
    if (!Number.isSafeInteger(epoch) || epoch < 1)
      return refuse(`augment: epochs are counted from 1, but the epoch is ${epoch}`)
    const wrong = complaint(list, data.inputs)
    if (wrong !== null) return refuse(wrong)
    const rows = Uint32Array.from({ length: data.size }, (_, r) => r)
    return E.right(augmenter(list, seed)({ epoch: epoch - 1, rows })(data) as Data<I, L>)
  }
