/**
 * The map of a machine's linear memory, which never grows:
 *
 *     | null page | team | images | constants | inputs | scratch | arena | cells | state | order | resident data |
 *
 * Everything is aligned to 64 bytes. The programs of a machine never run at the same time, so they share inputs,
 * scratch, of which every thread has its own, and arena. The state is one block, so a snapshot is one copy; its layout does not depend on the rows.
 */
import * as E from '#fp/Either.js'
import type { Node, Program } from '../graph/Program.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { byteSize, showType, type TensorType } from '../shape/TensorType.js'
import { withEpilogues } from '../transform/Epilogue.js'
import { prepare } from '../transform/prepare.js'
import { type Known, knownKeys, split } from '../transform/Split.js'
import type { Unit } from '../transform/Unit.js'
import { encode, shareable } from './encode.js'
import { type Frame, imageBytes } from './image.js'
import { regions } from './kernels.gen.js'
import { dataMisfit, inputMisfit, slotMisfit } from './misfit.js'
import { type Layout, type Place, type Plan, plan } from './plan.js'
import type { MachineSpec, Wanted } from './spec.js'
import { available, type Threads } from './team.js'

/** A named buffer at its address. */
export interface Located {
  readonly at: number
  readonly type: TensorType
}

/** A plan, with the addresses of what it leaves. */
export interface Form {
  readonly plan: Plan
  readonly results: readonly (Located & { readonly name: string })[]
  /** where it is said whether a turn counts; 0 if every turn does */
  readonly gate: number
}

/** A program in the form whose regions the core has kernels for, whole or in parts, and what belongs to it. */
export interface Placed extends Form {
  /** the form that has every region whole, for a generated module; null unless the spec asks for it */
  readonly whole: Form | null
  /** running sums of the scalar f32 results */
  readonly sums: ReadonlyMap<string, number>
  readonly frame: Frame
}

