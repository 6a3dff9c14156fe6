/** A net compiled to predict: its weights are known and stay, so what depends on them alone is computed once. */

import * as E from '#fp/Either.js'
import { type Machine, type MachineSpec, machine } from '../backend/machine.js'
import type { Bits } from '../backend/numbers.js'
import type { StoredTensor } from '../io/safetensors.js'
import type { Variable } from '../nn/elaborate.js'
import type * as Net from '../nn/Net.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { sameShape, showShape, type TensorType, tensorType } from '../shape/TensorType.js'
import type { Hoisted } from '../transform/Hoist.js'
import { type Compiled, compile, type InferenceOptions, specOf } from './compiled.js'

export interface Inference {
  readonly machine: Machine
  readonly rows: number
  /** the variables' values, in the order of the net */
  readonly variables: readonly StoredTensor[]
}

/** The values of the variables, or what is missing or has another shape. */
const valuesOf = (
  variables: readonly Variable[],
  tensors: readonly StoredTensor[],
): E.Either<ShapeError, readonly StoredTensor[]> => {
  const byName = new Map(tensors.map(x => [x.name, x]))
  const found: StoredTensor[] = []
  for (const { path, shape } of variables) {
    const tensor = byName.get(path)
    if (!tensor) return E.left(shapeError(path, `the variable ${path} ${showShape(shape)} is missing`))
    if (tensor.dtype !== 'F32' || !sameShape(tensor.shape, shape))
      return E.left(
        shapeError(
          path,
          `${path} is ${showShape(shape)} in the net, but ${tensor.dtype}${showShape(tensor.shape)} here`,
        ),
      )
    found.push(tensor)
  }
  return E.right(found)
}

/** What a program may read: a type and its bytes, by name. */
type Values = ReadonlyMap<string, { readonly type: TensorType; readonly bytes: Uint8Array }>

const filled = (
  wanted: Pick<Compiled, 'programs' | 'inputs' | 'rows'>,
  values: Values,
  options: Pick<MachineSpec, 'threads' | 'relaxed' | 'generated'> = { threads: 1 },
): E.Either<ShapeError, Machine> =>
  E.chain((spec: MachineSpec) =>
    E.map((m: Machine) => {
      const block = new Uint8Array(m.stateBytes)
      for (const { name } of spec.state) block.set(values.get(name)?.bytes ?? [], m.slots.get(name)?.offset ?? 0)
      m.writeState(block)
      return m
    })(machine({ ...spec, ...options })),
  )(specOf(wanted, values))

/** The values of what is computed once, one after the other: so little memory is needed beside the predicting machine. */
const computeOnce = (once: Hoisted['once'], values: Values): E.Either<ShapeError, Values> => {
  const all = new Map(values)
  for (const [name, e] of Object.entries(once)) {
    const made = filled({ programs: { once: { [name]: e } }, inputs: [], rows: 1 }, values)
    if (E.isLeft(made)) return made
    const { buffer, byteOffset, byteLength } = made.right.run('once', 1, {})[name] as Bits
    all.set(name, { type: e.type, bytes: new Uint8Array(buffer, byteOffset, byteLength) })
  }
  return E.right(all)
}

/** The compiled net with the values of its variables; `generated`: for a module that may take over. */
export const inference = (
  net: Net.Net<Inputs, Shape>,
  classes: boolean,
  tensors: readonly StoredTensor[],
  options: InferenceOptions,
  generated = false,
): E.Either<ShapeError, Inference> => {
  const compiled = compile(net, classes, options)
  if (E.isLeft(compiled)) return compiled
  const { rows, once } = compiled.right
  const variables = valuesOf(compiled.right.variables, tensors)
  if (E.isLeft(variables)) return variables
  const values = new Map(
    variables.right.map(({ name, shape, bytes }) => [name, { type: tensorType('f32', shape), bytes }] as const),
  )
  return E.chain((all: Values) =>
    E.map((m: Machine) => ({ machine: m, rows, variables: variables.right }))(
      filled(compiled.right, all, {
        threads: options.threads ?? { worthFor: 1 },
        relaxed: options.relaxed ?? false,
        generated,
      }),
    ),
  )(computeOnce(once, values))
}
