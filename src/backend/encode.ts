/**
 * A plan as the interpreter reads it: calls with the words of their records, addresses in place, for a number of rows
 * and of threads. A call that takes long enough is shared out in tiles.
 */
import type { Call, Parts, Word } from '../graph/Op.js'
import type { Node } from '../graph/Program.js'
import { copyCall } from '../op/copy.js'
import { bytesOf } from '../shape/DType.js'
import { resolveDim, sizeOf } from '../shape/TensorType.js'
import type { Unit } from '../transform/Fuse.js'
import { lowered, type Place, type Plan } from './plan.js'
import { regionCall } from './region.js'

/** A kernel's name and the finished words of its record; the tiles of each thread if it is shared out. */
export interface Encoded {
  readonly kernel: string
  readonly words: readonly number[]
  /** absent where the call cannot be shared out; empty where, for these rows, it is not worth it */
  readonly tiles?: readonly (readonly (readonly number[])[])[]
  /** nanoseconds of one thread, where two or more could share them */
  readonly shareable?: number
}

export interface Encoding {
  readonly rows: number
  /** default 1 */
  readonly threads?: number
  /** shorter tiles are not made; in nanoseconds of one thread; default 10,000 */
  readonly leastTile?: number
  /** where a place is; scratch is a thread's own */
  readonly base: (place: Place, thread: number) => number
  /** the kernel of a region */
  readonly kernelOf: (key: string) => string
}

/** A shorter tile is not worth the signals between threads; in nanoseconds. */
const leastTile = 10_000

/** Tiles of a share at most: some more than threads, for one of them may be held up. */
export const mostTiles = (threads: number): number => 4 * threads

/** Nanoseconds of one thread that others could share. */
export const shareable = (calls: readonly Encoded[]): number =>
  calls.reduce((sum, call) => sum + (call.shareable ?? 0), 0)

/** Where the grains are cut, or nothing if they are not. */
const cuts = (
  { grains, cost, again = 0 }: Parts,
  threads: number,
  least: number,
): readonly (readonly [number, number])[] => {
  const most = 8 * threads * again > cost ? threads : mostTiles(threads)
  const tiles = threads === 1 ? 1 : Math.min(grains, most, Math.floor(cost / least))
  if (tiles < 2) return []
  const cut = (i: number): number => Math.floor((i * grains) / tiles)
  return Array.from({ length: tiles }, (_, i) => [cut(i), cut(i + 1)])
}

const floatBits = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0] as number

const copyBytes = (type: Node['expr']['type'], rows: number): Call => {
  const words = (resolveDim(sizeOf(type.shape), rows) * bytesOf(type.dtype)) / 4
  return copyCall({
    from: { arg: 0 },
    to: { out: true },
    dtype: 'i32',
    shape: [words],
    fromStrides: [1],
    toStrides: [1],
  })
}

/** The calls of each unit of a plan, and those of its copies, with addresses in place. */
export const encodeUnits = (
  plan: Plan,
  { rows, threads = 1, leastTile: least = leastTile, base, kernelOf }: Encoding,
): readonly (readonly Encoded[])[] => {
  const { program } = plan
  const at = (node: number): number => base(plan.places.get(node) as Place, 0)
  const finish = ({ kernel, words, parts }: Call, args: readonly number[], out: number): Encoded => {
    const record = (unfinished: readonly Word[], thread: number): readonly number[] =>
      unfinished.map(w => {
        if (typeof w === 'number') return w
        if ('f32' in w) return floatBits(w.f32)
        if ('scratch' in w) return base({ section: 'scratch', offset: w.scratch }, thread)
        return ('out' in w ? out : (args[w.arg] as number)) + (w.offset ?? 0)
      })
    const whole = { kernel, words: record(words, 0) }
    if (!parts) return whole
    const pieces = cuts(parts, threads, least).map(([from, to]) => parts.words(from, to))
    const turns = pieces.length === 0 ? 0 : threads
    const { grains, cost } = parts
    return {
      ...whole,
      ...(grains > 1 && cost >= 2 * least && { shareable: cost }),
      tiles: Array.from({ length: turns }, (_, thread) => pieces.map(w => record(w, thread))),
    }
  }
  const unitCalls = (unit: Unit): readonly Encoded[] => {
    if (unit._tag === 'Region') {
      const call = regionCall(unit, rows)
      const nodes = [...unit.inputs, ...unit.outputs, ...unit.sums].map(o => o.node)
      return [finish({ ...call, kernel: kernelOf(call.kernel) }, nodes.map(at), 0)]
    }
    const { expr, args } = program.nodes[unit.node] as Node
    const c = lowered(program, unit.node, rows)
    if (expr._tag !== 'Apply' || !c) return []
    const { lower } = expr.op
    const calls =
      lower._tag === 'Elementwise'
        ? [{ kernel: `${lower.fn(c)}_scalar`, words: [...args.map((_, i) => ({ arg: i })), { out: true } as const] }]
        : lower._tag === 'Alias'
          ? []
          : lower.calls(c)
    return calls.map(call => finish(call, args.map(at), at(unit.node)))
  }
  const copies = plan.copies.map(({ node, from, to }) =>
    finish(copyBytes((program.nodes[node] as Node).expr.type, rows), [base(from, 0)], base(to, 0)),
  )
  return [...plan.units.map(unitCalls), copies]
}

/** The calls of a plan in a row. */
export const encode = (plan: Plan, encoding: Encoding): readonly Encoded[] => encodeUnits(plan, encoding).flat()
