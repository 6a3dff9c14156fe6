/**
 * A program's image, which the interpreter reads: code (pairs of kernel and record) and records.
 *
 *     | short code | code: calls before, of the plan, behind | records of the plan's calls | the other records, tiles |
 *
 * Where the plan's calls and their records lie does not depend on the rows, so that a generated function can name them;
 * the short code has one call of such a function in the place of the plan's. A call that is shared out has the kernel
 * `share`; its tiles have, for every thread, code and records of their own.
 */
import type { Encoded, Finished } from './encode.js'
import { mostTiles } from './tiles.js'

/** Where the code begins and ends, the kernels it calls, and the bytes of the whole image. */
export interface Image {
  readonly pc: number
  readonly end: number
  readonly kernels: readonly string[]
  readonly bytes: number
}

/** The place of an image: its address, and how many calls stand before and behind the plan's, at most. */
export interface Frame {
  readonly at: number
  readonly before: number
  readonly behind: number
}

export interface Calls {
  readonly before: readonly Encoded[]
  readonly body: readonly Encoded[]
  readonly behind: readonly Encoded[]
}

const pair = 8
/** Words of the longest record of a call that is not the plan's. */
const around = 8

/** Bytes of the words that a record leads to. */
const ledBytes = (words: readonly Finished[]): number =>
  words.reduce<number>(
    (n, w) => (typeof w === 'object' && 'words' in w ? n + 4 * w.words.length + ledBytes(w.words) : n),
    0,
  )

/** Bytes for a call's tiles, whose records take so many each. */
const tileBytes = (record: number, threads: number): number =>
  threads > 1 ? 4 * 4 + threads * mostTiles(threads) * (pair + record) : 0

/** Words that a record of the plan's calls has room for: what `share` takes at least. */
const room = ({ words }: Encoded): number => Math.max(words.length, 4)

/** Bytes of an image, with as many tiles as its calls can have; the last call before the plan's has none. */
export const imageBytes = ({ before, behind }: Omit<Frame, 'at'>, body: readonly Encoded[], threads: number): number =>
  pair * (2 * (before + behind) + 1 + body.length) +
  4 * around * (before + behind + 1) +
  (before - 1) * tileBytes(4 * around, threads) +
  body.reduce((n, c) => {
    const led = ledBytes(c.words)
    return n + 4 * room(c) + led + (c.tiles ? tileBytes(4 * c.words.length + led, threads) : 0)
  }, 0)

/** Where the plan's calls lie: the code of each, and its record. */
export const placesOf = (
  { at, before, behind }: Frame,
  body: readonly Encoded[],
): readonly { readonly code: number; readonly record: number }[] => {
  const code = at + pair * (before + 1 + behind) + pair * before
  let record = code + pair * (body.length + behind) // local mutation: the next one's
  return body.map((call, i) => {
    const here = record
    record += 4 * room(call)
    return { code: code + pair * i, record: here }
  })
}

/** What the words of an image are written with. */
export interface Writing {
  readonly view: DataView
  readonly indexOf: ReadonlyMap<string, number>
  /** where the threads speak */
  readonly team: number
}

/** Writes an image; `short` is the function that stands for the plan's calls, which `model` were made with. */
export const writeImage = (
  { view, indexOf, team }: Writing,
  frame: Frame,
  { before, body, behind }: Calls,
  generated: { readonly fn: string; readonly model: readonly Encoded[] } | null = null,
): Image => {
  const model = generated?.model ?? body
  const places = placesOf(frame, model)
  const first = frame.at + pair * (frame.before + 1 + frame.behind) + pair * frame.before
  let free = first + pair * (model.length + frame.behind) + model.reduce((n, c) => n + 4 * room(c), 0) // local mutation
  const take = (words: number): number => {
    const at = free
    free += 4 * words
    return at
  }
  const write = (at: number, words: readonly number[]): void =>
    words.forEach((w, i) => {
      view.setUint32(at + 4 * i, w, true)
    })
  const finished = (words: readonly Finished[]): readonly number[] =>
    words.map(w => {
      if (typeof w === 'number') return w
      if ('kernel' in w) return indexOf.get(w.kernel) ?? 0
      const at = take(w.words.length)
      write(at, finished(w.words))
      return at
    })
  const put = (code: number, kernel: string, words: readonly Finished[], record = take(words.length)): void => {
    write(code, [indexOf.get(kernel) ?? 0, record])
    write(record, finished(words))
  }
  const call = (code: number, { kernel, words, tiles = [] }: Encoded, record?: number): void => {
    const [sample] = tiles
    if (!sample) {
      put(code, kernel, words, record)
      return
    }
    const tileCode = take(2 * sample.length * tiles.length)
    put(code, 'share', [team, sample.length, tileCode, pair * sample.length], record)
    tiles.flat().forEach((words, k) => {
      put(tileCode + pair * k, kernel, words)
    })
  }
  body.forEach((c, i) => {
    const { code, record } = places[i] as { code: number; record: number }
    call(code, c, record)
  })
  const row = (code: number, calls: readonly Encoded[]): void =>
    calls.forEach((c, i) => {
      call(code + pair * i, c)
    })
  const shown = generated ? [{ kernel: generated.fn, words: [] }] : body
  const start = generated ? frame.at + pair * frame.before : first
  if (generated) row(start, shown)
  row(start - pair * before.length, before)
  row(start + pair * shown.length, behind)
  return {
    pc: start - pair * before.length,
    end: start + pair * (shown.length + behind.length),
    kernels: [...before, ...shown, ...behind].map(c => c.kernel),
    bytes: free - frame.at,
  }
}
