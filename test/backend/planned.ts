/** A plan by itself: of any units, with every place open to view. */
import type { Layout, Place, Plan } from '../../src/backend/plan.js'
import { plan } from '../../src/backend/plan.js'
import type { Expr } from '../../src/graph/Expr.js'
import { byteSize } from '../../src/shape/TensorType.js'
import { type Prepared, prepare } from '../../src/transform/prepare.js'
import { knownKeys, split } from '../../src/transform/Split.js'
import type { Unit } from '../../src/transform/Unit.js'
import { expectRight } from '../support/assert.js'

export interface Planned extends Prepared {
  readonly plan: Plan
  readonly rows: number
  /** bytes of each section */
  readonly bytes: Readonly<Record<Place['section'], number>>
  readonly leaves: ReadonlyMap<string, Place>
}

/** Every operation by itself. */
export const alone = (units: readonly Unit[]): readonly Unit[] =>
  units.flatMap((u): readonly Unit[] => (u._tag === 'Region' ? split(knownKeys([]))(u) : [u]))

const align = (n: number): number => Math.ceil(n / 64) * 64

export const planned = (
  results: readonly Expr[],
  updates: Readonly<Record<string, Expr>>,
  state: readonly Extract<Expr, { _tag: 'Param' }>[],
  rows: number,
  how: (units: readonly Unit[]) => readonly Unit[],
): Planned => {
  const prepared = expectRight(prepare([...results, ...Object.values(updates)]))
  const { program } = prepared
  const bytes = { state: 0, inputs: 0, consts: 0, arena: 0, scratch: 0 }
  const leaves = new Map<string, Place>()
  const take = (section: Place['section'], size: number): Place => {
    const place = { section, offset: bytes[section] }
    bytes[section] += align(size) + 64
    return place
  }
  for (const s of state) leaves.set(s.name, take('state', byteSize(s.type, rows)))
  program.nodes.forEach(({ expr }, i) => {
    const name = expr._tag === 'Const' ? `%${i}` : expr._tag === 'Input' ? expr.name : null
    if (name !== null) leaves.set(name, take(expr._tag === 'Const' ? 'consts' : 'inputs', byteSize(expr.type, rows)))
  })
  const offsets = new Map([...leaves].map(([name, { offset }]) => [name, offset]))
  const layout: Layout = {
    state: offsets,
    inputs: offsets,
    constant: node => offsets.get(`%${program.nodes.indexOf(node)}`) ?? -1,
  }
  const slots = Object.keys(updates).map((s, i) => [s, program.outputs[results.length + i] as number] as const)
  const wanted = { results: program.outputs.slice(0, results.length), updates: new Map(slots) }
  const units = how(prepared.units)
  const made = plan(program, units, layout, wanted, rows)
  return {
    program,
    units,
    plan: made,
    rows,
    leaves,
    bytes: { ...bytes, arena: made.arenaBytes, scratch: made.scratchBytes },
  }
}
