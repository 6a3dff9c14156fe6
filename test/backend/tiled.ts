/** A program run by one thread, its calls cut into tiles as for several, as small as can be. */
import { encode } from '../../src/backend/encode.js'
import { writeImage } from '../../src/backend/image.js'
import { instantiate } from '../../src/backend/kernels.js'
import { kernelOf, mapMemory, pageBytes } from '../../src/backend/layout.js'
import { viewsOf, writeNumbers } from '../../src/backend/numbers.js'
import type { MachineSpec } from '../../src/backend/spec.js'
import { resolveDim, sizeOf } from '../../src/shape/TensorType.js'
import { expectRight } from '../support/assert.js'

export interface Tiled {
  /** the words of the results */
  readonly results: Readonly<Record<string, Int32Array>>
  /** kernels that were cut */
  readonly cut: readonly string[]
}

export const runTiled = (
  spec: Omit<MachineSpec, 'threads' | 'programs'> & { readonly program: MachineSpec['programs'][string] },
  rows: number,
  threads: number,
  given: Readonly<Record<string, ArrayLike<number>>>,
): Tiled => {
  const leastTile = 1e-9
  const map = expectRight(mapMemory({ ...spec, threads, leastTile, programs: { program: spec.program } }))
  const pages = Math.ceil(map.bytes / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { run, indexOf } = instantiate(memory)
  const views = viewsOf(memory.buffer)
  views.i32.fill(0x7f7f7f7f, 1024)
  for (const c of map.constants) writeNumbers(views, c, c.values)
  for (const [name, values] of Object.entries(given)) {
    const to = map.inputs.get(name) ?? map.slots.get(name)
    if (to) writeNumbers(views, to, values)
  }
  const placed = map.programs.get('program')
  if (!placed) throw new Error('no program')
  new Uint8Array(memory.buffer, map.team, 320 + 64 * threads).fill(0)
  views.i32[(map.team + 212) / 4] = threads
  const calls = encode(placed.plan, { rows, threads, leastTile, base: map.addressOf, kernelOf })
  const { pc, end } = writeImage({ view: new DataView(memory.buffer), indexOf, team: map.team }, placed.frame, {
    before: [],
    body: calls,
    behind: [],
  })
  run(pc, end)
  return {
    results: Object.fromEntries(
      placed.results.map(({ name, at, type }) => {
        const words = (resolveDim(sizeOf(type.shape), rows) * (type.dtype === 'f64' ? 8 : 4)) / 4
        return [name, views.i32.slice(at / 4, at / 4 + words)]
      }),
    ),
    cut: calls.filter(c => (c.tiles ?? []).length > 0).map(c => c.kernel),
  }
}
