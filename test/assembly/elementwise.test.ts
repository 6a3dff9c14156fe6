/** pow of f32 against float64 and C's special cases, and what a module of elementwise functions is made of. */

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compile } from '../support/asc.js'
import { generator } from './accuracy/generator.js'
import { ulps } from './accuracy/ulps.js'

/** C's pow: unlike JavaScript's, 1 to any power is 1, and so is -1 to an infinite one. */
const pow = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y)

const kernels = await compile(`import * as op from './assembly/elementwise/index'
export function pow(from: usize, by: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, op.pow_f32(v128.load(from + i), v128.load(by + i)))
}`)

const capacity = 1 << 18
const [first, second, third] = [65536, 65536 + capacity * 4, 65536 + capacity * 8]
const view = (at: number): Float32Array => new Float32Array(kernels.memory.buffer, at, capacity)
const bits = (at: number): Uint32Array => new Uint32Array(kernels.memory.buffer, at, capacity)

const specials = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1.5, 1e-45, -1e-45, 1e-39, -1e-39, 2 ** -126]
specials.push(3.4028234663852886e38, -3.4028234663852886e38, Infinity, -Infinity, NaN, 16777217, 2 ** 31, -(2 ** 31))

/** Every sign and exponent (of infinities and NaNs too) with pseudo-random significands, then the special values. */
const stratified = (to: Float32Array, raw: Uint32Array): void => {
  const next = generator(1)
  for (let i = 0; i < capacity; i++) raw[i] = ((i % 512) << 23) | (next() >>> 9)
  for (const [i, x] of specials.entries()) to[i] = x
}

const test = suite('elementwise f32')

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
