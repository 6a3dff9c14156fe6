/** What the tests of this folder share: small recipes and data, and states with given values. */
import { pipe } from '#fp/function.js'
import {
  Clip,
  Data,
  Init,
  Label,
  Layer,
  Loss,
  Metric,
  Net,
  Optimizer,
  Recipe,
  Schedule,
  State,
} from '../../src/index.js'
import { decode, encode, type StoredTensor } from '../../src/io/safetensors.js'
import { expectRight } from '../support/assert.js'

/** Numbers in [-1, 1] that follow from their index; multiples of 2^-10. */
export const numbers = (n: number, salt = 0): Float32Array => {
  const next = (i: number) => (Math.imul(i + 1, 2654435761) ^ Math.imul(salt + 1, 40503)) >>> 0
  return Float32Array.from(
    { length: n },
    (_, i) => ((Math.imul(next(i) ^ (next(i) >>> 15), 2246822519) >>> 21) - 1024) / 1024,
  )
}

export const classes = (n: number, count: number): Int32Array =>
  Int32Array.from(numbers(n, 77), x => Math.floor(((x + 1) / 2.01) * count))

export const threeClasses = { inputs: [6], label: Label.classes(3) } as const

/** `n` rows of six numbers in three classes. */
export const rows = (n: number) => expectRight(Data.of(threeClasses)({ x: numbers(6 * n), y: classes(n, 3) }))

export const optimizer = Optimizer.chain(
  Clip.byGlobalNorm(1),
  Optimizer.momentum({
    rate: Schedule.exponential({ initial: 0.1, steps: 50, decay: 0.5 }),
    momentum: 0.9,
    nesterov: true,
  }),
)

export const smallNet = pipe(
  Net.input(6),
  Layer.dense(7, { init: Init.he() }),
  Layer.batchNorm(),
  Layer.elu(),
  Layer.dropout(0.3),
  Layer.dense(3),
)

/** Batch norm, dropout, clipping, a schedule and slots, in 80 parameters. */
export const small = (changes: Partial<Parameters<typeof Recipe.of<readonly [6], readonly [3], 'class'>>[0]> = {}) =>
  Recipe.of({
    net: smallNet,
    loss: Loss.softmaxCrossEntropy(),
    metrics: [Metric.accuracy()],
    optimizer,
    batch: 4,
    epochs: 3,
    seed: 7,
    ...changes,
  })

export const hashOf = (state: State): string => expectRight(State.hash(state))

interface Saves {
  readonly init: () => State
  readonly save: (state: State) => ReturnType<typeof import('../../src/train/saved.js').save>
  readonly restore: ReturnType<typeof import('../../src/train/saved.js').restore>
}

/** All that a state holds, by name. */
export const tensorsOf = (trainer: Pick<Saves, 'save'>, state: State): ReadonlyMap<string, StoredTensor> =>
  new Map(expectRight(decode(expectRight(trainer.save(state)))).tensors.map(x => [x.name, x]))

export const floats = (tensor: StoredTensor | undefined): Float32Array => {
  if (tensor?.dtype !== 'F32') throw new Error(`no floats: ${tensor?.dtype}`)
  return new Float32Array(Uint8Array.from(tensor.bytes).buffer)
}

/** The initial state with other values: what anyone can do with the bytes of a file. */
export const stateWith = (trainer: Saves, values: ReadonlyMap<string, ArrayLike<number>>): State => {
  const { tensors, metadata } = expectRight(decode(expectRight(trainer.save(trainer.init()))))
  const unknown = [...values.keys()].find(name => !tensors.some(x => x.name === name))
  if (unknown !== undefined) throw new Error(`no tensor ${unknown}`)
  const changed = tensors.map(x => {
    const given = values.get(x.name)
    return given ? { ...x, bytes: new Uint8Array(Float32Array.from(given).buffer) } : x
  })
  return expectRight(trainer.restore(encode({ tensors: changed, metadata })))
}
