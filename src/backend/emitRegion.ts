/**
 * Regions as AssemblyScript: one function each, one loop, everything in registers.
 *
 * Words of the record: [0] outer, [1] inner, then for every operand its address and the bytes it advances by after a
 * row of the loop, then the address of every output. The inner loop runs over four lanes at a time; the last
 * inner mod 4 elements of a row are computed as four and stored singly, so nothing beyond the output is written.
 *
 * With reductions there follows the address of every one's results; where they go over rows, also the bytes an output
 * advances by after a row, and scratch memory: a row of totals for every reduction, then a row of partial ones. The order
 * of a sum is that of `reduceSum` (assembly/reduce.ts); a maximum, which has the same bits in any, is taken in it, too.
 */
import type { Reduced } from '../transform/Unit.js'
import { block, doc } from './text.js'

/** What the text of a region depends on: its key, taken apart. */
export interface RegionShape {
  readonly lanes: readonly ('v' | 's')[]
  readonly steps: readonly { readonly fn: string; readonly args: readonly number[] }[]
  readonly outputs: readonly number[]
  readonly reductions: readonly Omit<Reduced, 'node'>[]
  readonly over: 'outer' | 'inner'
}

const numbers = (text: string): readonly number[] => (text === '' ? [] : text.split(',').map(Number))

/** The name and the arguments of every call in `f(0,1);g(2)`. */
const calls = (text: string): RegionShape['steps'] =>
  text === ''
    ? []
    : text.split(';').map(call => {
        const open = call.indexOf('(')
        return { fn: call.slice(0, open), args: numbers(call.slice(open + 1, -1)) }
      })

/** The inverse of `regionKey`. */
export const parseKey = (key: string): RegionShape => {
  const [lanes = '', steps = '', outputs = '', edges = ''] = key.split('|')
  const [over, reductions = ''] = edges.split(' ')
  return {
    lanes: [...lanes].map(l => (l === 'v' ? 'v' : 's')),
    steps: calls(steps),
    outputs: numbers(outputs),
    reductions: calls(reductions).map(({ fn, args: [step = 0] }) => ({ kind: fn === 'max' ? 'max' : 'sum', step })),
    over: over === 'inner' ? 'inner' : 'outer',
  }
}

/** How a reduction is written: what it starts with, and how values come together in vectors, lanes and alone. */
const forms = {
  sum: {
    start: 'f32x4.splat(0)',
    vectors: (a: string, b: string): string => `f32x4.add(${a}, ${b})`,
    lanes: 'sumLanes',
    single: (to: string, value: string): string => `${to} += ${value}`,
  },
  max: {
    start: 'f32x4.splat(-Infinity)',
    vectors: (a: string, b: string): string => `f32x4.max(${a}, ${b})`,
    lanes: 'maxLanes',
    single: (to: string, value: string): string => `${to} = max(${to}, ${value})`,
  },
} as const

/** Functions of many instructions: two at a time hide their latency, more only make code. */
const long = new Set(['exp', 'expm1', 'elu', 'log', 'log1p', 'tanh', 'logistic', 'erf', 'pow'].map(f => `${f}_f32`))

/** Vectors per turn of the loop: short bodies are unrolled to hide the loop's own cost. */
const unroll = (r: RegionShape): number => {
  if (!r.lanes.includes('v') || r.reductions.length > 0) return 1
  return r.steps.length > 4 ? 1 : r.steps.length > 1 || r.steps.some(s => long.has(s.fn)) ? 2 : 4
}

/** What the values of a region are called: its operands, then its steps. */
export type NameOf = (value: number) => string

/** How a body is written: which vector of a turn it is, and whether only `rest` lanes of it are within the row. */
interface Body {
  readonly vector: number
  readonly partial: boolean
  /** what the j-th reduction does with a vector */
  readonly reduce: (j: number, value: string) => readonly string[]
}

type Bodies = (b: Body) => readonly string[]

