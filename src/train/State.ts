/**
 * The state of a training run: step, parameters, moving statistics, optimizer slots and keys. Opaque and immutable to
 * its user, and affine: a step consumes the state it is given and updates it in place.
 *
 *     const next = trainer.step(state, batch)      // `state` is consumed, `next.right.state` goes on
 *     const twin = State.fork(state)               // before stepping, to keep both
 *
 * A trainer keeps one state resident in its memory; forks and snapshots are copies outside of it, and stepping one of
 * those copies it in. So memory stays constant, and a consumed state is a clear error, never a wrong number.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as E from '#fp/Either.js'
import type { Slot } from '../backend/machine.js'
import type { StoredDType, StoredTensor } from '../io/safetensors.js'
import { bytesOf } from '../shape/DType.js'
import { sizeOf } from '../shape/TensorType.js'
import type { StateError } from './errors.js'

export interface State {
  readonly _tag: 'State'
  /** number of steps taken */
  readonly step: number
  /** whether any was taken with `relaxed`: then its bits depend on the hosts that took part */
  readonly relaxed: boolean
}

/** A slot within the state block. */
export interface Place extends Slot {
  readonly offset: number
}

/** What a state belongs to: the layout of its block and the memory where it may be resident. */
export interface Owner {
  readonly places: readonly Place[]
  readonly readBlock: () => Uint8Array
}

/** Where a state's block is: in the owner's memory, detached from it, or consumed. */
type Held =
  | { readonly owner: Owner; readonly at: 'resident' | 'consumed' }
  | { readonly owner: Owner; readonly at: 'detached'; readonly block: Uint8Array }

const held = new WeakMap<State, Held>()

const make = (step: number, relaxed: boolean, h: Held): State => {
  const state: State = Object.freeze({ _tag: 'State', step, relaxed })
  held.set(state, h)
  return state
}

/** The state that lies in its owner's memory. */
export const resident = (owner: Owner, step: number, relaxed: boolean): State =>
  make(step, relaxed, { owner, at: 'resident' })

const detached = (owner: Owner, step: number, relaxed: boolean, block: Uint8Array): State =>
  make(step, relaxed, { owner, at: 'detached', block })

/** A state of a block outside of memory; its step is the one in the block. */
export const placed = (owner: Owner, block: Uint8Array, relaxed: boolean): State => {
  const at = owner.places.find(p => p.name === 'step')?.offset ?? 0
  return detached(owner, new DataView(block.buffer, block.byteOffset).getFloat64(at, true), relaxed, block)
}

/** Whether the state lies in its owner's memory. */
export const isResident = (state: State): boolean => held.get(state)?.at === 'resident'

/** From now on the state lies outside of its owner's memory; the owner is about to use that for another. */
export const detach = (state: State): void => {
  const h = held.get(state)
  if (h?.at === 'resident') held.set(state, { owner: h.owner, at: 'detached', block: h.owner.readBlock() })
}

/** From now on the state lies in its owner's memory. */
export const settle = (state: State): void => {
  const h = held.get(state)
  if (h) held.set(state, { owner: h.owner, at: 'resident' })
}

/** From now on the state is an error to use. */
export const consume = (state: State): void => {
  const h = held.get(state)
  if (h) held.set(state, { owner: h.owner, at: 'consumed' })
}

const consumed = (state: State): StateError => ({
  _tag: 'StateConsumed',
  message:
    `the state of step ${state.step} was consumed by a step; go on with the state that the step returned, ` +
    'or State.fork it before stepping',
})

/** The state's block, which nobody writes to, or why there is none. */
export const blockOf = (state: State): E.Either<StateError, Uint8Array> => {
  const h = held.get(state)
  if (!h) return E.left({ _tag: 'StateForeign', message: 'this is not a state made by a trainer' })
  if (h.at === 'consumed') return E.left(consumed(state))
  return E.right(h.at === 'detached' ? h.block : h.owner.readBlock())
}

/** The owner of a state that can still be used. */
export const ownerOf = (state: State): E.Either<StateError, Owner> => {
  const h = held.get(state)
  if (!h) return E.left({ _tag: 'StateForeign', message: 'this is not a state made by a trainer' })
  return h.at === 'consumed' ? E.left(consumed(state)) : E.right(h.owner)
}

/** A copy that can be stepped on its own; a `Left` if the state was consumed. */
export const fork = (state: State): E.Either<StateError, State> =>
  E.chain((owner: Owner) =>
    E.map((block: Uint8Array) => detached(owner, state.step, state.relaxed, block))(blockOf(state)),
  )(ownerOf(state))

const stored: Readonly<Record<string, StoredDType>> = { f32: 'F32', f64: 'F64', i32: 'I32' }

/** The slots as named tensors, without the padding between them. */
export const tensors = (state: State): E.Either<StateError, readonly StoredTensor[]> =>
  E.chain((owner: Owner) =>
    E.map((block: Uint8Array) =>
      owner.places.map(({ name, type, offset }): StoredTensor => {
        const bytes = sizeOf(type.shape) * bytesOf(type.dtype)
        const dtype = stored[type.dtype] as StoredDType
        return { name, dtype, shape: type.shape, bytes: block.slice(offset, offset + bytes) }
      }),
    )(blockOf(state)),
  )(ownerOf(state))

/** The first slot that holds a number that is not finite, or null. */
export const firstNonFinite = (state: State): E.Either<StateError, string | null> =>
  E.map((all: readonly StoredTensor[]) => {
    const bad = all.find(x => x.dtype === 'F32' && !new Float32Array(x.bytes.slice().buffer).every(Number.isFinite))
    return bad?.name ?? null
  })(tensors(state))

/**
 * SHA-256 over all slots, as hex: equal states of one recipe have equal hashes. That of a state whose bits depend on the
 * host (`relaxed`) begins with "relaxed:".
 */
export const hash = (state: State): E.Either<StateError, string> =>
  E.map((all: readonly StoredTensor[]) => {
    const sum = sha256.create()
    for (const x of all) sum.update(x.bytes)
    return `${state.relaxed ? 'relaxed:' : ''}${bytesToHex(sum.digest())}`
  })(tensors(state))
