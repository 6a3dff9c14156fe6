/**
 * A plan as the interpreter reads it: calls with the words of their records, addresses in place, for a number of rows
 * and of threads. A call that takes long enough is shared out in tiles.
 */
import type { Call, Word } from '../graph/Op.js'
import type { Node } from '../graph/Program.js'
import { copyCall } from '../op/copy.js'
import { bytesOf } from '../shape/DType.js'
import { resolveDim, sizeOf } from '../shape/TensorType.js'
import { type Led, partsOf, type Region, type Single, type Unit } from '../transform/Unit.js'
import { epilogueBytes, lowered, type Place, type Plan, scratchOf } from './plan.js'
import { regionCall } from './region.js'
import { cuts, leastTile } from './tiles.js'

/** A finished word of a record: a number, a kernel's index in the function table, or the address of more words. */
export type Finished = number | { readonly kernel: string } | { readonly words: readonly Finished[] }

/** A kernel's name and the finished words of its record; the tiles of each thread if it is shared out. */
export interface Encoded {
  readonly kernel: string
  readonly words: readonly Finished[]
  /** absent where the call cannot be shared out; empty where, for these rows, it is not worth it */
  readonly tiles?: readonly (readonly (readonly Finished[])[])[]
  /** nanoseconds of one thread, where two or more could share them */
  readonly shareable?: number
}

/** A call, and the addresses of what it reads and writes. */
interface Bound {
  readonly call: Call
  readonly args: readonly number[]
  readonly out: number
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

/** Nanoseconds of one thread that others could share. */
export const shareable = (calls: readonly Encoded[]): number =>
  calls.reduce((sum, call) => sum + (call.shareable ?? 0), 0)

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
  const record = ({ args, out }: Bound, unfinished: readonly Word[], thread: number): readonly number[] =>
    unfinished.map(w => {
      if (typeof w === 'number') return w
      if ('f32' in w) return floatBits(w.f32)
      if ('scratch' in w) return base({ section: 'scratch', offset: w.scratch }, thread)
      return ('out' in w ? out : (args[w.arg] as number)) + (w.offset ?? 0)
    })
  /** A call, whole and in tiles; `behind` is its epilogue in the piece that begins at a grain. */
  const finish = (bound: Bound, behind?: (grain: number, thread: number) => Finished): Encoded => {
    const { kernel, words, parts, leads } = bound.call
    const piece = (unfinished: readonly Word[], grain: number, thread: number): readonly Finished[] => {
      const all = record(bound, unfinished, thread)
      return behind && leads ? all.map((w, i) => (i === leads.word ? behind(grain, thread) : w)) : all
    }
    const whole = { kernel, words: piece(words, 0, 0) }
    if (!parts) return whole
    const pieces = cuts(parts, threads, least)
    const { grains, cost } = parts
    return {
      ...whole,
      ...(grains > 1 && cost >= 2 * least && { shareable: cost }),
      tiles: Array.from({ length: pieces.length === 0 ? 0 : threads }, (_, thread) =>
        pieces.map(([from, to]) => piece(parts.words(from, to), from, thread)),
      ),
    }
  }
  const bind = (unit: Region | Single, row?: number): readonly Bound[] => {
    if (unit._tag === 'Region') {
      const call = regionCall(unit, rows, row)
      const nodes = [...unit.inputs, ...unit.outputs, ...unit.reductions].map(o => o.node)
      return [{ call: { ...call, kernel: kernelOf(call.kernel) }, args: nodes.map(at), out: 0 }]
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
    return calls.map(call => ({ call, args: args.map(at), out: at(unit.node) }))
  }
  /**
   * A call of an epilogue as `assembly/epilogue.ts` reads it, behind so many rows; null if it is not local. Of what lies
   * at `passing`, every row is read where the product's call begins: `begins` bytes from there.
   */
  const follower = (bound: Bound, resultRows: number, passing: number | null) => {
    const { kernel, parts } = bound.call
    if (!parts?.local) return null
    const of = (from: number, to: number): readonly number[] => record(bound, parts.words(from, to), 0)
    const [one, next, two] = [of(0, 1), of(1, 2), of(0, 2)]
    const less = (xs: readonly number[], ys: readonly number[]) => xs.map((x, i) => (x - (ys[i] as number)) >>> 0)
    const stays = parts.words(0, 1).map(w => typeof w === 'object' && 'arg' in w && bound.args[w.arg] === passing)
    const growing = (xs: readonly number[]) => xs.map((x, i) => (stays[i] ? 0 : x))
    const [firsts, counts, each] = [growing(less(next, one)), growing(less(two, one)), resultRows / parts.grains]
    const none = less(one, counts)
    const words = (begins: number): readonly Finished[] => [
      { kernel },
      each,
      one.length,
      ...none.map((x, i) => (stays[i] ? x + begins : x)),
      ...firsts,
      ...counts,
    ]
    return Number.isInteger(each) && 4 * one.length <= epilogueBytes ? { each, words } : null
  }
  /** A product and its epilogue as one call; null where they are to run one after the other. */
  const led = ({ units: [head, ...behind] }: Led): Encoded | null => {
    if (head?._tag !== 'Single') return null
    const [bound, other] = bind(head)
    const shape = lowered(program, head.node, rows)?.out.shape ?? []
    const row = shape[shape.length - 1] as number
    const { parts, leads } = bound?.call ?? {}
    if (!bound || other || !leads) return null
    const begins = parts ? cuts(parts, threads, least).map(([from]) => leads.row?.(from) ?? Number.NaN) : []
    const passes = leads.passes === true && plan.passing.has(head.node)
    const kernels = behind
      .flatMap(u => bind(u, row))
      .map(b => follower(b, sizeOf(shape) / row, passes ? bound.out : null))
    if (!kernels.every(k => k !== null && begins.every(b => b % k.each === 0))) return null
    const offset = scratchOf(program, head, rows)
    return finish(bound, (grain, thread) => {
      const first = leads.row?.(grain) ?? 0
      const words = kernels.flatMap(k => k?.words(4 * row * first) ?? [])
      return { words: [base({ section: 'scratch', offset }, thread), first, Number(passes), kernels.length, ...words] }
    })
  }
  const copies = plan.copies.map(({ node, from, to }) => {
    const call = copyBytes((program.nodes[node] as Node).expr.type, rows)
    return finish({ call, args: [base(from, 0)], out: base(to, 0) })
  })
  const apart = (unit: Unit): readonly Encoded[] => partsOf(unit).flatMap(u => bind(u).map(b => finish(b)))
  const calls = plan.units.map(unit => {
    const together = unit._tag === 'Led' ? led(unit) : null
    return together ? [together] : apart(unit)
  })
  return [...calls, copies]
}

/** The calls of a plan in a row. */
export const encode = (plan: Plan, encoding: Encoding): readonly Encoded[] => encodeUnits(plan, encoding).flat()
