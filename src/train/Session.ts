/** A compiled recipe: its machine and the one state that is resident in it. */

import * as E from '#fp/Either.js'
import { type Machine, machine, type Resident, type ThreadCount } from '../backend/machine.js'
import { input } from '../graph/Expr.js'
import * as Init from '../nn/Init.js'
import { keyOf } from '../random/Key.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { sizeOf, tensorType } from '../shape/TensorType.js'
import type { Winograd } from '../transform/Winograd.js'
import { type StateError, stateVoid } from './errors.js'
import { keySlot, type Programs, programs } from './programs.js'
import type { AnyRecipe } from './Recipe.js'
import * as State from './State.js'

export interface Session {
  readonly recipe: AnyRecipe
  readonly programs: Programs
  /** whether its programs take rows that have weights of their own */
  readonly weighted: boolean
  readonly machine: Machine
  /** the largest number of rows of one run */
  readonly rows: number
  /** the recipe's initial state, drawn anew */
  readonly init: () => E.Either<ShapeError, State.State>
  /** whether steps are taken with relaxed SIMD, and by which algorithm their convolutions */
  readonly relaxed: boolean
  readonly winograd: Winograd
  /** a state from a block of bytes, outside of memory; whether steps to it were relaxed */
  readonly place: (block: Uint8Array, relaxed?: boolean) => State.State
  /** a copy of the block of a state, which is not consumed */
  readonly blockOf: (state: State.State) => E.Either<StateError, Uint8Array>
  /** makes a state the resident one, putting aside the one that was */
  readonly adopt: (state: State.State) => E.Either<StateError, void>
  /** a `Left` when a thread was lost, so that what the last run left is void */
  readonly whole: () => E.Either<StateError, void>
  /** the state after `steps` steps that were just run on the resident one, which is consumed */
  readonly advance: (state: State.State, steps: number) => State.State
}

const initialKey = (path: string): string => `init/${path}`

/** The initial values of all variables, drawn by the kernels: the same bits everywhere. */
const drawInitial = (recipe: AnyRecipe, p: Programs) => {
  const key = (path: string) => input(initialKey(path), tensorType('i32', [4]))
  const results = Object.fromEntries(p.variables.map(v => [v.path, Init.values(v.init, v.shape, key(v.path), v.fans)]))
  const keys = p.variables.map(v => [initialKey(v.path), [...keyOf(recipe.seed, v.path, 'init'), 0, 0]])
  const given = Object.fromEntries(keys)
  return E.map((m: Machine) => m.run('init', 1, given))(
    machine({ rows: 1, state: [], inputs: Object.keys(given), programs: { init: { results, updates: {} } } }),
  )
}

/** The threads of one who asked for none: worth it or not by the recipe's batch. */
export const unasked = ({ batch }: AnyRecipe): ThreadCount => ({ worthFor: batch })

export interface SessionOptions {
  /** data sets that lie in its memory */
  readonly resident?: Readonly<Record<string, Resident>>
  readonly weighted?: boolean
  /** default 1 */
  readonly threads?: ThreadCount
  /** whether a generated module may take over */
  readonly generated?: boolean
  readonly winograd?: Winograd | undefined
  /** whether its products and convolutions use relaxed SIMD */
  readonly relaxed?: boolean
}

/** Compiles a recipe for batches of at most `rows` rows. */
export const session = (
  recipe: AnyRecipe,
  rows: number,
  {
    resident = {},
    weighted = false,
    threads = 1,
    generated = false,
    winograd = 'F(2x2)',
    relaxed = false,
  }: SessionOptions = {},
): E.Either<ShapeError, Session> => {
  const made = programs(recipe, weighted)
  if (E.isLeft(made)) return made
  const p = made.right
  const { slots, inputs, train, evaluate, judge } = p
  return E.map((m: Machine): Session => {
    const places = slots.map(s => ({ ...s, offset: m.slots.get(s.name)?.offset ?? 0 }))
    const owner: State.Owner = { places, readBlock: m.readState }
    let current: State.State | null = null // local mutation: which state lies in memory
    const place = (block: Uint8Array, wasRelaxed = false): State.State => State.placed(owner, block, wasRelaxed)
    const own = (state: State.State): E.Either<StateError, State.State> =>
      E.chain(
        (o: State.Owner): E.Either<StateError, State.State> =>
          o === owner
            ? E.right(state)
            : E.left({
                _tag: 'StateForeign',
                message: 'the state belongs to another trainer; save it there with trainer.save and restore it here',
              }),
      )(State.ownerOf(state))
    return {
      recipe,
      programs: p,
      weighted,
      machine: m,
      rows,
      relaxed,
      winograd,
      place,
      init: () =>
        E.map((values: ReturnType<Machine['run']>) => {
          const block = new Uint8Array(m.stateBytes)
          for (const { name, type, offset } of places) {
            const size = sizeOf(type.shape)
            const fill = p.fills.get(name)
            const drawn = values[name]
            if (drawn) block.set(new Uint8Array(drawn.buffer, drawn.byteOffset, drawn.byteLength), offset)
            else if (fill !== undefined && type.dtype === 'f32') new Float32Array(block.buffer, offset, size).fill(fill)
            else if (fill !== undefined) new Float64Array(block.buffer, offset, size).fill(fill)
          }
          for (const path of p.draws) {
            const at = m.slots.get(keySlot(path))?.offset ?? 0
            new Int32Array(block.buffer, at, 2).set(keyOf(recipe.seed, path, 'train'))
          }
          return place(block)
        })(drawInitial(recipe, p)),
      blockOf: state => E.chain(State.blockOf)(own(state)),
      whole: () => (m.lost() ? E.left(stateVoid) : E.right(undefined)),
      adopt: state =>
        E.chain((mine: State.State): E.Either<StateError, void> => {
          if (m.lost()) return E.left(stateVoid)
          if (State.isResident(mine)) return E.right(undefined)
          return E.map((block: Uint8Array) => {
            if (current) State.detach(current)
            m.writeState(block)
            State.settle(mine)
            current = mine
            return undefined
          })(State.blockOf(mine))
        })(own(state)),
      advance: (state, steps) => {
        State.consume(state)
        current = State.resident(owner, state.step + steps, state.relaxed || relaxed)
        return current
      },
    }
  })(
    machine({
      rows,
      state: slots,
      inputs,
      programs: { train, evaluate, judge },
      resident,
      threads,
      generated,
      winograd,
      relaxed,
    }),
  )
}
