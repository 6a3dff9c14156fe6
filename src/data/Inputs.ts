/** The inputs of a data set: one shape, or several by name; here a sole shape goes by the name `input`. */
import * as E from '#fp/Either.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { isSole, soleInput } from '../shape/inputs.js'
import { sameShape, showShape, sizeOf } from '../shape/TensorType.js'
import { type DataError, refuse } from './DataError.js'

/** Names and shapes, in the order in which they are given. */
export const entries = (inputs: Inputs): readonly (readonly [string, Shape])[] =>
  isSole(inputs) ? [[soleInput, inputs]] : Object.entries(inputs)

/** No row of one input is larger: 2^30 numbers. */
const LARGEST = 1_073_741_824

/** What is wrong with a shape of one row, if anything. */
export const shapeComplaint = (shape: Shape): string | undefined =>
  shape.every(d => Number.isInteger(d) && d >= 1) && sizeOf(shape) <= LARGEST
    ? undefined
    : `[${shape.join(', ')}] is not a shape: each size a whole number >= 1, at most ${LARGEST} numbers`

/** The inputs themselves, or a `Left` if there is none or one has an impossible shape. */
export const checkInputs = <I extends Inputs>(inputs: I): E.Either<DataError, I> => {
  const all = entries(inputs)
  if (all.length === 0) return refuse('inputs: there is none; give a shape, or shapes by name')
  for (const [name, shape] of all) {
    const wrong = shapeComplaint(shape)
    if (wrong !== undefined) return refuse(`inputs: ${name}: ${wrong}`)
  }
  return E.right(inputs)
}

/** `[784]` or `{ img: [64], meta: [3] }`. */
export const showInputs = (inputs: Inputs): string =>
  isSole(inputs)
    ? showShape(inputs)
    : `{ ${entries(inputs)
        .map(([name, shape]) => `${name}: ${showShape(shape)}`)
        .join(', ')} }`

/** Whether inputs are what is wanted: the same shape, or the same names with the same shapes, in any order. */
export const isInputs =
  <I extends Inputs>(wanted: I) =>
  (inputs: Inputs): inputs is I => {
    const have = entries(inputs)
    const want = new Map(entries(wanted))
    return (
      isSole(inputs) === isSole(wanted) &&
      have.length === want.size &&
      have.every(([name, shape]) => {
        const other = want.get(name)
        return other !== undefined && sameShape(shape, other)
      })
    )
  }
