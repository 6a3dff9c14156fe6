/**
 * What the rows of a data set are labeled with: one of some classes, or values of a shape. A label is plain data;
 * its type carries the number of classes, or the shape, so that a loss and a data set that disagree do not compile.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Shape } from '../shape/Dims.js'
import { sameShape, showShape } from '../shape/TensorType.js'
import { type DataError, quote, refuse } from './DataError.js'
import { shapeComplaint } from './Inputs.js'

/** One of `classes` classes, stored as an integer in [0, classes); `names`, if given, has one name for each. */
export interface Class<C extends number> {
  readonly target: 'class'
  readonly classes: C
  readonly names?: readonly string[]
}

/** Numbers of a shape, for regression; `[]` is one number. */
export interface Values<S extends Shape> {
  readonly target: 'values'
  readonly shape: S
}

export type Label = Class<number> | Values<Shape>

/**
 * Class labels: `classes(10)`, or `classes('cat', 'dog')` to name them. Names reach predictions, and data files may
 * use them in place of numbers.
 */
export function classes<const C extends number>(count: C): Class<C>
export function classes<const N extends readonly string[]>(...names: N): Class<N['length']>
export function classes(...args: readonly (number | string)[]): Class<number> {
  const names = args.filter(a => typeof a === 'string')
  const [count] = args
  return typeof count === 'number'
    ? { target: 'class', classes: count }
    : { target: 'class', classes: names.length, names }
}

/** Value labels: `values()` is one number a row, `values(2)` a vector of two. */
export const values = <const S extends Shape>(...shape: S): Values<S> => ({ target: 'values', shape })

const classCodec = t.intersection([
  t.type({ target: t.literal('class'), classes: t.number }),
  t.partial({ names: t.readonlyArray(t.string) }),
])
const valuesCodec = t.type({ target: t.literal('values'), shape: t.readonlyArray(t.number) })

const complaint = (label: Label): string | undefined => {
  if (label.target === 'values') return shapeComplaint(label.shape)
  const { classes: count, names } = label
  if (!Number.isInteger(count) || count < 1)
    return `the number of classes is ${count}, but it must be a whole number >= 1`
  if (names === undefined) return undefined
  if (names.length !== count) return `${count} classes have ${names.length} names`
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  return twice === undefined ? undefined : `two classes are named ${quote(twice)}`
}

/** The label itself, or what is wrong with it: a count below 1, a name used twice, a dimension that is no size. */
export const check = <L extends Label>(label: L): E.Either<DataError, L> => {
  const wrong = complaint(label)
  return wrong === undefined ? E.right(label) : refuse(`label: ${wrong}`)
}

/** Labels as JSON; decoding applies `check`. Law: decode . encode = id. */
export const codec: t.Type<Label> = t.refinement(
  t.union([classCodec, valuesCodec]),
  label => complaint(label) === undefined,
  'Label',
)

/** `10 classes`, `2 classes (cat, dog)` or `values [2]`. */
export const show = (label: Label): string =>
  label.target === 'values'
    ? `values ${showShape(label.shape)}`
    : `${label.classes} classes${label.names === undefined ? '' : ` (${label.names.join(', ')})`}`

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i])

/**
 * Whether a label is what is wanted: the same target, the same count or shape and, where the wanted label has names,
 * the same names.
 */
export const is =
  <L extends Label>(wanted: L) =>
  (label: Label): label is L => {
    const want: Label = wanted
    if (want.target === 'values') return label.target === 'values' && sameShape(label.shape, want.shape)
    return (
      label.target === 'class' &&
      label.classes === want.classes &&
      (want.names === undefined || sameNames(want.names, label.names ?? []))
    )
  }

/** The label, with the names of `wanted` if it has as many classes and no names of its own. */
export const withNamesOf =
  (wanted: Label) =>
  (label: Label): Label =>
    label.target === 'class' &&
    wanted.target === 'class' &&
    label.names === undefined &&
    label.classes === wanted.classes
      ? wanted
      : label
