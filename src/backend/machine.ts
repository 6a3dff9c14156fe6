/**
 * A machine: several programs over one state, in one linear memory that never grows.
 *
 *     | null page | images | constants | inputs | scratch | arena | cells | state | resident data |
 *
 * An image is a program as the interpreter reads it: its code (kernel, record) and its records. The programs never run
 * at the same time, so they share inputs, scratch and arena. The state is one block, so a snapshot is one copy.
 */
import * as E from '#fp/Either.js'
import type { Expr } from '../graph/Expr.js'
import type * as Program from '../graph/Program.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { byteSize, resolveDim, showType, sizeOf, type TensorType } from '../shape/TensorType.js'
import { type Unit, unfuse } from '../transform/Fuse.js'
import { prepare } from '../transform/prepare.js'
import { regions } from './kernels.gen.js'
import { instantiate } from './kernels.js'
import { type Encoded, encode, type Layout, type Place, type Plan, plan } from './plan.js'

export interface Slot {
  readonly name: string
  readonly type: TensorType
}

/** What a program computes: values to look at, and new values of state slots. */
export interface Wanted {
  readonly results: Readonly<Record<string, Expr>>
  readonly updates: Readonly<Record<string, Expr>>
}

/** A data set kept in linear memory: a column for each input, `width` elements a row. */
export interface Column {
  readonly input: string
  readonly width: number
  readonly values: Uint8Array | Float32Array | Int32Array
}

export interface Resident {
  readonly rows: number
  readonly columns: readonly Column[]
}

export interface MachineSpec {
  /** the largest number of rows of one run */
  readonly rows: number
  readonly state: readonly Slot[]
  readonly programs: Readonly<Record<string, Wanted>>
  readonly resident?: Readonly<Record<string, Resident>>
}

export type Bits = Float32Array | Int32Array

/** Running sums of a repeated program: rows * value of every scalar result, and the first step that was not finite. */
export interface Totals {
  readonly sums: Readonly<Record<string, number>>
  readonly nonFinite: number | null
}

