import { existsSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compile } from '../support/asc.js'
import { wasmFaults } from './wasm.js'

const test = suite('test/lint/wasm')

const kernels = new URL('../../src/backend/kernels.gen.ts', import.meta.url)
const relaxed = new URL('../../src/backend/relaxed.gen.ts', import.meta.url)

const unbuilt = existsSync(kernels) ? test : test.skip
unbuilt('the built kernels keep no state and ask nothing of the host', async () => {
  const { wasm }: { readonly wasm: string } = await import(kernels.href)
  assert.is(wasmFaults(Buffer.from(wasm, 'base64')).join('\n'), '')
})

unbuilt("so do the relaxed ones, but for their multiplications and additions and the core's table", async () => {
  const { wasm }: { readonly wasm: string } = await import(relaxed.href)
  const [table, ...faults] = wasmFaults(Buffer.from(wasm, 'base64'))
  assert.is(table, 'it imports the table env.table')
  assert.ok(faults.length > 0)
  for (const fault of faults)
    assert.match(fault, /^function \d+ of its own has a relaxed SIMD instruction \(0xfd 0x105\)$/)
})

type Bytes = readonly number[]

/** A section that holds a list: its id, then how many items, then their bytes. */
const section = (id: number, ...items: readonly Bytes[]): Bytes => {
  const body = [items.length, ...items.flat()]
  return [id, body.length, ...body]
}
const text = (s: string): Bytes => [s.length, ...Buffer.from(s)]
const wasm = (...sections: readonly Bytes[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()])

const type = section(1, [0x60, 0, 0])
const memory = section(2, [...text('env'), ...text('memory'), 2, 0, 1])
const functions = section(3, [0])
/** A function without locals whose body is `code`. */
const body = (...code: Bytes): Bytes => section(10, [code.length + 2, 0, ...code, 0x0b])
const zeros = (n: number): Bytes => Array.from({ length: n }, () => 0)
const vector: Bytes = [0xfd, 12, ...zeros(16)]

const bad: { readonly [name: string]: readonly [module: Uint8Array<ArrayBuffer>, message: string] } = {
  'a data section': [wasm(memory, section(11, [0, 0x41, 0, 0x0b, 1, 7])), 'it has a data section'],
  'a mutable global': [wasm(section(6, [0x7f, 0, 0x41, 11, 0x0b], [0x7f, 1, 0x41, 11, 0x0b])), 'global 1 is mutable'],
  'a start function': [wasm(type, functions, [8, 1, 0], body()), 'it has a start function'],
  'its own memory': [wasm(section(5, [0, 1])), 'it has a memory of its own'],
  'an imported function': [
    wasm(type, section(2, [...text('env'), ...text('abort'), 0, 0])),
    'it imports the function env.abort',
  ],
  'an imported global': [
    wasm(section(2, [...text('env'), ...text('memory'), 3, 0x7f, 0])),
    'it imports the global env.memory',
  ],
  growth: [wasm(type, memory, functions, body(0x41, 0, 0x40, 0, 0x1a)), 'function 0 of its own has memory.grow'],
}

for (const [name, [module, message]] of Object.entries(bad))
  test(`refuses ${name}`, () => {
    assert.ok(WebAssembly.validate(module))
    assert.equal(wasmFaults(module), [message])
  })

test('refuses relaxed SIMD, which not every engine can validate', () => {
  const relaxedMadd = wasm(type, functions, body(...vector, ...vector, ...vector, 0xfd, 0x85, 2, 0x1a))
  assert.equal(wasmFaults(relaxedMadd), ['function 0 of its own has a relaxed SIMD instruction (0xfd 0x105)'])
})

test('is not misled by constants that look like opcodes', () => {
  const constants = wasm(type, memory, functions, body(...[0x41, 0x40, 0x1a], ...[0x43, 0xfd, 0x85, 2, 0x40, 0x1a]))
  assert.ok(WebAssembly.validate(constants))
  assert.equal(wasmFaults(constants), [])
})

test('reads what the compiler emits', async () => {
  const { binary } = await compile(`
    export function f(a: usize, n: usize): void {
      for (let i: usize = 0; i < n; i += 16) {
        let x = v128.load(a + i)
        x = i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)
        x = v128.bitselect(f32x4.mul(x, f32x4.splat(1.5)), x, f32x4.replace_lane(x, 2, f32x4.extract_lane(x, 0)))
        v128.store_lane<f64>(a, v128.load_lane<f32>(a, x, 1), 1)
        v128.store(a + i, f32x4.convert_i32x4_s(i32x4.trunc_sat_f32x4_s(x)), 32)
      }
      switch (<u32>n) {
        case 1: store<f64>(a, <f64>load<i64>(a, 256)); break
        case 2: store<u8>(a, <u8>load<f32>(a)); break
        case 3: memory.copy(a, a + 64, n); break
        case 4: memory.fill(a, 7, n); break
        default: call_indirect<void>(load<u32>(a), a)
      }
    }`)
  assert.equal(wasmFaults(binary), [])
})

test('refuses a compiled module with state', async () => {
  const { binary } = await compile(`
    let count: i32 = 0
    const table = memory.data<u8>([1, 2, 3])
    export function f(): usize { count++; return table + count }`)
  assert.equal(wasmFaults(binary), ['global 0 is mutable', 'it has a data section'])
})

test('throws at bytes that are no module, or end early', () => {
  assert.throws(() => wasmFaults(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)), 'no WebAssembly module')
  assert.throws(() => wasmFaults(wasm(type).subarray(0, 12)), 'the module ends early')
})

test.run()
