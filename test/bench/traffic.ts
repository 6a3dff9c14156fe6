/** Bytes that the steps of a plan read and write, each operand once, in the regions of elementwise operations and in all. */
import { mapMemory, type Placed } from '../../src/backend/layout.js'
import type { MachineSpec } from '../../src/backend/spec.js'
import type { Node } from '../../src/graph/Program.js'
import { byteSize } from '../../src/shape/TensorType.js'
import { orThrow } from '../../src/train/result.js'
import { reads, writes } from '../../src/transform/Unit.js'
import { compile } from '../support/asc.js'

export interface Traffic {
  readonly regions: number
  readonly all: number
}

export const trafficOf = (spec: MachineSpec, name: string, rows: number): Traffic => {
  const { plan } = orThrow(mapMemory(spec)).programs.get(name) as Placed
  const { program, units, copies } = plan
  const bytes = (node: number): number => byteSize((program.nodes[node] as Node).expr.type, rows)
  const isAlias = (node: number): boolean => {
    const { expr } = program.nodes[node] as Node
    return expr._tag === 'Apply' && expr.op.lower._tag === 'Alias'
  }
  const total = (nodes: Iterable<number>): number => [...nodes].reduce((sum, node) => sum + bytes(node), 0)
  const sums = { regions: 0, all: 0 } // local mutation
  for (const unit of units) {
    if (unit._tag === 'Single' && isAlias(unit.node)) continue
    const moved = total(new Set(reads(program, unit))) + total(writes(unit))
    sums.all += moved
    if (unit._tag === 'Region') sums.regions += moved
  }
  return { ...sums, all: sums.all + 2 * total(copies.map(c => c.node)) }
}

const megabytes = 64
const source = `
export function copy(from: usize, to: usize, bytes: usize): void {
  for (const end = from + bytes; from != end; from += 64, to += 64) {
    v128.store(to, v128.load(from))
    v128.store(to, v128.load(from, 16), 16)
    v128.store(to, v128.load(from, 32), 32)
    v128.store(to, v128.load(from, 48), 48)
  }
}
`

/** GB/s of a copy by 128-bit vectors that no cache holds, read and written, the best of many. */
export const bandwidth = async (): Promise<number> => {
  const bytes = megabytes * 1_048_576
  const copy = (await compile(source, 2 * 16 * megabytes)).call('copy')
  const times = Array.from({ length: 20 }, () => {
    const start = performance.now()
    copy(0, bytes, bytes)
    return performance.now() - start
  })
  return (2 * bytes) / (Math.min(...times) * 1e6)
}