export interface Machine {
  readonly stateBytes: number
  readonly slots: ReadonlyMap<string, { readonly offset: number; readonly type: TensorType }>
  /** a copy of the state block */
  readonly readState: () => Uint8Array
  readonly writeState: (block: Uint8Array) => void
  /** runs a program once on the given inputs; results are copies */
  readonly run: (program: string, rows: number, inputs: Readonly<Record<string, ArrayLike<number>>>) => Readonly<Record<string, Bits>>
  /** the order in which rows of a resident data set are fetched; rewinds it */
  readonly order: (set: string, indices: Int32Array) => void
  /** runs a program `count` times, each on the next `rows` rows of a resident data set, adding to `totals` */
  readonly repeat: (program: string, set: string, rows: number, count: number) => void
  readonly resetTotals: () => void
  readonly totals: (program: string) => Totals
  /** bytes of linear memory */
  readonly memoryBytes: number
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64
const pageBytes = 65536
const maxBytes = 2 ** 32 - pageBytes

/** Gives consecutive 64-byte aligned places. */
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

interface Prepared {
  readonly plan: Plan
  readonly results: readonly string[]
}

const known = (unit: Unit): readonly Unit[] => (unit._tag === 'Single' || regions[unit.key] ? [unit] : unfuse(unit))

/** Compiles the programs; a `Left` names the first shape that does not fit. */
export const machine = (spec: MachineSpec): E.Either<ShapeError, Machine> => {
  const stateAt = sequence()
  const slots = new Map(spec.state.map(s => [s.name, { offset: stateAt.take(byteSize(s.type, spec.rows)), type: s.type }]))
  const inputsAt = sequence()
  const inputs = new Map<string, { offset: number; type: TensorType }>()
  const constsAt = sequence()
  const consts = new Map<string, { offset: number; node: Program.Node['expr'] & { _tag: 'Const' } }>()
  const layout = (): Layout => ({
    state: new Map([...slots].map(([name, s]) => [name, s.offset])),
    inputs: new Map([...inputs].map(([name, i]) => [name, i.offset])),
    constant: ({ expr }) => {
      if (expr._tag !== 'Const') return 0
      const key = `${showType(expr.type)} ${expr.values.map(v => (Object.is(v, -0) ? '-0' : v)).join(' ')}`
      const place = consts.get(key) ?? { offset: constsAt.take(byteSize(expr.type, 1)), node: expr }
      consts.set(key, place)
      return place.offset
    },
  })

  const prepared = new Map<string, Prepared>()
  for (const [name, wanted] of Object.entries(spec.programs)) {
    const made = prepare([...Object.values(wanted.results), ...Object.values(wanted.updates)])
    if (E.isLeft(made)) return made
    const { program, units } = made.right
    for (const { expr } of program.nodes) {
      if (expr._tag === 'Param' && !slots.has(expr.name))
        return E.left(shapeError(name, `the state has no slot "${expr.name}"`))
      if (expr._tag === 'Input' && !inputs.has(expr.name))
        inputs.set(expr.name, { offset: inputsAt.take(byteSize(expr.type, spec.rows)), type: expr.type })
    }
    const results = Object.keys(wanted.results)
    const updates = new Map(Object.keys(wanted.updates).map((slot, i) => [slot, program.outputs[results.length + i] as number]))
    prepared.set(name, {
      results,
      plan: plan(
        program,
        units.flatMap(known),
        layout(),
        { results: program.outputs.slice(0, results.length), updates },
        spec.rows,
      ),
    })
  }

  const encoded = (name: string, rows: number, base: (place: Place) => number): readonly Encoded[] =>
    encode((prepared.get(name) as Prepared).plan, rows, base, key => regions[key] as string)
  const imageBytes = (calls: readonly Encoded[]): number => calls.reduce((n, c) => n + 8 + 4 * c.words.length, 0)
  const scalars = (name: string): readonly string[] =>
    Object.entries((spec.programs[name] as Wanted).results).flatMap(([result, e]) =>
      e.type.dtype === 'f32' && e.type.shape.length === 0 ? [result] : [],
    )

  const cellsOf = new Map<string, number>()
  const cellAt = sequence()
  const cursor = cellAt.take(4)
  const nonFinite = cellAt.take(8)
  for (const name of prepared.keys())
    for (const result of scalars(name)) cellsOf.set(`${name}/${result}`, cellAt.take(8))

  const plans = [...prepared.values()].map(p => p.plan)
  const most = (of: (p: Plan) => number): number => Math.max(0, ...plans.map(of))
  const setColumns = (set: Resident): readonly Column[] => set.columns
  const sets = Object.entries(spec.resident ?? {})
  const most_ = Math.max(0, ...sets.map(([, s]) => s.rows))

  const map = sequence(1024)
  const imageRoom = new Map(
    [...prepared.keys()].map(name => {
      const around = 64 * (inputs.size + scalars(name).length + 4)
      return [name, imageBytes(encoded(name, spec.rows, () => 0)) + around] as const
    }),
  )
  const images = new Map([...imageRoom].map(([name, room]) => [name, map.take(room)]))
  const bases = {
    consts: map.take(constsAt.end()),
    inputs: map.take(inputsAt.end()),
    scratch: map.take(most(p => p.scratchBytes)),
    arena: map.take(most(p => p.arenaBytes)),
    cells: map.take(cellAt.end()),
    state: map.take(stateAt.end()),
  }
  const orderBase = map.take(4 * most_)
  const dataBases = new Map(
    sets.flatMap(([name, set]) =>
      setColumns(set).map(c => [`${name}/${c.input}`, map.take(c.values.byteLength)] as const),
    ),
  )
  const total = map.end() + 1024
  if (total > maxBytes)
    return E.left(shapeError('memory', `${Math.ceil(total / 2 ** 20)} MiB are needed, but WebAssembly can address 4,096`))
  const pages = Math.ceil(total / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { run, repeat, indexOf } = instantiate(memory)
  const { buffer } = memory
  const bytes = new Uint8Array(buffer)
  const view = new DataView(buffer)
  const base = ({ section, offset }: Place): number => bases[section] + offset

  const writeNumbers = (at: number, type: TensorType, values: ArrayLike<number>): void => {
    if (type.dtype === 'f64') new Float64Array(buffer, at, values.length).set(values)
    else if (type.dtype === 'f32') new Float32Array(buffer, at, values.length).set(values)
    else new Int32Array(buffer, at, values.length).set(values)
  }
  for (const { offset, node } of consts.values()) writeNumbers(bases.consts + offset, node.type, node.values)
  for (const [name, set] of sets)
    for (const { input, values } of setColumns(set))
      bytes.set(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        dataBases.get(`${name}/${input}`) as number,
      )

  /** What surrounds a program in a repeated run. */
  const fetches = (set: string | null, rows: number): readonly Encoded[] =>
    set === null
      ? []
      : [
          ...setColumns((spec.resident ?? {})[set] as Resident).map(({ input, width, values }) => ({
            kernel: values instanceof Uint8Array ? 'fetch8' : 'fetch32',
            words: [
              dataBases.get(`${set}/${input}`) as number,
              orderBase,
              bases.cells + cursor,
              bases.inputs + (inputs.get(input)?.offset ?? 0),
              rows,
              width,
            ],
          })),
          { kernel: 'advance', words: [bases.cells + cursor, rows] },
        ]
  const sums = (name: string, rows: number): readonly Encoded[] => {
    const { results, plan: p } = prepared.get(name) as Prepared
    const step = slots.get('step')
    return scalars(name).flatMap(result => {
      const at = base(p.results[results.indexOf(result)] as Place)
      const sum = bases.cells + (cellsOf.get(`${name}/${result}`) as number)
      const watched = result === 'loss' && step ? [{ kernel: 'watch', words: [at, bases.state + step.offset, bases.cells + nonFinite] }] : []
      return [{ kernel: 'accumulate', words: [at, sum, rows] }, ...watched]
    })
  }

  const written = new Map<string, { key: string; pc: number; end: number }>()
  /** Writes a program's image for a number of rows, unless it is the one in place. */
  const load = (name: string, rows: number, set: string | null): { pc: number; end: number } => {
    const key = `${rows} ${set}`
    const now = written.get(name)
    if (now?.key === key) return now
    const calls = [...fetches(set, rows), ...encoded(name, rows, base), ...(set === null ? [] : sums(name, rows))]
    const pc = images.get(name) as number
    const end = pc + 8 * calls.length
    let record = end
    calls.forEach(({ kernel, words }, i) => {
      view.setUint32(pc + 8 * i, indexOf.get(kernel) as number, true)
      view.setUint32(pc + 8 * i + 4, record, true)
      for (const w of words) {
        view.setUint32(record, w, true)
        record += 4
      }
    })
    const image = { key, pc, end }
    written.set(name, image)
    return image
  }

  const readResult = (name: string, result: string, index: number, rows: number): Bits => {
    const { plan: p } = prepared.get(name) as Prepared
    const { type } = ((spec.programs[name] as Wanted).results as Record<string, Expr>)[result] as Expr
    const at = base(p.results[index] as Place)
    const n = resolveDim(sizeOf(type.shape), rows)
    if (type.dtype === 'f64') return Float32Array.from(new Float64Array(buffer, at, n))
    return type.dtype === 'f32' ? new Float32Array(buffer, at, n).slice() : new Int32Array(buffer, at, n).slice()
  }

  return E.right({
    stateBytes: stateAt.end(),
    slots,
    memoryBytes: pages * pageBytes,
    readState: () => bytes.slice(bases.state, bases.state + stateAt.end()),
    writeState: block => bytes.set(block, bases.state),
    run: (name, rows, values) => {
      for (const [input, v] of Object.entries(values)) {
        const place = inputs.get(input)
        if (place) writeNumbers(bases.inputs + place.offset, place.type, v)
      }
      const { pc, end } = load(name, rows, null)
      run(pc, end)
      const { results } = prepared.get(name) as Prepared
      return Object.fromEntries(results.map((r, i) => [r, readResult(name, r, i, rows)]))
    },
    order: (_set, indices) => {
      new Int32Array(buffer, orderBase, indices.length).set(indices)
      view.setUint32(bases.cells + cursor, 0, true)
    },
    repeat: (name, set, rows, count) => {
      const { pc, end } = load(name, rows, set)
      repeat(pc, end, count)
    },
    resetTotals: () => {
      for (const at of cellsOf.values()) view.setFloat64(bases.cells + at, 0, true)
      view.setFloat64(bases.cells + nonFinite, -1, true)
    },
    totals: name => {
      const bad = view.getFloat64(bases.cells + nonFinite, true)
      return {
        sums: Object.fromEntries(
          scalars(name).map(r => [r, view.getFloat64(bases.cells + (cellsOf.get(`${name}/${r}`) as number), true)]),
        ),
        nonFinite: bad < 0 ? null : bad,
      }
    },
  })
}
