/** What of a machine's programs, state and data does not fit together: found before anything is written to memory. */
import type { Program } from '../graph/Program.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { sameType, showType, sizeOf, type TensorType } from '../shape/TensorType.js'
import type { Column, MachineSpec, Wanted } from './spec.js'

type Types = ReadonlyMap<string, TensorType>

/** The first parameter or update of a program that is not a slot of that type. */
export const slotMisfit = (name: string, program: Program, wanted: Wanted, slots: Types): ShapeError | null => {
  const params = program.nodes.flatMap(({ expr }) => (expr._tag === 'Param' ? [[expr.name, expr.type] as const] : []))
  const updates = Object.entries(wanted.updates).map(([slot, e]) => [slot, e.type] as const)
  for (const [slot, type] of [...params, ...updates]) {
    const known = slots.get(slot)
    if (!known) return shapeError(name, `the state has no slot "${slot}"`)
    if (!sameType(known, type))
      return shapeError(name, `the slot "${slot}" holds ${showType(known)}, not ${showType(type)}`)
  }
  return null
}

/** The first input of a program that nobody gives, or that another program has under another type. */
export const inputMisfit = (
  name: string,
  program: Program,
  inputs: Types,
  given?: readonly string[],
): ShapeError | null => {
  for (const { expr } of program.nodes) {
    if (expr._tag !== 'Input') continue
    if (given && !given.includes(expr.name))
      return shapeError(name, `there is no input "${expr.name}"; the inputs are ${given.join(', ')}`)
    const known = inputs.get(expr.name)
    if (known && !sameType(known, expr.type))
      return shapeError(
        name,
        `the input "${expr.name}" is ${showType(expr.type)} here, but ${showType(known)} elsewhere`,
      )
  }
  return null
}

const columnFault = ({ width, values }: Column, rows: number, type: TensorType): string | null => {
  if (values.length !== rows * width) return `${values.length} values are not ${rows} rows of ${width}`
  if (sizeOf(type.shape) !== -width) return `${width} values a row do not fit ${showType(type)}`
  return (type.dtype === 'i32') === values instanceof Int32Array ? null : `the values do not suit ${showType(type)}`
}

/** The first column of a resident data set that does not fit the input it is for. */
export const dataMisfit = (spec: MachineSpec, inputs: Types): ShapeError | null => {
  for (const [set, { rows, columns }] of Object.entries(spec.resident ?? {}))
    for (const column of columns) {
      const type = inputs.get(column.input)
      const fault = type ? columnFault(column, rows, type) : null
      if (fault) return shapeError(`${set}/${column.input}`, fault)
    }
  return null
}
