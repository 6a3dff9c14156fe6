/**
 * A machine: several programs over one state in one linear memory, run by the interpreter. A program's image is
 * written for one number of rows, and anew when that changes.
 */
import * as E from '#fp/Either.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { resolveDim, sizeOf, type TensorType } from '../shape/TensorType.js'
import { type Encoded, encode } from './encode.js'
import { type Generated, generateModule } from './generate.js'
import { type Image, writeImage } from './image.js'
import { core, forThreads, instantiate, kernelNames } from './kernels.js'
import { type Form, kernelOf, type Located, type MemoryMap, mapMemory, type Placed, pageBytes } from './layout.js'
import type { Plan } from './plan.js'
import type { Column, MachineSpec } from './spec.js'
import { available, gather, mostThreads, type Threads } from './team.js'

export type { Column, MachineSpec, Resident, Slot, Wanted } from './spec.js'
export type { Threads } from './team.js'

/** Values on the host: f32, i32 (also masks) or f64. */
export type Bits = Float32Array | Int32Array | Float64Array

/** Of the turns of a repeated program that count: sums of rows * value of each scalar result, the first step not finite. */
export interface Totals {
  readonly sums: Readonly<Record<string, number>>
  readonly nonFinite: number | null
}

export interface Machine {
  /** bytes of linear memory */
  readonly memoryBytes: number
  readonly threads: Threads
  /** settles when all threads run; the machine may be used before */
  readonly up: Promise<void>
  /** whether a thread was lost in the middle of a run: what it left, state and results, is void, and so is the machine */
  readonly lost: () => boolean
  /** how many tiles other threads than the caller have done */
  readonly helped: () => number
  /** where each slot lies within the state block */
  readonly slots: ReadonlyMap<string, { readonly offset: number; readonly type: TensorType }>
  readonly stateBytes: number
  /** a copy of the state block */
  readonly readState: () => Uint8Array<ArrayBuffer>
  readonly writeState: (block: Uint8Array) => void
  /** runs a program once on the given inputs; results are copies */
  readonly run: (
    program: string,
    rows: number,
    inputs: Readonly<Record<string, ArrayLike<number>>>,
  ) => Readonly<Record<string, Bits>>
  /** the results that a program's last run, or turn of `repeat`, left; copies */
  readonly read: (program: string, rows: number) => Readonly<Record<string, Bits>>
  /** other numbers for the first rows of a resident data set, in columns of the types that it has */
  readonly place: (set: string, columns: readonly Column[]) => void
  /** the order in which `repeat` fetches the rows of a resident data set, from its beginning */
  readonly order: (indices: Int32Array) => void
  /** runs a program `count` times, each on the next `rows` rows of a resident data set, adding to the totals */
  readonly repeat: (program: string, set: string, rows: number, count: number) => void
  /**
   * runs a program once more on what lies in memory, kernel by kernel, and says how long each took by the clock; `set` as
   * in `repeat`, or null as in `run`
   */
  readonly profile: (
    program: string,
    set: string | null,
    rows: number,
    clock: () => number,
  ) => readonly { readonly kernel: string; readonly time: number }[]
  readonly totals: (program: string) => Totals
  /** the module that may take over, as text; null unless the spec asks for one. Made when first asked for */
  readonly generated: () => Generated | null
  /**
   * lets the module built from that text take over, as soon as all threads have it: the bits stay the same. A `Left`
   * says why it is not such a module. May be called once.
   */
  readonly adopt: (binary: Uint8Array<ArrayBuffer>) => E.Either<string, void>
  /** whether a generated module has taken over */
  readonly isGenerated: () => boolean
  /** sets the sums of all programs to those given by name, or 0, and forgets a step that was not finite */
  readonly resetTotals: (to?: Readonly<Record<string, number>>) => void
}

/** A buffer seen as elements of every width; made once, since the memory never grows. */
interface Views {
  readonly f32: Float32Array
  readonly i32: Int32Array
  readonly f64: Float64Array
}

export const viewsOf = (buffer: ArrayBufferLike): Views => ({
  f32: new Float32Array(buffer),
  i32: new Int32Array(buffer),
  f64: new Float64Array(buffer),
})

/** Writes numbers as a tensor of the type; a bool is true unless it is 0. */
export const writeNumbers = (views: Views, { at, type }: Located, values: ArrayLike<number>): void => {
  if (type.dtype === 'f32') views.f32.set(values, at / 4)
  else if (type.dtype === 'f64') views.f64.set(values, at / 8)
  else views.i32.set(type.dtype === 'bool' ? Int32Array.from(values, v => (v ? -1 : 0)) : values, at / 4)
}

const readNumbers = (views: Views, { at, type }: Located, rows: number): Bits => {
  const n = resolveDim(sizeOf(type.shape), rows)
  if (type.dtype === 'f64') return views.f64.slice(at / 8, at / 8 + n)
  return (type.dtype === 'f32' ? views.f32 : views.i32).slice(at / 4, at / 4 + n)
}

