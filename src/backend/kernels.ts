/** The core module: its bytes are part of the package, so nothing is fetched or read from a file. */
import { decode } from './base64.js'
import { wasm } from './kernels.gen.js'
import { wasm as relaxedWasm } from './relaxed.gen.js'

/**
 * A module for a memory that threads share: it differs in one byte, the flags of the imported memory's limits, which
 * stand behind the two names of the import ("env", "memory") and its kind. One that imports no memory, since it only
 * calls kernels, stays as it is.
 */
export const forThreads = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const name = [6, ...[...'memory'].map(c => c.charCodeAt(0)), 2]
  const found = bytes.findIndex((_, i) => name.every((b, k) => bytes[i + k] === b))
  if (found < 0) return bytes
  const shared = bytes.slice() // local mutation, of the copy
  const flags = found + name.length
  shared[flags] = (bytes[flags] as number) | 2
  return shared
}

/** A module, compiled once for memories of their own and once for those that threads share. */
const compiledOnce = (base64: string): ((shared?: boolean) => WebAssembly.Module) => {
  const known = new Map<boolean, WebAssembly.Module>()
  return (shared = false) => {
    const made = known.get(shared)
    if (made) return made
    const bytes = decode(base64)
    const module = new WebAssembly.Module(shared ? forThreads(bytes) : bytes)
    known.set(shared, module)
    return module
  }
}

/** The compiled core. */
export const core = compiledOnce(wasm)

/**
 * Products and convolutions by multiplications and additions that round once or twice, as the processor has it; where
 * `hasRelaxed()`.
 */
export const relaxedKernels = compiledOnce(relaxedWasm)

/** Gives 2 * 3 + 4 by f32x4.relaxed_madd. */
const relaxedProbe = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // the magic number, the version
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7d], // a type: () -> f32
  ...[0x03, 0x02, 0x01, 0x00, 0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00], // a function of it, exported as f
  ...[0x0a, 0x1f, 0x01, 0x1d, 0x00], // its code, without locals
  ...[2, 3, 4].flatMap(x => [0x43, ...new Uint8Array(Float32Array.of(x).buffer), 0xfd, 0x13]), // f32.const, f32x4.splat
  ...[0xfd, 0x85, 0x02, 0xfd, 0x1f, 0x00, 0x0b], // f32x4.relaxed_madd, f32x4.extract_lane 0, end
)

/** Whether the host has relaxed SIMD, and it computes. */
export const hasRelaxed = (): boolean => {
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(relaxedProbe)) return false
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(relaxedProbe)).exports
  return (f as () => number)() === 10
}

/** What the host calls itself. */
const entries: readonly string[] = ['run', 'repeat', 'serve', 'finite']

/** The kernels among a module's exports, in the order in which they stand in the function table. */
export const kernelNames = (module: WebAssembly.Module): readonly string[] =>
  WebAssembly.Module.exports(module)
    .filter(({ name, kind }) => kind === 'function' && !entries.includes(name))
    .map(e => e.name)
    .sort()

export interface Interpreter {
  readonly run: (pc: number, end: number) => void
  readonly repeat: (pc: number, end: number, count: number) => void
  /** whether so many f32 from an address on are finite: 1 or 0 */
  readonly finite: (at: number, count: number) => number
  /** the function table's index of a kernel */
  readonly indexOf: ReadonlyMap<string, number>
  /** adds the functions of a module that imports the memory and the core's kernels to the table */
  readonly extend: (module: WebAssembly.Module) => void
}

/**
 * Instantiates the core over a memory, shared or not, and fills its function table with the kernels; those of `instead`
 * stand in the place of the core's.
 */
export const instantiate = (
  memory: WebAssembly.Memory,
  module = core(),
  instead: WebAssembly.Module | null = null,
): Interpreter => {
  const env = { memory }
  const own = new WebAssembly.Instance(module, { env }).exports
  const table = own['table'] as WebAssembly.Table
  const exports: WebAssembly.Exports = instead
    ? { ...own, ...new WebAssembly.Instance(instead, { env: { memory, table } }).exports }
    : own
  const indexOf = new Map<string, number>()
  const fill = (names: readonly string[], from: WebAssembly.Exports): void => {
    const first = table.grow(names.length)
    names.forEach((name, i) => {
      table.set(first + i, from[name])
      indexOf.set(name, first + i)
    })
  }
  fill(kernelNames(module), exports)
  return {
    run: exports['run'] as Interpreter['run'],
    repeat: exports['repeat'] as Interpreter['repeat'],
    finite: exports['finite'] as Interpreter['finite'],
    indexOf,
    extend: more => fill(kernelNames(more), new WebAssembly.Instance(more, { env, core: exports }).exports),
  }
}
