/**
 * States and runs as files: safetensors with every slot by name; a run has the state of its rules to stop in the
 * metadata, the best state so far under `/best/`, and within an epoch its sums under `/epoch/`.
 * Law: run(n + m) = restore(save(run(n))) run m more, for every n.
 */
import * as E from '#fp/Either.js'
import { type FileError, fileError } from '../io/FileError.js'
import { decode, encode, type Stored, type StoredTensor } from '../io/safetensors.js'
import { sameShape, showType } from '../shape/TensorType.js'
import type { StateError } from './errors.js'
import { gateName } from './programs.js'
import type { AnyRecipe } from './Recipe.js'
import type { Session } from './Session.js'
import * as State from './State.js'
import * as Stop from './Stop.js'
import { noSums, readSums, type Sums, writeSums } from './sums.js'

/** A state as the bytes of a file; it is not consumed. */
export const save = (state: State.State): E.Either<StateError, Uint8Array<ArrayBuffer>> =>
  E.map((tensors: readonly StoredTensor[]) =>
    encode({ tensors, metadata: { gradus: 'state', ...relaxedIn(state.relaxed) } }),
  )(State.tensors(state))

/** What a file says of states whose bits depend on the host. */
const relaxedIn = (relaxed: boolean): Readonly<Record<string, string>> => (relaxed ? { relaxed: 'true' } : {})

const stored: Readonly<Record<string, string>> = { f32: 'F32', f64: 'F64', i32: 'I32' }

/** A training run between two steps. */
export interface Run {
  readonly state: State.State
  /** of the recipe's rules to stop */
  readonly running: Stop.Running
  readonly best: { readonly state: State.State; readonly epoch: number } | null
  readonly sums: Sums
}

/** A run at its beginning. */
export const begin =
  (recipe: AnyRecipe) =>
  (state: State.State): Run => ({ state, running: Stop.start(recipe.stop), best: null, sums: noSums })

/** No path of a net begins with a slash. */
const [bestPrefix, sumPrefix] = ['/best/', '/epoch/']

const prefixed = (prefix: string, tensors: readonly StoredTensor[]): readonly StoredTensor[] =>
  tensors.map(x => ({ ...x, name: `${prefix}${x.name}` }))

/** Those whose name has the prefix, without it. */
const unprefixed = (prefix: string, tensors: readonly StoredTensor[]): readonly StoredTensor[] =>
  tensors.flatMap(x => (x.name.startsWith(prefix) ? [{ ...x, name: x.name.slice(prefix.length) }] : []))

/** The run as the bytes of a file; its states are not consumed. */
export const saveRun = ({ state, running, best, sums }: Run): E.Either<StateError, Uint8Array<ArrayBuffer>> => {
  const now = State.tensors(state)
  if (E.isLeft(now)) return now
  const kept: E.Either<StateError, readonly StoredTensor[]> = best ? State.tensors(best.state) : E.right([])
  return E.map((tensors: readonly StoredTensor[]) =>
    encode({
      tensors: [...now.right, ...prefixed(bestPrefix, tensors), ...prefixed(sumPrefix, writeSums(sums))],
      metadata: {
        gradus: 'state',
        running: JSON.stringify(running),
        ...(best && { best: `${best.epoch}` }),
        ...relaxedIn(state.relaxed),
      },
    }),
  )(kept)
}

/** The tensors as a state of the session, if they are its slots: no more and no fewer, of the same types. */
const stateOf = (
  s: Session,
  tensors: readonly StoredTensor[],
  { relaxed }: Stored['metadata'],
): E.Either<FileError, State.State> => {
  const block = new Uint8Array(s.machine.stateBytes)
  for (const [name, { offset, type }] of s.machine.slots) {
    const tensor = tensors.find(x => x.name === name)
    if (!tensor) return E.left(fileError(`the file has no "${name}", which the recipe needs`))
    if (tensor.dtype !== stored[type.dtype] || !sameShape(tensor.shape, type.shape))
      return E.left(
        fileError(`"${name}" is ${tensor.dtype}[${tensor.shape.join(', ')}] in the file, but ${showType(type)} here`),
      )
    block.set(tensor.bytes, offset)
  }
  const state = s.place(block, relaxed === 'true')
  if (!Number.isSafeInteger(state.step) || state.step < 0)
    return E.left(fileError(`the step in the file is ${state.step}, which is no count`))
  const foreign = tensors.find(x => !s.machine.slots.has(x.name))
  return foreign ? E.left(fileError(`the file has "${foreign.name}", which the recipe does not know`)) : E.right(state)
}

const parse = (text: string): E.Either<FileError, unknown> =>
  E.tryCatch(
    () => JSON.parse(text) as unknown,
    () => fileError('the state of the rules to stop in the file is not JSON'),
  )

/** A run saved under a recipe with the same net, optimizer and rules; one without rules' states starts them anew. */
export const restoreRun =
  (s: Session) =>
  (bytes: Uint8Array): E.Either<FileError, Run> => {
    const file = decode(bytes)
    if (E.isLeft(file)) return file
    const { tensors, metadata } = file.right
    if (metadata['gradus'] !== 'state') return E.left(fileError('the file does not hold a state saved by gradus'))
    const apart = metadata['best'] === undefined ? [sumPrefix] : [sumPrefix, bestPrefix]
    const state = stateOf(
      s,
      tensors.filter(x => !apart.some(prefix => x.name.startsWith(prefix))),
      metadata,
    )
    if (E.isLeft(state)) return state
    const { running: text } = metadata
    if (text === undefined) return E.right(begin(s.recipe)(state.right))
    const running = E.chain((u: unknown) =>
      E.mapLeft((message: string) => fileError(`the rules to stop in the file: ${message}`))(
        Stop.resume(s.recipe.stop, u),
      ),
    )(parse(text))
    if (E.isLeft(running)) return running
    const reported = Object.keys(s.machine.totals('train').sums).filter(name => name !== gateName)
    const sums = readSums(reported, unprefixed(sumPrefix, tensors))
    if (E.isLeft(sums)) return sums
    const run: Run = { state: state.right, running: running.right, best: null, sums: sums.right }
    if (metadata['best'] === undefined) return E.right(run)
    return E.map((best: State.State): Run => ({ ...run, best: { state: best, epoch: Number(metadata['best']) } }))(
      stateOf(s, unprefixed(bestPrefix, tensors), metadata),
    )
  }

/** A state saved by a trainer whose slots are those of this one: the same net and the same optimizer. */
export const restore =
  (s: Session) =>
  (bytes: Uint8Array): E.Either<FileError, State.State> =>
    E.map(({ state }: Run) => state)(restoreRun(s)(bytes))