/** What stands before a program in a repeated run: its batch is fetched and the cursor moved. */
const fetches = (spec: MachineSpec, map: MemoryMap, set: string, rows: number): readonly Encoded[] => [
  ...(spec.resident?.[set]?.columns ?? []).flatMap(({ input, width, values }) => {
    const to = map.inputs.get(input)
    const from = map.data.get(`${set}/${input}`)
    return to && from !== undefined
      ? [
          {
            kernel: values instanceof Uint8Array ? 'fetch8' : 'fetch32',
            words: [from, map.order, map.cursor, to.at, rows, width],
          },
        ]
      : []
  }),
  { kernel: 'advance', words: [map.cursor, rows] },
]

/** What stands behind it: sums of its scalar results, and a look at the loss. */
const sums = (map: MemoryMap, { sums: cells }: Placed, { results, gate }: Form, rows: number): readonly Encoded[] =>
  [...cells].flatMap(([name, sum]) => {
    const at = results.find(r => r.name === name)?.at ?? 0
    const step = map.slots.get('step')
    const watch = name === 'loss' && step ? [{ kernel: 'watch', words: [at, step.at, map.nonFinite, gate] }] : []
    return [{ kernel: 'accumulate', words: [at, sum, rows, gate] }, ...watch]
  })

/** Compiles the programs; a `Left` names the first shape that does not fit. */
export const machine = (spec: MachineSpec): E.Either<ShapeError, Machine> => {
  const asked = spec.threads ?? 1
  if (!Number.isSafeInteger(asked) || asked < 1 || asked > mostThreads)
    return E.left(shapeError('compile', `threads must be a whole number from 1 to ${mostThreads}, but it is ${asked}`))
  return E.chain((map: MemoryMap) => {
    const threads = available(asked, () => sharesWork(spec, map))
    const memory = allocate(Math.ceil(map.bytes / pageBytes), threads.threads > 1)
    return E.map((m: WebAssembly.Memory) => assemble(spec, map, m, threads))(memory)
  })(mapMemory(spec))
}

/** Calls of a program, for the threads of the spec unless there are others. */
const callsOf = (
  spec: MachineSpec,
  map: MemoryMap,
  plan: Plan,
  rows: number,
  threads = spec.threads ?? 1,
  nameOf: (key: string) => string = kernelOf,
) =>
  encode(plan, {
    rows,
    threads,
    ...(spec.leastTile !== undefined && { leastTile: spec.leastTile }),
    base: map.addressOf,
    kernelOf: nameOf,
  })

/** Whether straight code that was made for some rows runs the calls for others. */
const fits = (calls: readonly Encoded[], model: readonly Encoded[]): boolean =>
  calls.every((c, i) => c.kernel === model[i]?.kernel && c.words.length <= model[i].words.length)

/** Whether a step of some program is worth sharing, with the most rows. */
const sharesWork = (spec: MachineSpec, map: MemoryMap): boolean =>
  [...map.programs.values()].some(({ plan }) =>
    callsOf(spec, map, plan, spec.rows).some(({ tiles = [] }) => tiles.length > 0),
  )

/** The memory, or what to say when the host has not so much to give. */
const allocate = (pages: number, shared: boolean): E.Either<ShapeError, WebAssembly.Memory> =>
  E.tryCatch(
    () => new WebAssembly.Memory({ initial: pages, maximum: pages, shared }),
    () => shapeError('memory', `the host has no ${Math.ceil(pages / 16)} MiB of memory to give`),
  )

/** A binary as the module of a text, for a memory that is shared or not; a `Left` when it is not one. */
const moduleOf = (
  binary: Uint8Array<ArrayBuffer>,
  text: Generated | null,
  shared: boolean,
): E.Either<string, WebAssembly.Module> =>
  E.chain((module: WebAssembly.Module) => {
    const has = new Set(kernelNames(module))
    const wants = [...(text?.regions.values() ?? []), ...[...(text?.programs.values() ?? [])].map(p => p.fn)]
    const missing = wants.find(fn => !has.has(fn))
    return text === null || missing !== undefined
      ? E.left(text === null ? 'the machine was not laid out for a generated module' : `the module has no ${missing}`)
      : E.right(module)
  })(
    E.tryCatch(
      () => new WebAssembly.Module(shared ? forThreads(binary) : binary),
      e => `the module is not valid WebAssembly (${e instanceof Error ? e.message : e})`,
    ),
  )

