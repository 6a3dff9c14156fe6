/**
 * Programs in memory as the interpreter runs them: images, each for one number of rows and one who runs it. The last few
 * of a program are kept, since a data set's last batch, in every epoch, is often a smaller one.
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

/** An image that is in memory, or was; `copy` has its bytes once another has taken the place. */
interface Kept extends Loaded, Required<Wish> {
  readonly module: Generated | null
  copy: Uint8Array | null
}

/** Images of a program that are kept, the one in memory among them. */
const mostKept = 4

/** Loads the images of a machine's programs when they are needed; `module` is what has taken over, if it has. */
export const loader = (spec: MachineSpec, map: MemoryMap, writing: Writing) => {
  const images = new Map<string, readonly Kept[]>() // by program, the one in memory first
  const make = (program: string, { rows, set, apart }: Required<Wish>, module: Generated | null): Kept => {
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
    return { rows, set, apart, module, form, image, copy: null }
  }
  const load = (program: string, { rows, set, apart = false }: Wish, module: Generated | null): Loaded => {
    const kept = images.get(program) ?? []
    const now = kept[0]
    if (now?.rows === rows && now.set === set && now.apart === apart && now.module === module) return now
    const { at } = (map.programs.get(program) as Placed).frame
    const place = (bytes: number): Uint8Array => new Uint8Array(writing.view.buffer, at, bytes)
    if (now) now.copy ??= place(now.image.bytes).slice()
    const known = kept.find(k => k.rows === rows && k.set === set && k.apart === apart && k.module === module)
    if (known?.copy) place(known.image.bytes).set(known.copy)
    const next = known ?? make(program, { rows, set, apart }, module)
    images.set(program, [next, ...kept.filter(k => k !== next)].slice(0, mostKept))
    return next
  }
  return { load, last: (program: string): Loaded | undefined => images.get(program)?.[0] }
}