export interface MemoryMap {
  readonly programs: ReadonlyMap<string, Placed>
  readonly state: { readonly at: number; readonly bytes: number }
  readonly slots: ReadonlyMap<string, Located>
  readonly inputs: ReadonlyMap<string, Located>
  readonly constants: readonly (Located & { readonly values: readonly number[] })[]
  readonly addressOf: (place: Place, thread: number) => number
  /** the words that threads speak through (`assembly/team.ts`) */
  readonly team: number
  /** the next row to fetch, as an index into the order; the order itself */
  readonly cursor: number
  readonly order: number
  /** the first step whose loss was not finite, or a negative number */
  readonly nonFinite: number
  /** where a column of a resident data set lies, by `set/input` */
  readonly data: ReadonlyMap<string, number>
  readonly bytes: number
  readonly threads: Threads
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64

/** Gives consecutive aligned places. */
const sequence = (start = 0) => {
  let at = start
  return {
    take: (bytes: number): number => {
      const here = at
      at = align(at + bytes)
      return here
    },
    end: () => at,
  }
}

const nullPage = 1024
/** Kernels may read up to 512 bytes past a buffer. */
const slack = 1024
/** What `assembly/team.ts` has at its place. */
const teamBytes = (threads: number): number => 320 + 64 * threads
export const pageBytes = 65536
const maxBytes = 4294967296 - pageBytes

const nothing = knownKeys([])
let coreKeys: Known | null = null // local mutation: made once, for the first plan
const keysOfCore = (): Known => {
  coreKeys ??= knownKeys(Object.keys(regions))
  return coreKeys
}

/** Regions that the core has no kernel for run in parts, others whole; products lead epilogues. */
const runnable = (program: Program, units: readonly Unit[], fused: boolean): readonly Unit[] => {
  const partsOf = split(fused ? keysOfCore() : nothing)
  const parts = units.flatMap((u): readonly Unit[] => (u._tag === 'Region' ? partsOf(u) : [u]))
  return fused ? withEpilogues(program, parts) : parts
}

export const kernelOf = (key: string): string => regions[key] ?? key

/** The shortest tile of a spec, where it says one. */
export const leastOf = ({ leastTile }: MachineSpec) => (leastTile === undefined ? {} : { leastTile })

/** Plans all programs and lays everything out; a `Left` names the first shape that does not fit. */
export const mapMemory = (spec: MachineSpec): E.Either<ShapeError, MemoryMap> => {
  const [state, inputs, constants, cells] = [sequence(), sequence(), sequence(), sequence()]
  const slotTypes = new Map(spec.state.map(s => [s.name, s.type]))
  const slotAt = new Map(spec.state.map(s => [s.name, state.take(byteSize(s.type, spec.rows))]))
  const inputAt = new Map<string, number>()
  const inputTypes = new Map<string, TensorType>()
  const constantAt = new Map<
    string,
    { readonly offset: number; readonly values: readonly number[]; readonly type: TensorType }
  >()
  const constant = ({ expr }: Node): number => {
    if (expr._tag !== 'Const') return 0
    const key = `${showType(expr.type)} ${expr.values.map(v => (Object.is(v, -0) ? '-0' : v)).join(' ')}`
    const known = constantAt.get(key)
    if (known) return known.offset
    const offset = constants.take(byteSize(expr.type, 1))
    constantAt.set(key, { offset, values: expr.values, type: expr.type })
    return offset
  }
  const cursor = cells.take(4)
  const nonFinite = cells.take(8)

  interface Planned {
    readonly wanted: Wanted
    readonly plan: Plan
    readonly whole: Plan | null
    readonly sums: ReadonlyMap<string, number>
  }
  const plans = new Map<string, Planned>()
  for (const [name, wanted] of Object.entries(spec.programs)) {
    const made = prepare([...Object.values(wanted.results), ...Object.values(wanted.updates)], spec.winograd)
    if (E.isLeft(made)) return made
    const { program, units } = made.right
    const wrong = slotMisfit(name, program, wanted, slotTypes) ?? inputMisfit(name, program, inputTypes, spec.inputs)
    if (wrong) return E.left(wrong)
    for (const { expr } of program.nodes) {
      if (expr._tag !== 'Input' || inputAt.has(expr.name)) continue
      inputAt.set(expr.name, inputs.take(byteSize(expr.type, spec.rows)))
      inputTypes.set(expr.name, expr.type)
    }
    const results = Object.entries(wanted.results)
    const updates = Object.keys(wanted.updates).map(
      (s, i) => [s, program.outputs[results.length + i] as number] as const,
    )
    const layout: Layout = { state: slotAt, inputs: inputAt, constant }
    const nodes = { results: program.outputs.slice(0, results.length), updates: new Map(updates) }
    const scalars = results.filter(([, e]) => e.type.dtype === 'f32' && e.type.shape.length === 0)
    const planOf = (of: readonly Unit[]): Plan => plan(program, of, layout, nodes, spec.rows)
    plans.set(name, {
      wanted,
      plan: planOf(runnable(program, units, spec.fused ?? true)),
      whole: spec.generated ? planOf(withEpilogues(program, units)) : null,
      sums: new Map(scalars.map(([r]) => [r, cells.take(8)])),
    })
  }

  const wrong = dataMisfit(spec, inputTypes)
  if (wrong) return E.left(wrong)
  const all = [...plans.values()].flatMap(({ plan: p, whole }) => (whole ? [p, whole] : [p]))
  const sets = Object.entries(spec.resident ?? {})
  const encoded = (p: Plan, rows: number) => encode(p, { rows, ...leastOf(spec), base: () => 0, kernelOf })
  const models = new Map(all.map(p => [p, encoded(p, spec.rows)]))
  const modelOf = (p: Plan, rows: number) => (rows === spec.rows && models.get(p)) || encoded(p, rows)
  const team = available(spec.threads ?? 1, (rows = spec.rows) =>
    Math.max(0, ...[...plans.values()].map(p => shareable(modelOf(p.plan, rows)))),
  )
  const { threads } = team
  const map = sequence(nullPage)
  const control = map.take(teamBytes(threads))
  const frames = new Map(
    [...plans].map(([name, { plan: p, whole, sums }]): readonly [string, Frame] => {
      const around = { before: inputAt.size + 1, behind: sums.size + 1 }
      const bytes = [p, ...(whole ? [whole] : [])].map(form => imageBytes(around, modelOf(form, spec.rows), threads))
      return [name, { ...around, at: map.take(Math.max(...bytes)) }]
    }),
  )
  const scratchBytes = align(Math.max(0, ...all.map(p => p.scratchBytes)))
  const bases = {
    consts: map.take(constants.end()),
    inputs: map.take(inputs.end()),
    scratch: map.take(threads * scratchBytes),
    arena: map.take(Math.max(0, ...all.map(p => p.arenaBytes))),
    state: 0,
  }
  const cellBase = map.take(cells.end())
  bases.state = map.take(state.end())
  const order = map.take(4 * Math.max(0, ...sets.map(([, s]) => s.rows)))
  const data = new Map(
    sets.flatMap(([name, s]) => s.columns.map(c => [`${name}/${c.input}`, map.take(c.values.byteLength)] as const)),
  )
  const bytes = map.end() + slack
  if (bytes > maxBytes) {
    const need = Math.ceil(bytes / 1048576)
    return E.left(shapeError('memory', `the plan takes ${need} MiB, but WebAssembly addresses at most 4,095`))
  }

  const addressOf = ({ section, offset }: Place, thread: number): number =>
    bases[section] + offset + (section === 'scratch' ? thread * scratchBytes : 0)
  const located = (base: number, at: Iterable<readonly [string, number]>, typeOf: (name: string) => TensorType) =>
    new Map([...at].map(([name, offset]) => [name, { at: base + offset, type: typeOf(name) }]))
  return E.right({
    programs: new Map(
      [...plans].map(([name, { plan: core, whole, wanted, sums }]) => {
        const form = (p: Plan): Form => {
          const results = Object.entries(wanted.results).map(([result, e], i) => ({
            name: result,
            at: addressOf(p.results[i] as Place, 0),
            type: e.type,
          }))
          return { plan: p, results, gate: results.find(r => r.name === wanted.gate)?.at ?? 0 }
        }
        return [
          name,
          {
            ...form(core),
            whole: whole && form(whole),
            sums: new Map([...sums].map(([result, offset]) => [result, cellBase + offset])),
            frame: frames.get(name) as Frame,
          },
        ]
      }),
    ),
    state: { at: bases.state, bytes: state.end() },
    slots: located(bases.state, slotAt, name => slotTypes.get(name) as TensorType),
    inputs: located(bases.inputs, inputAt, name => inputTypes.get(name) as TensorType),
    constants: [...constantAt.values()].map(c => ({ at: bases.consts + c.offset, type: c.type, values: c.values })),
    addressOf,
    team: control,
    cursor: cellBase + cursor,
    order,
    nonFinite: cellBase + nonFinite,
    data,
    bytes,
    threads: team,
  })
}