const assemble = (spec: MachineSpec, map: MemoryMap, memory: WebAssembly.Memory, threads: Threads): Machine => {
  const interpreter = instantiate(memory, core(threads.threads > 1))
  const { buffer } = memory
  const bytes = new Uint8Array(buffer)
  const view = new DataView(buffer)
  const views = viewsOf(buffer)
  for (const c of map.constants) writeNumbers(views, c, c.values)
  const place = (set: string, columns: readonly Column[]): void => {
    for (const { input, values } of columns)
      bytes.set(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
        map.data.get(`${set}/${input}`) as number,
      )
  }
  for (const [set, { columns }] of Object.entries(spec.resident ?? {})) place(set, columns)

  const placedOf = (program: string): Placed => map.programs.get(program) as Placed
  let text: Generated | null = null // local mutation: made once
  const generated = (): Generated | null => {
    if (spec.generated) text ??= generateModule({ ...spec, threads: threads.threads }, map)
    return text
  }
  let adopted = false // local mutation
  const isGenerated = (): boolean => adopted && (team?.ready() ?? true)
  const written = new Map<string, { readonly key: string; readonly form: Form; readonly image: Image }>()
  /** Writes the image of a program; `apart`: call by call, also where straight code could run it. */
  const load = (program: string, rows: number, set: string | null, apart = false): Image => {
    const module = isGenerated() ? generated() : null
    const key = `${rows} ${set} ${apart} ${module !== null}`
    const now = written.get(program)
    if (now?.key === key) return now.image
    const placed = placedOf(program)
    const form = (module && placed.whole) ?? placed
    const body = callsOf(
      spec,
      map,
      form.plan,
      rows,
      threads.threads,
      module ? k => module.regions.get(k) ?? k : kernelOf,
    )
    const straight = module?.programs.get(program)
    const image = writeImage(
      { view, indexOf: interpreter.indexOf, team: map.team },
      placed.frame,
      {
        before: set === null ? [] : fetches(spec, map, set, rows),
        body,
        behind: set === null ? [] : sums(map, placed, form, rows),
      },
      straight && !apart && fits(body, straight.model) ? straight : null,
    )
    written.set(program, { key, form, image })
    return image
  }

  const read = (program: string, rows: number): Readonly<Record<string, Bits>> => {
    const { results } = written.get(program)?.form ?? placedOf(program)
    return Object.fromEntries(results.map(r => [r.name, readNumbers(views, r, rows)]))
  }
  const { at: stateAt, bytes: stateBytes } = map.state
  const lost = (): boolean => team?.lost() ?? false
  /** A trap where a thread was lost says so by `lost`; every other is a bug. */
  const enter = (run: () => void): void => {
    if (lost()) return
    try {
      run()
    } catch (e) {
      if (!lost()) throw e
    }
  }
  const made: Machine = {
    threads,
    get up() {
      return team?.up ?? Promise.resolve()
    },
    lost,
    helped: () => team?.helped() ?? 0,
    memoryBytes: buffer.byteLength,
    slots: new Map([...map.slots].map(([name, { at, type }]) => [name, { offset: at - stateAt, type }])),
    stateBytes,
    readState: () => bytes.slice(stateAt, stateAt + stateBytes),
    writeState: block => bytes.set(block, stateAt),
    run: (program, rows, inputs) => {
      for (const [name, values] of Object.entries(inputs)) {
        const to = map.inputs.get(name)
        if (to) writeNumbers(views, to, values)
      }
      const { pc, end } = load(program, rows, null)
      enter(() => interpreter.run(pc, end))
      return read(program, rows)
    },
    read,
    place,
    order: indices => {
      new Int32Array(buffer, map.order, indices.length).set(indices)
      view.setUint32(map.cursor, 0, true)
    },
    repeat: (program, set, rows, count) => {
      const { pc, end } = load(program, rows, set)
      enter(() => interpreter.repeat(pc, end, count))
    },
    profile: (program, set, rows, clock) => {
      const { pc, kernels } = load(program, rows, set, true)
      return kernels.map((kernel, i) => {
        const before = clock()
        enter(() => interpreter.run(pc + 8 * i, pc + 8 * (i + 1)))
        return { kernel, time: clock() - before }
      })
    },
    totals: program => {
      const bad = view.getFloat64(map.nonFinite, true)
      return {
        sums: Object.fromEntries([...placedOf(program).sums].map(([name, at]) => [name, view.getFloat64(at, true)])),
        nonFinite: bad < 0 ? null : bad,
      }
    },
    generated,
    isGenerated,
    adopt: binary =>
      E.map((module: WebAssembly.Module) => {
        interpreter.extend(module)
        team?.extend(module)
        adopted = true
      })(moduleOf(binary, generated(), threads.threads > 1)),
    resetTotals: (to = {}) => {
      for (const { sums: cells } of map.programs.values())
        for (const [name, at] of cells) view.setFloat64(at, to[name] ?? 0, true)
      view.setFloat64(map.nonFinite, -1, true)
    },
  }
  const team = threads.threads > 1 ? gather(memory, map.team, threads.threads, made) : null
  return made
}
