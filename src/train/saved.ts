/** States as files: safetensors with every slot by name. Law: run(n + m) = restore(save(run(n))) run m more. */
import * as E from '#fp/Either.js'
import { type FileError, fileError } from '../io/FileError.js'
import { decode, encode, type Stored, type StoredTensor } from '../io/safetensors.js'
import { sameShape, showType } from '../shape/TensorType.js'
import type { StateError } from './errors.js'
import type { Session } from './Session.js'
import * as State from './State.js'

export const save = (state: State.State): E.Either<StateError, Uint8Array<ArrayBuffer>> =>
  E.map((tensors: readonly StoredTensor[]) => encode({ tensors, metadata: { gradus: 'state' } }))(State.tensors(state))

const stored: Readonly<Record<string, string>> = { f32: 'F32', f64: 'F64', i32: 'I32' }

/** A state saved by a trainer whose slots are those of this one: the same net and the same optimizer. */
export const restore =
  (s: Session) =>
  (bytes: Uint8Array): E.Either<FileError, State.State> =>
    E.chain(({ tensors, metadata }: Stored): E.Either<FileError, State.State> => {
      if (metadata['gradus'] !== 'state') return E.left(fileError('the file does not hold a state saved by gradus'))
      const block = new Uint8Array(s.machine.stateBytes)
      for (const [name, { offset, type }] of s.machine.slots) {
        const tensor = tensors.find(x => x.name === name)
        if (!tensor) return E.left(fileError(`the file has no "${name}", which the recipe needs`))
        if (tensor.dtype !== stored[type.dtype] || !sameShape(tensor.shape, type.shape))
          return E.left(
            fileError(
              `"${name}" is ${tensor.dtype}[${tensor.shape.join(', ')}] in the file, but ${showType(type)} here`,
            ),
          )
        block.set(tensor.bytes, offset)
      }
      const { step } = s.place(block)
      if (!Number.isSafeInteger(step) || step < 0)
        return E.left(fileError(`the step in the file is ${step}, which is no count`))
      const foreign = tensors.find(x => !s.machine.slots.has(x.name))
      return foreign
        ? E.left(fileError(`the file has "${foreign.name}", which the recipe does not know`))
        : E.right(s.place(block))
    })(decode(bytes))
