/**
 * A program's image, which the interpreter reads: its code (pairs of kernel and record) and its records. A call that is
 * shared out has the kernel `share`; behind it lie, for every thread, the code and records of the tiles.
 */
import { type Encoded, mostTiles } from './encode.js'

/** Where the code begins and ends, and the kernels it calls. */
export interface Image {
  readonly pc: number
  readonly end: number
  readonly kernels: readonly string[]
}

/** Bytes of the image of a call, with as many tiles as it can have. */
export const imageBytes = ({ words, tiles }: Encoded, threads: number): number => {
  const call = 8 + 4 * words.length
  return call + (tiles && threads > 1 ? 16 + threads * mostTiles(threads) * call : 0)
}

/** Writes the image of calls at `pc`; `team` is where the threads speak. */
export const writeImage = (
  view: DataView,
  pc: number,
  calls: readonly Encoded[],
  indexOf: ReadonlyMap<string, number>,
  team: number,
): Image => {
  const end = pc + 8 * calls.length
  let free = end // local mutation: where there is room
  const take = (words: number): number => {
    const at = free
    free += 4 * words
    return at
  }
  const write = (at: number, words: readonly number[]): void =>
    words.forEach((w, i) => {
      view.setUint32(at + 4 * i, w, true)
    })
  const put = (at: number, kernel: string, words: readonly number[]): void => {
    const record = take(words.length)
    write(at, [indexOf.get(kernel) ?? 0, record])
    write(record, words)
  }
  calls.forEach(({ kernel, words, tiles = [] }, i) => {
    const [first] = tiles
    if (!first) {
      put(pc + 8 * i, kernel, words)
      return
    }
    const code = take(2 * first.length * tiles.length)
    put(pc + 8 * i, 'share', [team, first.length, code, 8 * first.length])
    tiles.flat().forEach((record, k) => {
      put(code + 8 * k, kernel, record)
    })
  })
  return { pc, end, kernels: calls.map(c => c.kernel) }
}
