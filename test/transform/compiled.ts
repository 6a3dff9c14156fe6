/** Plans run by hand on a module of kernels compiled for just them. */

import { emitRegion, parseKey } from '../../src/backend/emitRegion.js'
import { encode } from '../../src/backend/encode.js'
import type { Place } from '../../src/backend/plan.js'
import type { Expr } from '../../src/graph/Expr.js'
import { outputs } from '../../src/graph/Program.js'
import { resolveDim, sizeOf } from '../../src/shape/TensorType.js'
import type { Planned } from '../backend/planned.js'
import { type Compiled, compile } from '../support/asc.js'

const align = (n: number): number => Math.ceil(n / 64) * 64

export type Kernels = Compiled & { readonly names: ReadonlyMap<string, string> }

/** A module of just the kernels that these keys and the operations with kernels of their own need. */
export const compileKeys = async (keys: readonly string[]): Promise<Kernels> => {
  const names = new Map([...new Set(keys)].map((key, i) => [key, `region_${i}`]))
  const functions = new Set([...names.keys()].flatMap(key => parseKey(key).steps.map(s => s.fn)))
  const source = [
    ...['copy', 'reduce', 'gather', 'matmul/index'].map(m => `export * from './assembly/${m}'`),
    `import { ${[...functions].sort().join(', ')} } from './assembly/elementwise'`,
    `import { maxLanes, storeLanes, sumLanes } from './assembly/tail'`,
    ...[...names].map(([key, name]) => emitRegion(name, key)),
  ].join('\n')
  return { ...(await compile(source, 512)), names }
}

/** Runs a plan on the given leaves; the results, as 32-bit words, with one NaN for all. */
export const runPlanned = (
  p: Planned,
  kernels: Kernels,
  rows: number,
  valuesOf: (e: Expr) => ArrayLike<number>,
): readonly Int32Array[] => {
  const { buffer } = kernels.memory
  const bases = { state: 0, inputs: 0, consts: 0, arena: 0, scratch: 0 }
  let at = 65536
  for (const section of ['state', 'inputs', 'consts', 'arena', 'scratch'] as const) {
    bases[section] = at
    at = align(at + p.bytes[section]) + 1024
  }
  new Uint8Array(buffer, 65536, at - 65536).fill(0xa5)
  const base = ({ section, offset }: Place): number => bases[section] + offset
  p.program.nodes.forEach(({ expr }, i) => {
    const name = expr._tag === 'Const' ? `%${i}` : expr._tag === 'Apply' ? null : expr.name
    const place = name === null ? undefined : p.leaves.get(name)
    if (!place) return
    const values = expr._tag === 'Const' ? expr.values : valuesOf(expr)
    if (expr.type.dtype === 'i32') new Int32Array(buffer, base(place), values.length).set(values)
    else new Float32Array(buffer, base(place), values.length).set(values)
  })
  for (const { kernel, words } of encode(p.plan, { rows, base, kernelOf: key => kernels.names.get(key) ?? key })) {
    new Uint32Array(buffer, 64, words.length).set(words.map(Number))
    kernels.call(kernel)(64)
  }
  return p.plan.results.map((place, i) => {
    const { type } = outputs(p.program)[i] as Expr
    const size = resolveDim(sizeOf(type.shape), rows)
    const values = new Float32Array(buffer, base(place), size)
    const words = new Int32Array(buffer, base(place), size)
    return words.map((w, k) => (type.dtype === 'f32' && Number.isNaN(values[k]) ? 0x7fc00000 : w))
  })
}
