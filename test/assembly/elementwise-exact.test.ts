/** The elementwise functions that are exact or correctly rounded: bit for bit over pairs of special values. */

import { suite } from 'uvu'
import { compile } from '../support/asc.js'
import { assertBits } from '../support/assert.js'

type Reference = (a: number, b: number) => number
type Lane = 'f32' | 'i32'
type Row = { readonly op: string; readonly from: Lane; readonly to: Lane; readonly reference: Reference }

const mask = (x: boolean): number => (x ? -1 : 0)
/** As WebAssembly's f32.max and min: NaN when either is, -0 below +0; so are JavaScript's. */
const comparisons: Readonly<Record<string, Reference>> = {
  eq: (a, b) => mask(a === b),
  ne: (a, b) => mask(a !== b),
  lt: (a, b) => mask(a < b),
  le: (a, b) => mask(a <= b),
  gt: (a, b) => mask(a > b),
  ge: (a, b) => mask(a >= b),
}
const floats: Readonly<Record<string, Reference>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  neg: a => -a,
  abs: a => Math.abs(a),
  sign: a => Math.sign(a),
  floor: a => Math.floor(a),
  ceil: a => Math.ceil(a),
  sqrt: a => Math.sqrt(a),
}
const integers: Readonly<Record<string, Reference>> = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: (a, b) => Math.imul(a, b),
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  neg: a => -a | 0,
  abs: a => Math.abs(a) | 0,
}
const saturate: Reference = a => (Number.isNaN(a) ? 0 : Math.trunc(Math.min(Math.max(a, -(2 ** 31)), 2 ** 31 - 1)))
const casts: readonly Row[] = [
  { op: 'cast_f32_i32', from: 'f32', to: 'i32', reference: saturate },
  { op: 'cast_i32_f32', from: 'i32', to: 'f32', reference: a => a },
  { op: 'cast_f32_bool', from: 'f32', to: 'i32', reference: a => mask(a !== 0) },
  { op: 'cast_i32_bool', from: 'i32', to: 'i32', reference: a => mask(a !== 0) },
]
const rowsOf = (from: Lane, to: Lane, table: Readonly<Record<string, Reference>>): readonly Row[] =>
  Object.entries(table).map(([op, reference]) => ({ op: `${op}_${from}`, from, to, reference }))
const rows: readonly Row[] = [
  ...rowsOf('f32', 'f32', floats),
  ...rowsOf('f32', 'i32', comparisons),
  ...rowsOf('i32', 'i32', integers),
  ...rowsOf('i32', 'i32', comparisons),
  ...casts,
]

const loop = (name: string, expression: string): string =>
  `export function ${name}(a: usize, b: usize, to: usize, bytes: usize): void {
    for (let i: usize = 0; i < bytes; i += 16) {
      const x = v128.load(a + i)
      const y = v128.load(b + i)
      v128.store(to + i, ${expression})
    }
  }`
const call = ({ op, reference }: Row): string => `op.${op}(${reference.length === 1 ? 'x' : 'x, y'})`
const extras: Readonly<Record<string, string>> = {
  clamp: 'op.clamp_f32(x, f32x4.splat(-2), f32x4.splat(3))',
  clampZero: 'op.clamp_f32(x, f32x4.splat(0), f32x4.splat(0))',
  select: 'op.select_32(op.lt_i32(x, y), x, y)',
  logic: 'op.or_bool(op.and_bool(op.lt_i32(x, y), op.gt_i32(x, i32x4.splat(0))), op.not_bool(op.ne_i32(x, y)))',
  boolF32: 'op.cast_bool_f32(op.lt_i32(x, y))',
  boolI32: 'op.cast_bool_i32(op.lt_i32(x, y))',
}
const kernels = await compile(`import * as op from './assembly/elementwise/index'
${rows.map(row => loop(row.op, call(row))).join('\n')}
${Object.entries(extras)
  .map(([name, expression]) => loop(name, expression))
  .join('\n')}`)

const specialF32 = [0, -0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2, -2, 3, 7.25, -7.75, 1e-45, -1e-45, 1e-38, 8388609, 2 ** 31]
specialF32.push(-(2 ** 31), 2147483520, 3e9, -3e9, 3.4028234663852886e38, -3.4028234663852886e38, Infinity)
specialF32.push(-Infinity, Number.NaN, 1 / 3)
const specialI32 = [0, 1, -1, 2, -2, 3, 7, 65535, 65537, -65536, 16777217, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1]
specialI32.push(123456789, -987654321)

const pairs = (values: readonly number[]): ReadonlyArray<readonly [number, number]> =>
  values.flatMap(a => values.map(b => [a, b] as const))
const [first, second, third] = [1024, 65536, 131072]
const arrayOf = (lane: Lane): Float32ArrayConstructor | Int32ArrayConstructor =>
  lane === 'f32' ? Float32Array : Int32Array

/** Every NaN becomes the canonical one: its sign and payload are the engine's choice. */
const canonical = <A extends Float32Array | Int32Array>(values: A): A => {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = Number.NaN
  return values
}

const check = (name: string, { from, to, reference }: Omit<Row, 'op'>): void => {
  const values = pairs(from === 'f32' ? specialF32.map(Math.fround) : specialI32)
  const input = arrayOf(from)
  new input(kernels.memory.buffer, first, values.length).set(values.map(([a]) => a))
  new input(kernels.memory.buffer, second, values.length).set(values.map(([, b]) => b))
  kernels.call(name)(first, second, third, values.length * 4)
  const expected = new (arrayOf(to))(values.map(([a, b]) => reference(a, b)))
  const actual = new (arrayOf(to))(kernels.memory.buffer, third, values.length).slice()
  assertBits(canonical(actual), canonical(expected), name)
}

const test = suite('elementwise, exact')

for (const row of rows) test(row.op, () => check(row.op, row))

test('clamp keeps NaN, and a zero between bounds of zero keeps its sign', () => {
  check('clamp', { from: 'f32', to: 'f32', reference: a => (a < -2 ? -2 : a > 3 ? 3 : a) })
  check('clampZero', { from: 'f32', to: 'f32', reference: a => (a < 0 || a > 0 ? 0 : a) })
})

test('selection, logic and casts of masks', () => {
  check('select', { from: 'i32', to: 'i32', reference: (a, b) => (a < b ? a : b) })
  check('logic', { from: 'i32', to: 'i32', reference: (a, b) => mask((a < b && a > 0) || a === b) })
  check('boolF32', { from: 'i32', to: 'f32', reference: (a, b) => (a < b ? 1 : 0) })
  check('boolI32', { from: 'i32', to: 'i32', reference: (a, b) => (a < b ? 1 : 0) })
})

test.run()
