/** The slots of a state as numbers: to look at them, and to start from values that were made elsewhere. */
import * as E from '#fp/Either.js'
import type { Tensor } from '../backend/evaluate.js'
import { type Bits, isWord, viewsOf, writeNumbers } from '../backend/numbers.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { showType, sizeOf } from '../shape/TensorType.js'
import type { StateError } from './errors.js'
import * as State from './State.js'

/** Every slot by name, as copies: parameters and moving statistics (`dense1/w`), `optimizer/...`, `key/...`, `step`. */
export const values = (state: State.State): E.Either<StateError, Readonly<Record<string, Tensor>>> =>
  E.chain((owner: State.Owner) =>
    E.map((block: Uint8Array) => {
      const { buffer } = block.slice()
      const read = ({ type, offset }: State.Place): Bits => {
        const n = sizeOf(type.shape)
        if (type.dtype === 'f64') return new Float64Array(buffer, offset, n)
        return type.dtype === 'f32' ? new Float32Array(buffer, offset, n) : new Int32Array(buffer, offset, n)
      }
      return Object.fromEntries(owner.places.map(p => [p.name, { shape: p.type.shape, values: read(p).slice() }]))
    })(State.blockOf(state)),
  )(State.ownerOf(state))

interface Element {
  readonly expects: string
  readonly holds: (x: number) => boolean
}

const count: Element = { expects: 'a whole number >= 0', holds: x => Number.isSafeInteger(x) && x >= 0 }
const integer: Element = { expects: 'an integer of 32 bits', holds: isWord }
const double: Element = { expects: 'a finite number', holds: x => Number.isFinite(x) }
const float: Element = {
  expects: 'a finite 32-bit float',
  holds: x => Number.isFinite(x) && Number.isFinite(Math.fround(x)),
}

/** What a slot's elements may be. */
const elementOf = ({ name, type }: State.Place): Element => {
  if (name === 'step') return count
  return type.dtype === 'f32' ? float : type.dtype === 'f64' ? double : integer
}

/**
 * A copy of the state with other values in some of its slots, row-major: `State.assign({ 'dense1/w': weights })(state)`.
 * The state is not consumed. A `Left` for a name that is no slot, a wrong number of values, or one that the slot cannot
 * hold: floats are finite, the step is a whole number.
 */
export const assign = (given: Readonly<Record<string, ArrayLike<number>>>) => assigned(given, false)

/** The same, with values steps to which may have been relaxed, as the copy then says. */
export const assigned =
  (given: Readonly<Record<string, ArrayLike<number>>>, relaxed: boolean) =>
  (state: State.State): E.Either<StateError | ShapeError, State.State> =>
    E.chain((owner: State.Owner) =>
      E.chain((before: Uint8Array): E.Either<StateError | ShapeError, State.State> => {
        const block = before.slice()
        const views = viewsOf(block.buffer)
        for (const [name, numbers] of Object.entries(given)) {
          const place = owner.places.find(p => p.name === name)
          if (!place) return E.left(shapeError(name, `the state has no slot "${name}"`))
          if (numbers.length !== sizeOf(place.type.shape))
            return E.left(shapeError(name, `${numbers.length} values do not fill ${showType(place.type)}`))
          const { expects, holds } = elementOf(place)
          const odd = Array.prototype.findIndex.call(numbers, v => !holds(v))
          if (odd >= 0) return E.left(shapeError(name, `value ${odd} must be ${expects}, but it is ${numbers[odd]}`))
          writeNumbers(views, { at: place.offset, type: place.type }, numbers)
        }
        return E.right(State.placed(owner, block, state.relaxed || relaxed))
      })(State.blockOf(state)),
    )(State.ownerOf(state))
