/**
 * A machine: several programs over one state in one linear memory, run by the interpreter, or by a module that was
 * generated for them.
 */
import * as E from '#fp/Either.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { resolveDim, sizeOf, type TensorType } from '../shape/TensorType.js'
import { type Generated, generateModule } from './generate.js'
import type { Image } from './image.js'
import { core, forThreads, hasRelaxed, instantiate, kernelNames, relaxedKernels } from './kernels.js'
import { type Located, type MemoryMap, mapMemory, type Placed, pageBytes } from './layout.js'
import { loader, type Wish } from './load.js'
import { type Bits, readNumbers, viewsOf, writeNumbers } from './numbers.js'
import type { Column, MachineSpec } from './spec.js'
import { gather, mostThreads, type Threads } from './team.js'

export type { Column, MachineSpec, Resident, Slot, ThreadCount, Wanted } from './spec.js'
export type { Threads } from './team.js'

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
  /** whether all numbers of an f32 input's first rows, as they lie in memory, are finite */
  readonly finite: (input: string, rows: number) => boolean
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
   * lets the module built from that text take over, as soon as all threads have it, when the promise settles: the bits
   * stay the same. A `Left` says why it is not such a module. May be called once.
   */
  readonly adopt: (binary: Uint8Array<ArrayBuffer>) => E.Either<string, Promise<void>>
  /** whether a generated module has taken over */
  readonly isGenerated: () => boolean
  /** sets the sums of all programs to those given by name, or 0, and forgets a step that was not finite */
  readonly resetTotals: (to?: Readonly<Record<string, number>>) => void
}

/** Compiles the programs; a `Left` names the first shape that does not fit. */
export const machine = (spec: MachineSpec): E.Either<ShapeError, Machine> => {
  const { threads: asked = 1 } = spec
  const sound =
    typeof asked === 'number'
      ? Number.isSafeInteger(asked) && asked >= 1 && asked <= mostThreads
      : typeof asked.worthFor === 'number'
  if (!sound)
    return E.left(
      shapeError('compile', `threads must be a whole number from 1 to ${mostThreads}, but it is ${String(asked)}`),
    )
  if (spec.relaxed && !hasRelaxed())
    return E.left(
      shapeError(
        'relaxed',
        'the host has no relaxed SIMD (f32x4.relaxed_madd); leave out relaxed, or use a newer host; Node before 22 has it with --experimental-wasm-relaxed-simd',
      ),
    )
  const made = build(spec)
  const mayBeFewer = typeof asked !== 'number' && E.isLeft(made) && made.left.path === 'memory'
  return mayBeFewer ? build({ ...spec, threads: 1 }) : made
}

const build = (spec: MachineSpec): E.Either<ShapeError, Machine> =>
  E.chain((map: MemoryMap) => {
    const shared = map.threads.threads > 1
    const memory = E.chain(() => allocate(Math.ceil(map.bytes / pageBytes), shared))(compiles(shared))
    return E.map((given: WebAssembly.Memory) => assemble(spec, map, given))(memory)
  })(mapMemory(spec))

/** The core, compiled, or why the host does not. */
const compiles = (shared: boolean): E.Either<ShapeError, WebAssembly.Module> =>
  E.tryCatch(
    () => core(shared),
    e =>
      shapeError(
        'host',
        `the host compiles no WebAssembly (${e instanceof Error ? e.message : e}); a page's Content-Security-Policy must allow it (script-src 'wasm-unsafe-eval')`,
      ),
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
  { regions, programs }: Generated,
  shared: boolean,
): E.Either<string, WebAssembly.Module> =>
  E.chain((module: WebAssembly.Module) => {
    const has = new Set(kernelNames(module))
    const missing = [...regions.values(), ...[...programs.values()].map(p => p.fn)].find(fn => !has.has(fn))
    return missing === undefined ? E.right(module) : E.left(`the module has no function ${missing}`)
  })(
    E.tryCatch(
      () => new WebAssembly.Module(shared ? forThreads(binary) : binary),
      e => `the module is not valid WebAssembly: ${e instanceof Error ? e.message : e}`,
    ),
  )

const assemble = (spec: MachineSpec, map: MemoryMap, memory: WebAssembly.Memory): Machine => {
  const { threads } = map
  const instead = spec.relaxed ? relaxedKernels(threads.threads > 1) : null
  const interpreter = instantiate(memory, core(threads.threads > 1), instead)
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

  const { load, last } = loader(spec, map, { view, indexOf: interpreter.indexOf, team: map.team })
  const placedOf = (program: string): Placed => map.programs.get(program) as Placed
  let text: Generated | null = null // local mutation: made once
  const generated = (): Generated | null => {
    if (spec.generated) text ??= generateModule(spec, map)
    return text
  }
  let adopted = false // local mutation
  const isGenerated = (): boolean => adopted && (team?.ready() ?? true)
  const imageOf = (program: string, wish: Wish): Image => load(program, wish, isGenerated() ? generated() : null).image
  const read = (program: string, rows: number): Readonly<Record<string, Bits>> => {
    const { results } = last(program)?.form ?? placedOf(program)
    const found: Record<string, Bits> = {} // local mutation: a tenth of the time that `fromEntries` takes
    for (const r of results) found[r.name] = readNumbers(views, r, rows)
    return found
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
    get threads() {
      return team?.threads() ?? threads
    },
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
      for (const name in inputs) {
        const to = map.inputs.get(name)
        if (to) writeNumbers(views, to, inputs[name] as ArrayLike<number>)
      }
      const { pc, end } = imageOf(program, { rows, set: null })
      enter(() => interpreter.run(pc, end))
      return read(program, rows)
    },
    finite: (input, rows) => {
      const { at, type } = map.inputs.get(input) as Located
      return interpreter.finite(at, resolveDim(sizeOf(type.shape), rows)) !== 0
    },
    read,
    place,
    order: indices => {
      new Int32Array(buffer, map.order, indices.length).set(indices)
      view.setUint32(map.cursor, 0, true)
    },
    repeat: (program, set, rows, count) => {
      const { pc, end } = imageOf(program, { rows, set })
      enter(() => interpreter.repeat(pc, end, count))
    },
    profile: (program, set, rows, clock) => {
      const { pc, kernels } = imageOf(program, { rows, set, apart: true })
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
    adopt: binary => {
      const module = generated()
      if (!module || adopted) return E.left('the machine takes one module, if it was laid out for one')
      return E.chain((built: WebAssembly.Module) =>
        E.tryCatch(
          () => {
            interpreter.extend(built)
            adopted = true
            return team?.extend(built) ?? Promise.resolve()
          },
          e => `the module does not fit the core: ${e instanceof Error ? e.message : e}`,
        ),
      )(moduleOf(binary, module, threads.threads > 1))
    },
    resetTotals: (to = {}) => {
      for (const { sums: cells } of map.programs.values())
        for (const [name, at] of cells) view.setFloat64(at, to[name] ?? 0, true)
      view.setFloat64(map.nonFinite, -1, true)
    },
  }
  const team = threads.threads > 1 ? gather(memory, map.team, threads.threads, made, instead) : null
  return made
}
