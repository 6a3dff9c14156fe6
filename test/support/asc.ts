/** Compiles AssemblyScript text in process, with the flags of the kernels' build, and instantiates it. */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('../..', import.meta.url))
const entry = 'entry.ts'
const flags = ['--runtime', 'stub', '--importMemory', '--exportTable', '--noAssert', '-O3', '--enable', 'simd']

export type Compiled = {
  readonly binary: Uint8Array<ArrayBuffer>
  readonly memory: WebAssembly.Memory
  /** An exported function by its name; throws when there is none. */
  readonly call: (name: string) => (...args: ReadonlyArray<number>) => number
}

/**
 * Compiles `source` as a file standing in the project's root (so it imports from './assembly/...') and instantiates it
 * with a zeroed memory of `pages` pages of 64 KiB. Throws with the compiler's messages when it does not compile.
 */
export const compile = async (source: string, pages = 64): Promise<Compiled> => {
  let output: Uint8Array<ArrayBuffer> | undefined
  const { error, stderr } = await asc.main([entry, '--outFile', 'out.wasm', ...flags], {
    readFile: (name, base) => (name === entry ? source : readFile(resolve(root, base, name), 'utf8').catch(() => null)),
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') output = Uint8Array.from(contents)
    },
    listFiles: () => [],
  })
  if (error !== null || output === undefined) throw new Error(stderr.toString())
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const abort = (): never => {
    throw new Error('a kernel called abort')
  }
  const { instance } = await WebAssembly.instantiate(output, { env: { memory, abort } })
  return {
    binary: output,
    memory,
    call: name => {
      const found = instance.exports[name]
      if (typeof found !== 'function') throw new Error(`no exported function ${name}`)
      return (...args) => Number(found(...args))
    },
  }
}
