/** The core module: its bytes are part of the package, so nothing is fetched or read from a file. */
import { wasm } from './kernels.gen.js'

const decode = (base64: string): Uint8Array<ArrayBuffer> => {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i) // `from` takes ten times as long
  return bytes
}

/**
 * A module for a memory that threads share: it differs in one byte, the flags of the imported memory's limits, which
 * stand behind the two names of the import ("env", "memory") and its kind.
 */
export const forThreads = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const name = [6, ...[...'memory'].map(c => c.charCodeAt(0)), 2]
  const at = bytes.findIndex((_, i) => name.every((b, k) => bytes[i + k] === b)) + name.length
  return bytes.map((b, i) => (i === at ? b | 2 : b))
}

const compiled: { own?: WebAssembly.Module; shared?: WebAssembly.Module } = {}

/** The compiled core, compiled once for memories of their own and once for those that threads share. */
export const core = (shared = false): WebAssembly.Module => {
  const key = shared ? 'shared' : 'own'
  const known = compiled[key]
  if (known) return known
  const bytes = decode(wasm)
  const module = new WebAssembly.Module(shared ? forThreads(bytes) : bytes)
  compiled[key] = module
  return module
}

/** The kernels among a module's exports, in the order in which they stand in the function table. */
export const kernelNames = (module: WebAssembly.Module): readonly string[] =>
  WebAssembly.Module.exports(module)
    .filter(({ name, kind }) => kind === 'function' && !['run', 'repeat', 'serve'].includes(name))
    .map(e => e.name)
    .sort()

export interface Interpreter {
  readonly run: (pc: number, end: number) => void
  readonly repeat: (pc: number, end: number, count: number) => void
  /** the function table's index of a kernel */
  readonly indexOf: ReadonlyMap<string, number>
  /** adds the functions of a module that imports the memory and the core's kernels to the table */
  readonly extend: (module: WebAssembly.Module) => void
}

/** Instantiates the core over a memory, shared or not, and fills its function table with the kernels. */
export const instantiate = (memory: WebAssembly.Memory, module = core()): Interpreter => {
  const env = { memory }
  const { exports } = new WebAssembly.Instance(module, { env })
  const table = exports['table'] as WebAssembly.Table
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
    indexOf,
    extend: more => fill(kernelNames(more), new WebAssembly.Instance(more, { env, core: exports }).exports),
  }
}
