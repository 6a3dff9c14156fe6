/**
 * Programs in memory as the interpreter runs them: images, written for one number of rows and anew when that, or who
 * runs them, changes.
 */
import { type Encoded, encode } from './encode.js'
import type { Generated } from './generate.js'
import { type Image, type Writing, writeImage } from './image.js'
import { type Form, kernelOf, leastOf, type MemoryMap, type Placed } from './layout.js'
import type { MachineSpec } from './spec.js'
import { cuts, leastTile } from './tiles.js'

/** What stands before a program in a repeated run: its batch is fetched and the cursor moved. */
const fetches = (spec: MachineSpec, map: MemoryMap, set: string, rows: number): readonly Encoded[] => [
  ...(spec.resident?.[set]?.columns ?? []).flatMap(({ input, width, values }): readonly Encoded[] => {
    const to = map.inputs.get(input)
    const from = map.data.get(`${set}/${input}`)
    if (!to || from === undefined) return []
    const words = (first: number, count: number): readonly number[] => [
      ...[from, map.order + 4 * first, map.cursor],
      ...[to.at + 4 * first * width, count, width],
    ]
    const { threads } = map.threads
    const tiles = cuts({ grains: rows, cost: rows * width }, threads, spec.leastTile ?? leastTile)
    return [
      {
        kernel: values instanceof Uint8Array ? 'fetch8' : 'fetch32',
        words: words(0, rows),
        tiles: tiles.length === 0 ? [] : Array.from({ length: threads }, () => tiles.map(([a, b]) => words(a, b - a))),
      },
    ]
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

/** Whether straight code that was made for some rows runs the calls for others. */
export const fits = (calls: readonly Encoded[], model: readonly Encoded[]): boolean =>
  calls.length === model.length &&
  calls.every((c, i) => c.kernel === model[i]?.kernel && c.words.length <= model[i].words.length)

/** An image, and the form of the program that it holds. */
export interface Loaded {
  readonly form: Form
  readonly image: Image
}

/** How a program is to be run: for so many rows, on batches of a resident set; `apart` call by call. */
export interface Wish {
  readonly rows: number
  readonly set: string | null
  readonly apart?: boolean
}

/** Writes the images of a machine's programs, each when it is first needed; `module` is what has taken over, if it has. */
export const loader = (spec: MachineSpec, map: MemoryMap, writing: Writing) => {
  const written = new Map<string, Loaded & Required<Wish> & { readonly module: Generated | null }>()
  const load = (program: string, { rows, set, apart = false }: Wish, module: Generated | null): Loaded => {
    const now = written.get(program)
    if (now?.rows === rows && now.set === set && now.apart === apart && now.module === module) return now
    const placed = map.programs.get(program) as Placed
    const form = (module && placed.whole) ?? placed
    const nameOf = module ? (region: string) => module.regions.get(region) ?? region : kernelOf
    const { threads } = map.threads
    const body = encode(form.plan, { rows, threads, ...leastOf(spec), base: map.addressOf, kernelOf: nameOf })
    const straight = module?.programs.get(program)
    const image = writeImage(
      writing,
      placed.frame,
      {
        before: set === null ? [] : fetches(spec, map, set, rows),
        body,
        behind: set === null ? [] : sums(map, placed, form, rows),
      },
      straight && !apart && fits(body, straight.model) ? straight : null,
    )
    const made = { rows, set, apart, module, form, image }
    written.set(program, made)
    return made
  }
  return { load, last: (program: string): Loaded | undefined => written.get(program) }
}
