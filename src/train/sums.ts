/** The sums of an epoch that was begun, which a run within it takes along. */
import * as E from '#fp/Either.js'
import { type FileError, fileError } from '../io/FileError.js'
import type { StoredTensor } from '../io/safetensors.js'

/** What an epoch's means are made of, as far as it got. */
export interface Sums {
  /** of rows times value, by the name of what is reported */
  readonly of: Readonly<Record<string, number>>
  /** rows of the steps that count */
  readonly rows: number
  /** steps that do not, since a guard skipped them */
  readonly skipped: number
}

/** Between two epochs. */
export const noSums: Sums = { of: {}, rows: 0, skipped: 0 }

const sumName = (reported: string): string => `sum/${reported}`

/** The sums as scalars in float64, to the bit; none between two epochs. */
export const writeSums = ({ of, rows, skipped }: Sums): readonly StoredTensor[] =>
  rows + skipped === 0
    ? []
    : [
        ['rows', rows] as const,
        ['skipped', skipped] as const,
        ...Object.entries(of).map(([n, x]) => [sumName(n), x] as const),
      ].map(([name, x]) => ({ name, dtype: 'F64', shape: [], bytes: new Uint8Array(Float64Array.of(x).buffer) }))

/** The sums of what is reported, if the tensors hold them. */
export const readSums = (reported: readonly string[], tensors: readonly StoredTensor[]): E.Either<FileError, Sums> => {
  if (tensors.length === 0) return E.right(noSums)
  const values = new Map(
    tensors.flatMap(({ name, dtype, bytes }) =>
      dtype === 'F64' && bytes.length === 8
        ? [[name, new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true)] as const]
        : [],
    ),
  )
  const missing = ['rows', 'skipped', ...reported.map(sumName)].find(name => !values.has(name))
  if (missing !== undefined)
    return E.left(
      fileError(`the file is of a run within an epoch, but has no "${missing}"; report what that run reported`),
    )
  const at = (name: string): number => values.get(name) ?? 0
  const sums = {
    of: Object.fromEntries(reported.map(r => [r, at(sumName(r))])),
    rows: at('rows'),
    skipped: at('skipped'),
  }
  return [sums.rows, sums.skipped].every(n => Number.isSafeInteger(n) && n >= 0)
    ? E.right(sums)
    : E.left(fileError(`${sums.rows} rows and ${sums.skipped} skipped steps in the file are no counts`))
}
