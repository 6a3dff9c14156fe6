/** Errors in ULPs of the exact result, and what they are at most over a run of float32 bit patterns. */
import { type Compiled, compile } from '../../support/asc.js'
import { functions, type Measured, type Piece } from './functions.js'

export type Name = keyof typeof functions
export const names = Object.keys(functions) as readonly Name[]
export const measured: Readonly<Record<Name, Measured>> = functions

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)

/** The size of the last place of a float32 near x, where x is no denormal. */
const place = (x: number): number => {
  double[0] = x
  // the double of the same exponent, less 23
  words[1] = ((words[1] as number) & 0x7ff00000) - (23 << 20)
  words[0] = 0
  return double[0]
}

/** The error of `actual` in units of the last place of a float32 near `exact`; 0 or infinite where it must be equal. */
export const ulps = (actual: number, exact: number): number => {
  const rounded = Math.fround(exact)
  const special = !Number.isFinite(rounded) || !Number.isFinite(actual) || exact === 0
  if (special) return Object.is(actual, rounded) ? 0 : Infinity
  return Math.abs(actual - exact) / (Math.abs(exact) < 2 ** -126 ? 2 ** -149 : place(exact))
}

export interface Worst {
  readonly most: number
  readonly at: number
}

const capacity = 1 << 15
const [first, second] = [65536, 65536 + 4 * capacity]
const asFloat = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0] as number
export const bitsOf = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0] as number

export interface Kernels {
  readonly module: Compiled
  /** f of floats, one by one */
  readonly apply: (name: Name, xs: ArrayLike<number>) => Float32Array
  /** the largest error over `count` consecutive bit patterns from `from` */
  readonly sweep: (name: Name, from: number, count: number) => Worst
  /** the first of `count` bit patterns from `from` where f(x) is not x, not the value, not odd, or null */
  readonly exception: (name: Name, is: 'x' | 'odd' | number, from: number, count: number) => number | null
}

/** `<name>`: f of floats in memory. `<name>_sweep`: fills xs and ys. `<name>_exception`: see `Kernels.exception`. */
const source = names.map(
  name => `
export function ${name}(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, op.${name}_f32(v128.load(from + i)))
}
export function ${name}_sweep(bits: u32, from: usize, to: usize, bytes: usize): void {
  let x = i32x4.add(i32x4.splat(bits), i32x4(0, 1, 2, 3))
  for (let i: usize = 0; i < bytes; i += 16, x = i32x4.add(x, i32x4.splat(4))) {
    v128.store(from + i, x)
    v128.store(to + i, op.${name}_f32(x))
  }
}
export function ${name}_exception(bits: u32, count: u32, kind: u32, value: i32): f64 {
  const sign = i32x4.splat(0x80000000)
  for (let i: u32 = 0; i < count; i += 4) {
    const x = i32x4.add(i32x4.splat(bits + i), i32x4(0, 1, 2, 3))
    const y = op.${name}_f32(x)
    let wrong = i32x4.ne(y, kind == 0 ? i32x4.splat(value) : x)
    if (kind == 2) wrong = i32x4.ne(y, v128.xor(sign, op.${name}_f32(v128.xor(sign, x))))
    if (kind == 3) wrong = f32x4.eq(y, y)
    if (v128.any_true(wrong))
      for (let k: u32 = 0, lanes = i32x4.bitmask(wrong); k < 4 && i + k < count; k++)
        if ((lanes >> k) & 1) return <f64>(bits + i + k)
  }
  return -1
}`,
)

/** Compiles the kernels and what sweeps them. Local mutation: two buffers in the module's memory. */
export const kernels = async (): Promise<Kernels> => {
  const module = await compile(`import * as op from './assembly/elementwise/index'\n${source.join('\n')}`)
  const { buffer } = module.memory
  const [xs, ys] = [new Float32Array(buffer, first, capacity), new Float32Array(buffer, second, capacity)]
  return {
    module,
    apply: (name, values) => {
      if (values.length > capacity) throw new Error(`${values.length} values at once; ${capacity} fit`)
      xs.set(values)
      module.call(name)(first, second, 4 * values.length)
      return ys.slice(0, values.length)
    },
    sweep: (name, from, count) => {
      const { reference } = measured[name]
      const sweep = module.call(`${name}_sweep`)
      let worst: Worst = { most: 0, at: asFloat(from) }
      for (let at = 0; at < count; at += capacity) {
        const size = Math.min(capacity, count - at)
        sweep(from + at, first, second, 4 * size)
        for (let i = 0; i < size; i++) {
          const exact = reference(xs[i] as number)
          const y = ys[i] as number
          // what is correctly rounded is at most half an ULP off
          if (worst.most >= 0.5 && y === Math.fround(exact) && y !== 0) continue
          const error = ulps(y, exact)
          if (error > worst.most) worst = { most: error, at: xs[i] as number }
        }
      }
      return worst
    },
    exception: (name, is, from, count) => {
      const kind = is === 'x' ? 1 : is === 'odd' ? 2 : Number.isNaN(is) ? 3 : 0
      const found = module.call(`${name}_exception`)(from, count, kind, typeof is === 'number' ? bitsOf(is) : 0)
      return found < 0 ? null : asFloat(found)
    },
  }
}

/** A run of consecutive bit patterns and what holds for it. */
export interface Run {
  readonly from: number
  readonly count: number
  readonly is: Piece['is'] | 'odd'
}

const between = (from: number, to: number, is: Run['is']): Run => ({ from, count: to - from + 1, is })

/** All 2^32 bit patterns of a function, NaNs included, each once. */
export const runsOf = ({ pieces, odd }: Measured): readonly Run[] => {
  const runs = pieces.map(({ from, to, is }) => between(bitsOf(from), bitsOf(to), is))
  const nans = [between(0x7f800001, 0x7fffffff, Number.NaN), between(0xff800001, 0xffffffff, Number.NaN)]
  return odd ? [...runs, between(0, 0x7f800000, 'odd'), ...nans] : [...runs, ...nans]
}

/**
 * What must hold for the pieces that are not swept to have no larger error: the functions are monotonic, so one value
 * is furthest off at an end; and f(x) = x + O(x^2) is furthest from x at the largest x.
 */
export const endsOf = (m: Measured): Worst => {
  const errors = m.pieces.flatMap(({ from, to, is }) =>
    is === 'swept' ? [] : [from, to].map((x): Worst => ({ most: ulps(is === 'x' ? x : is, m.reference(x)), at: x })),
  )
  return errors.reduce((a, b) => (b.most > a.most ? b : a), { most: 0, at: 0 })
}
