/** What the tests of the compiler share: what `sum` computes, and a cache in memory. */
import * as assert from 'uvu/assert'
import { type BuildOptions, type Built, build } from '../../src/compiler/build.js'
import type { Cache } from '../../src/compiler/Cache.js'
import { orThrow } from '../../src/index.js'

/** Instantiates a built `sum(bias)` and compares what it computes with what it should. */
export const assertSums = (binary: Uint8Array<ArrayBuffer>, bias = 1): void => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), {
    env: { memory },
    core: { seven: () => 7 },
  })
  const floats = new Float32Array(memory.buffer)
  const n = 7
  for (let i = 0; i < n; i++) {
    floats[i] = i
    floats[64 + i] = 10 * i
  }
  const run = exports['sum'] as (a: number, b: number, to: number, n: number) => void
  run(0, 256, 512, n)
  assert.equal(
    Array.from(floats.subarray(128, 136)),
    [0, 11, 22, 33, 44, 55, 66, 0].map(x => x * bias),
  )
  assert.is((exports['six'] as () => number)(), 6)
}

export const built = async (source: string, options: BuildOptions): Promise<Built> =>
  orThrow(await build(source, options)())

/** A cache in memory, and its entries. */
export const inMemory = (): { readonly cache: Cache; readonly entries: Map<string, Uint8Array<ArrayBuffer>> } => {
  const entries = new Map<string, Uint8Array<ArrayBuffer>>()
  return {
    entries,
    cache: {
      get: async key => entries.get(key) ?? null,
      put: async (key, bytes) => void entries.set(key, bytes),
    },
  }
}