const bodies =
  (r: RegionShape, nameOf: NameOf): Bodies =>
  ({ vector, partial, reduce }) => {
    const at = vector === 0 ? '' : `, ${16 * vector}`
    const name = (a: number): string => (r.lanes[a] === 's' || vector === 0 ? nameOf(a) : `${nameOf(a)}$${vector}`)
    const step = (k: number): string => name(r.lanes.length + k)
    const loads = r.lanes.flatMap((l, i) => (l === 'v' ? [`const ${name(i)} = v128.load(p${i} + c${at})`] : []))
    const steps = r.steps.map((s, k) => `const ${step(k)} = ${s.fn}(${s.args.map(name).join(', ')})`)
    const stores = r.outputs.map((o, k) =>
      partial ? `storeLanes(q${k} + c, ${step(o)}, rest)` : `v128.store(q${k} + c, ${step(o)}${at})`,
    )
    return [...loads, ...steps, ...stores, ...r.reductions.flatMap((o, j) => reduce(j, step(o.step)))]
  }

const shortNames = ({ lanes }: RegionShape): NameOf => {
  const of = (a: number): string => (lanes[a] === 'v' ? `x${a}` : `s${a}`)
  return a => (a < lanes.length ? of(a) : `t${a - lanes.length}`)
}

const upTo = (n: number, f: (j: number) => string): readonly string[] => Array.from({ length: n }, (_, j) => f(j))

/** A row of the loop, vector by vector. */
const plainRow = (r: RegionShape, write: Bodies, reduce: Body['reduce']): readonly string[] => {
  const turns = unroll(r)
  const several = upTo(turns, String).flatMap((_, vector) => write({ vector, partial: false, reduce }))
  return [
    'let c: usize = 0',
    ...(turns > 1 ? block(`for (; c + ${16 * turns} <= whole; c += ${16 * turns})`, several) : []),
    ...block('for (; c < whole; c += 16)', write({ vector: 0, partial: false, reduce })),
    ...block('if (rest)', write({ vector: 0, partial: true, reduce })),
  ]
}

/** A row and its reductions: sixteen lanes in chunks of 4,096 elements, the lanes, and what is left one by one. */
const reducedRow = (r: RegionShape, write: Bodies): readonly string[] => {
  const n = r.reductions.length
  const form = (j: number) => forms[r.reductions[j]?.kind ?? 'sum']
  const quads = (f: (j: number, v: number) => string): readonly string[] =>
    upTo(4 * n, k => f(Math.floor(k / 4), k % 4))
  const four = upTo(4, String).flatMap((_, vector) =>
    write({
      vector,
      partial: false,
      reduce: (j, value) => [`part${j}_${vector} = ${form(j).vectors(`part${j}_${vector}`, value)}`],
    }),
  )
  const single = (lane: number, j: number, value: string): string =>
    form(j).single(`reduced${j}`, `f32x4.extract_lane(${value}, ${lane})`)
  const all: Body['reduce'] = (j, value) => upTo(4, lane => single(lane, j, value))
  const some: Body['reduce'] = (j, value) => [
    single(0, j, value),
    `if (rest > 1) ${single(1, j, value)}`,
    `if (rest > 2) ${single(2, j, value)}`,
  ]
  return [
    'let c: usize = 0',
    ...quads((j, v) => `let total${j}_${v} = ${form(j).start}`),
    ...block('while (c < lines)', [
      'const stop = min(c + 16384, lines)',
      ...quads((j, v) => `let part${j}_${v} = ${form(j).start}`),
      ...block('for (; c < stop; c += 64)', four),
      ...quads((j, v) => `total${j}_${v} = ${form(j).vectors(`total${j}_${v}`, `part${j}_${v}`)}`),
    ]),
    ...upTo(n, j => `let reduced${j} = ${form(j).lanes}(total${j}_0, total${j}_1, total${j}_2, total${j}_3)`),
    ...block('for (; c < whole; c += 16)', write({ vector: 0, partial: false, reduce: all })),
    ...block('if (rest)', write({ vector: 0, partial: true, reduce: some })),
    ...upTo(n, j => `store<f32>(r${j}, reduced${j})`),
    ...upTo(n, j => `r${j} += 4`),
  ]
}

