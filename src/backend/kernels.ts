/** The core module: its bytes are part of the package, so nothing is fetched or read from a file. */
import { wasm } from './kernels.gen.js'

const decode = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), c => c.charCodeAt(0))

let compiled: WebAssembly.Module | null = null

/** The compiled core, compiled once. */
export const core = (): WebAssembly.Module => {
  compiled ??= new WebAssembly.Module(decode(wasm))
  return compiled
}

export interface Interpreter {
  readonly run: (pc: number, end: number) => void
  readonly repeat: (pc: number, end: number, count: number) => void
  /** the function table's index of a kernel */
  readonly indexOf: ReadonlyMap<string, number>
}

/** Instantiates the core over a memory and fills its function table from its exports, in sorted order. */
export const instantiate = (memory: WebAssembly.Memory): Interpreter => {
  const { exports } = new WebAssembly.Instance(core(), { env: { memory } })
  const table = exports['table'] as WebAssembly.Table
  const run = exports['run'] as Interpreter['run']
  const repeat = exports['repeat'] as Interpreter['repeat']
  const names = Object.keys(exports)
    .filter(name => typeof exports[name] === 'function' && name !== 'run' && name !== 'repeat')
    .sort()
  const first = table.grow(names.length)
  names.forEach((name, i) => {
    table.set(first + i, exports[name])
  })
  return { run, repeat, indexOf: new Map(names.map((name, i) => [name, first + i])) }
}
