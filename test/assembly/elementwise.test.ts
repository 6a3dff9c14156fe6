/** The transcendental f32 kernels against float64, in ULPs of the exact result, over every exponent and special value. */

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compile } from '../support/asc.js'

type Unary = (x: number) => number

/** A Maclaurin series below 3, a continued fraction of erfc above. */
const erf: Unary = x => {
  const a = Math.abs(x)
  if (a < 3) {
    let term = a
    let sum = a
    for (let n = 1; n < 80; n++) {
      term *= (-a * a) / n
      sum += term / (2 * n + 1)
    }
    return (Math.sign(x) * sum * 2) / Math.sqrt(Math.PI)
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction)
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction))
}
const logistic: Unary = x => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))

/** C's pow: unlike JavaScript's, 1 to any power is 1, and so is -1 to an infinite one. */
const pow = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y)

/** Reference and allowed error in ULPs, a little above what a dense sweep measured (see the docstrings). */
const functions: Readonly<Record<string, readonly [Unary, number]>> = {
  rsqrt: [x => 1 / Math.sqrt(x), 1.5],
  sqrt: [Math.sqrt, 0.5],
  exp: [Math.exp, 1.01],
  expm1: [Math.expm1, 1.6],
  log: [Math.log, 0.85],
  log1p: [Math.log1p, 0.85],
  tanh: [Math.tanh, 1.25],
  logistic: [logistic, 1.8],
  erf: [x => (x === 0 ? x : erf(x)), 1.3],
}

const unarySource = Object.keys(functions).map(
  name => `export function ${name}(from: usize, to: usize, bytes: usize): void {
    for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, op.${name}_f32(v128.load(from + i)))
  }`,
)
const kernels = await compile(`import * as op from './assembly/elementwise/index'
${unarySource.join('\n')}
export function pow(from: usize, by: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, op.pow_f32(v128.load(from + i), v128.load(by + i)))
}`)

const capacity = 1 << 18
const [first, second, third] = [65536, 65536 + capacity * 4, 65536 + capacity * 8]
const view = (at: number): Float32Array => new Float32Array(kernels.memory.buffer, at, capacity)
const bits = (at: number): Uint32Array => new Uint32Array(kernels.memory.buffer, at, capacity)

/** A small generator of repeatable test points (mulberry32). */
const generator = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}

/** The error of `actual` in units of the last place of a float32 near `exact`; 0 or infinite where it must be equal. */
const ulps = (actual: number, exact: number): number => {
  const size = Math.abs(exact)
  const rounded = Math.fround(exact)
  const special = !Number.isFinite(rounded) || !Number.isFinite(actual) || exact === 0
  if (special) return Object.is(actual, rounded) ? 0 : Infinity
  return Math.abs(actual - exact) / (size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(size)) - 23))
}

const specials = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1.5, 1e-45, -1e-45, 1e-39, -1e-39, 2 ** -126]
specials.push(3.4028234663852886e38, -3.4028234663852886e38, Infinity, -Infinity, NaN, 16777217, 2 ** 31, -(2 ** 31))

/** Every sign and exponent (of infinities and NaNs too) with pseudo-random significands, then the special values. */
const stratified = (to: Float32Array, raw: Uint32Array): void => {
  const next = generator(1)
  for (let i = 0; i < capacity; i++) raw[i] = ((i % 512) << 23) | (next() >>> 9)
  for (const [i, x] of specials.entries()) to[i] = x
}

const test = suite('elementwise f32')

for (const [name, [reference, bound]] of Object.entries(functions)) {
  test(`${name} is within ${bound} ULP`, () => {
    stratified(view(first), bits(first))
    // the exponents where most functions vary once more, densely
    const next = generator(2)
    for (let i = specials.length; i < capacity; i += 2)
      view(first)[i] = (next() / 2 ** 31 - 1) * (i % 4 === 0 ? 1 : 105)
    kernels.call(name)(first, second, capacity * 4)
    const xs = view(first)
    const ys = view(second)
    let worst = 0
    let at = 0
    for (let i = 0; i < capacity; i++) {
      const error = ulps(ys[i] as number, reference(xs[i] as number))
      if (error > worst) {
        worst = error
        at = i
      }
    }
    assert.ok(worst <= bound, `${worst} ULP at ${xs[at]}: ${ys[at]}, expected ${reference(xs[at] as number)}`)
  })
}

test('pow is within 0.6 ULP, special cases as in C', () => {
  const [xs, ys, zs] = [view(first), view(second), view(third)]
  stratified(xs, bits(first))
  const next = generator(3)
  for (let i = 0; i < capacity; i++) {
    const exponent = ((next() / 2 ** 32) * 300 - 150) / Math.log2(Math.abs(xs[i] as number))
    ys[i] = i % 4 === 0 ? Math.round(exponent) : exponent
  }
  let i = 0
  for (const x of specials)
    for (const y of specials) {
      xs[i] = x
      ys[i++] = y
    }
  kernels.call('pow')(first, second, third, capacity * 4)
  for (let i = 0; i < capacity; i++) {
    const exact = pow(xs[i] as number, ys[i] as number)
    const error = ulps(zs[i] as number, exact)
    if (error > 0.6) assert.unreachable(`pow(${xs[i]}, ${ys[i]}): ${zs[i]}, expected ${exact}`)
  }
})

/** The ids of a module's sections. */
const sections = (binary: Uint8Array): readonly number[] => {
  const found: number[] = []
  let at = 8
  while (at < binary.length) {
    found.push(binary[at++] as number)
    let size = 0
    let shift = 0
    let byte = 128
    while (byte >= 128) {
      byte = binary[at++] as number
      size |= (byte & 127) << shift
      shift += 7
    }
    at += size
  }
  return found
}

test('the functions need no global, no data section and no import besides the memory', () => {
  const [globals, data] = [6, 11]
  const found = sections(kernels.binary)
  assert.not(found.includes(globals))
  assert.not(found.includes(data))
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(kernels.binary))
  assert.equal(
    imports.map(i => i.name),
    ['memory'],
  )
})

test.run()
