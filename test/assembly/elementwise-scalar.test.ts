/** The f64 functions of step scalars against `Math` and against identities computed in integers. */

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compile } from '../support/asc.js'

const exact: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  eq: (a, b) => (a === b ? -1 : 0),
  ne: (a, b) => (a !== b ? -1 : 0),
  lt: (a, b) => (a < b ? -1 : 0),
  le: (a, b) => (a <= b ? -1 : 0),
  gt: (a, b) => (a > b ? -1 : 0),
  ge: (a, b) => (a >= b ? -1 : 0),
  neg: a => -a,
  abs: a => Math.abs(a),
  sign: a => Math.sign(a),
  floor: a => Math.floor(a),
  ceil: a => Math.ceil(a),
  sqrt: a => Math.sqrt(a),
}
/** Reference and allowed relative error; `Math` itself is off by up to one ULP (1.1e-16 to 2.2e-16). */
const close: Readonly<Record<string, readonly [(x: number) => number, number]>> = {
  exp: [Math.exp, 4e-16],
  log: [Math.log, 4e-16],
  cos: [Math.cos, 4e-16],
}
const comparison = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])
const binary = (name: string): boolean => exact[name]?.length === 2
const wrapper = (name: string): string =>
  `export function ${name}(a: f64, b: f64): ${comparison.has(name) ? 'i32' : 'f64'} {
    return op.${name}_f64(a${binary(name) ? ', b' : ''})
  }`
const { call } = await compile(`import * as op from './assembly/elementwise/index'
${[...Object.keys(exact), ...Object.keys(close)].map(wrapper).join('\n')}
export function pow(a: f64, b: f64): f64 { return op.pow_f64(a, b) }
export function clamp(a: f64, b: f64, c: f64): f64 { return op.clamp_f64(a, b, c) }
export function choose(a: f64, b: f64): f64 { return op.select_f64(op.lt_f64(a, b), a, b) }
export function toI32(a: f64): i32 { return op.cast_f64_i32(a) }
export function fromI32(a: i32): f64 { return op.cast_i32_f64(a) }
export function toF32(a: f64): f32 { return op.cast_f64_f32(a) }
export function fromF32(a: f32): f64 { return op.cast_f32_f64(a) }`)

const specials = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1.5, -2.5, 1e300, 5e-324, -5e-324, 1e-310, 2 ** 53 + 2]
specials.push(-746, 709.7, 710, Number.MAX_VALUE, -Number.MAX_VALUE, Infinity, -Infinity, Number.NaN)

const same = (actual: number, expected: number, relative: number, what: string): void => {
  const near = Math.abs(actual - expected) <= relative * Math.abs(expected)
  if (!Object.is(actual, expected) && !near) assert.unreachable(`${what}: ${actual}, expected ${expected}`)
}
/** `count` points spread evenly over [from, to], both ends included. */
const points = (from: number, to: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1))

const test = suite('elementwise f64')

test('arithmetic and comparisons are exact', () => {
  for (const [name, reference] of Object.entries(exact))
    for (const a of specials)
      for (const b of specials) same(call(name)(a, b), reference(a, b), 0, `${name}(${a}, ${b})`)
})

test('exp, log and cos to an ULP or so, special cases included', () => {
  const xs = [
    ...points(-745, 709.7, 5000),
    ...points(-1, 1, 5000),
    ...points(0.5, 2, 5000),
    ...points(-1e5, 1e5, 50001),
  ]
  for (const [name, [reference, bound]] of Object.entries(close)) {
    const valid = name === 'cos' ? specials.filter(x => !(Math.abs(x) > 1e5) || Math.abs(x) === Infinity) : specials
    for (const x of [...valid, ...xs]) same(call(name)(x), reference(x), bound, `${name}(${x})`)
  }
})

test('cos keeps its relative error where it nearly vanishes', () => {
  for (let n = 0; n < 31000; n++) {
    const x = (n + 0.5) * Math.PI
    same(call('cos')(x), Math.cos(x), 4e-16, `cos(${x})`)
  }
})

test('pow has the special cases of C', () => {
  const c = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y)
  for (const x of specials) for (const y of specials) same(call('pow')(x, y), c(x, y), 1e-14, `pow(${x}, ${y})`)
})

/** base^n by exact products of integers, for a base of `digits` decimals: the correctly truncated leading digits. */
const integerPower = (base: number, digits: number, n: number): number => {
  const power = BigInt(Math.round(base * 10 ** digits)) ** BigInt(n)
  const text = power.toString()
  return Number(`${text.slice(0, 25)}e${text.length - Math.min(25, text.length) - digits * n}`)
}

test('pow to 1e-14 where schedules and bias corrections use it', () => {
  for (const beta of [0.9, 0.99, 0.999])
    for (const t of [1, 2, 3, 10, 100, 1000, 5000])
      same(call('pow')(beta, t), integerPower(beta, 3, t), 1e-14 + 2 ** -54 * t, `${beta}^${t}`)
  for (const t of points(0, 50000, 5001)) {
    same(call('pow')(0.1, t / 10000), Math.exp((t / 10000) * Math.log(0.1)), 1e-14, `0.1^(${t} / 10000)`)
    same(call('pow')(1 + t / 1000, -0.75), 1 / Math.sqrt(Math.sqrt((1 + t / 1000) ** 3)), 1e-14, `(1 + ${t}/1000)^-3/4`)
  }
})

test('clamp, select and casts', () => {
  const { NaN: nan } = Number
  assert.equal(
    [-3, 0.5, 9].map(x => call('clamp')(x, -1, 2)),
    [-1, 0.5, 2],
  )
  assert.ok(Number.isNaN(call('clamp')(nan, -1, 2)))
  assert.equal([call('choose')(1, 2), call('choose')(2, 1), call('choose')(nan, 1)], [1, 1, 1])
  assert.equal(
    [2.9, -2.9, 1e10, -1e10, nan].map(x => call('toI32')(x)),
    [2, -2, 2 ** 31 - 1, -(2 ** 31), 0],
  )
  assert.is(call('fromI32')(-7), -7)
  assert.is(call('toF32')(0.1), Math.fround(0.1))
  assert.is(call('fromF32')(Math.fround(0.1)), Math.fround(0.1))
})

test.run()