/** The loop of a region with reductions over its rows; they stand in the record from byte `at` on. */
const reducedRows = ({ reductions }: RegionShape, at: number, row: readonly string[]): readonly string[] => {
  const n = reductions.length
  return [
    `const stride = <usize>load<u32>(a, ${at + 4 * n})`,
    'const room = ((inner + 3) & ~3) << 2',
    `const total0 = <usize>load<u32>(a, ${at + 4 * n + 4})`,
    ...upTo(n - 1, j => `const total${j + 1} = total${j} + room`),
    ...upTo(n, j => `const part${j} = ${j === 0 ? `total${n - 1}` : `part${j - 1}`} + room`),
    ...block(
      'for (let c: usize = 0; c < room; c += 16)',
      reductions.flatMap(({ kind }, j) => [
        `v128.store(total${j} + c, ${forms[kind].start})`,
        `v128.store(part${j} + c, ${forms[kind].start})`,
      ]),
    ),
    ...block('for (let left = load<u32>(a); left > 0; )', [
      'const chunk = min<u32>(left, 128)',
      ...block('for (let rows = chunk; rows > 0; rows--)', row),
      ...block(
        'for (let c: usize = 0; c < room; c += 16)',
        reductions.flatMap(({ kind }, j) => [
          `v128.store(total${j} + c, ${forms[kind].vectors(`v128.load(total${j} + c)`, `v128.load(part${j} + c)`)})`,
          `v128.store(part${j} + c, ${forms[kind].start})`,
        ]),
      ),
      'left -= chunk',
    ]),
    ...upTo(n, j => `const r${j} = <usize>load<u32>(a, ${at + 4 * j})`),
    ...block(
      'for (let c: usize = 0; c < whole; c += 16)',
      upTo(n, j => `v128.store(r${j} + c, v128.load(total${j} + c))`),
    ),
    ...block(
      'if (rest)',
      upTo(n, j => `storeLanes(r${j} + whole, v128.load(total${j} + whole), rest)`),
    ),
  ]
}

/** The exported function of a region; `remark` stands above it. */
export const emitRegion = (
  name: string,
  key: string,
  nameOf: NameOf = shortNames(parseKey(key)),
  remark = key,
): string => {
  const r = parseKey(key)
  const n = r.reductions.length
  const outputsAt = 8 + 8 * r.lanes.length
  const reductionsAt = outputsAt + 4 * r.outputs.length
  const write = bodies(r, nameOf)
  const overRows = n > 0 && r.over === 'outer'
  const take: Body['reduce'] = (j, value) => {
    const { vectors } = forms[r.reductions[j]?.kind ?? 'sum']
    return [`v128.store(part${j} + c, ${vectors(`v128.load(part${j} + c)`, value)})`]
  }
  const row = [
    ...r.lanes.flatMap((l, i) => (l === 's' ? [`const ${nameOf(i)} = v128.load32_splat(p${i})`] : [])),
    ...(n > 0 && !overRows ? reducedRow(r, write) : plainRow(r, write, take)),
    ...r.lanes.map((_, i) => `p${i} += d${i}`),
    ...r.outputs.map((_, k) => `q${k} += ${overRows ? 'stride' : 'inner << 2'}`),
  ]
  return [
    ...doc(remark),
    ...block(`export function ${name}(a: usize): void`, [
      'const inner = <usize>load<u32>(a, 4)',
      'const whole = (inner & ~3) << 2',
      'const rest = inner & 3',
      ...r.lanes.flatMap((_, i) => [
        `let p${i} = <usize>load<u32>(a, ${8 + 8 * i})`,
        `const d${i} = <usize>load<u32>(a, ${12 + 8 * i})`,
      ]),
      ...r.outputs.map((_, k) => `let q${k} = <usize>load<u32>(a, ${outputsAt + 4 * k})`),
      ...(overRows
        ? reducedRows(r, reductionsAt, row)
        : [
            ...(n > 0 ? ['const lines = (inner & ~15) << 2'] : []),
            ...upTo(n, j => `let r${j} = <usize>load<u32>(a, ${reductionsAt + 4 * j})`),
            ...block('for (let rows = load<u32>(a); rows > 0; rows--)', row),
          ]),
    ]),
  ].join('\n')
}
