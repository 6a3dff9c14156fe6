/** Generated modules: what they say, and the bits of the interpreter, whole or cut, for any number of rows. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fits } from '../../src/backend/load.js'
import { type Machine, type MachineSpec, machine } from '../../src/backend/machine.js'
import { build } from '../../src/compiler/build.js'
import { constant, type Expr, input, param } from '../../src/graph/Expr.js'
import { add, maximum, mul, sub } from '../../src/op/arithmetic.js'
import { reshape, sum } from '../../src/op/broadcast.js'
import { matmul } from '../../src/op/matmul.js'
import { mean } from '../../src/op/reduce.js'
import { sizeOf, type TensorType, tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { choices, grow, sizes } from '../graph/random.js'
import { wasmFaults } from '../lint/wasm.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'

const test = suite('generated modules')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)

const x = input('x', f32(-1, 40))
const w = param('layer/w', f32(40, 24))
const b = param('layer/b', f32(24))
const y = maximum(add(matmul(x, w), b), 0)
const loss = mean(mul(y, y))
const updates = { 'layer/w': sub(w, mul(matmul(x, y, { a: true }), 0.01)), 'layer/b': sub(b, mul(loss, 0.1)) }
const spec: MachineSpec = {
  rows: 10,
  state: [w, b].map(({ name, type }) => ({ name, type })),
  programs: { train: { results: { loss }, updates }, predict: { results: { y }, updates: {} } },
  generated: true,
}

const compiled = async (m: Machine): Promise<Uint8Array<ArrayBuffer>> =>
  expectRight(await build(m.generated()?.source ?? '', { cache: null })()).binary

/** A machine that a module built for it has taken over. */
const generated = async (s: MachineSpec): Promise<Machine> => {
  const m = expectRight(machine({ ...s, generated: true }))
  assert.is(m.isGenerated(), false)
  await m.up
  await expectRight(m.adopt(await compiled(m)))
  assert.is(m.isGenerated(), true)
  return m
}

test('the text has a function for every region, the steps in order, and the names of the graph', () => {
  const source = expectRight(machine(spec)).generated()?.source ?? ''
  for (const line of [
    /^\/\/ 0x[0-9a-f]{6} {2}layer\/w {2}f32\[40, 24\]$/m,
    /^@external\("core", "matmul"\)\ndeclare function matmul\(record: usize\): void$/m,
    /^export function region_y\(a: usize\): void \{$/m,
    /^ {6}const layer_add_\d+ = add_f32\(layer_matmul_\d+, layer_b\)$/m,
    /^ {2}\/\/ layer_matmul_\d+ @0x[0-9a-f]{6} f32\[rows, 24\] = matmul\(x, layer_w\)\n {2}\/\/ y @0x[0-9a-f]{6} f32\[rows, 24\] = region_y\(.+\)\n {2}matmul\(0x[0-9a-f]{6}\)$/m,
    /^ {2}\/\/ layer_matmul_\d+ @0x[0-9a-f]{6} f32\[40, 24\] = matmul\(x, layer_maximum_\d+\) \{ta=true\}$/m,
    /^ {2}\/\/ next_layer_w @0x[0-9a-f]{6} f32\[40, 24\] = region_next_layer_w\(/m,
    /^\/\/ 0x[0-9a-f]{6} {2}c_0_01 +f32\[\] {2}0\.01$/m,
  ])
    assert.match(source, line)
  const programs = source.split('/** The steps of ').slice(1)
  assert.equal(
    programs.map(p => /^(\w+)\. \*\/\nexport function (\w+)/.exec(p)?.slice(1)),
    [
      ['train', 'program_train'],
      ['predict', 'program_predict'],
    ],
  )
})

test('a region whose sums alone leave it goes by their name', () => {
  const total = sum(sub(mul(x, 2), param('offset', f32(40))), [1])
  const programs = { p: { results: { total }, updates: {} } }
  const state = [{ name: 'offset', type: f32(40) }]
  const source = expectRight(machine({ rows: 10, state, programs, generated: true })).generated()?.source ?? ''
  assert.match(source, /^\/\*\* total from x, c_2, offset \*\/\nexport function region_total\(/m)
  assert.match(source, /^ {2}\/\/ total @0x[0-9a-f]{6} f32\[rows\] = region_total\(x, c_2, offset\)$/m)
})

test('values go by their layer, gradients too, views by what they show, constants by their value', () => {
  const dense = (layer: string, from: Expr, n: number, m: number): Expr =>
    maximum(add(matmul(mul(from, 0.3), param(`${layer}/w`, f32(n, m))), param(`${layer}/b`, f32(m))), 0)
  const weights = ['a/w', 'b/w'].map((name, i) => param(name, i === 0 ? f32(40, 24) : f32(24, 5)))
  const out = reshape(dense('b', dense('a', x, 40, 24), 24, 5), [-5])
  const error = mean(mul(out, out))
  const { gradients } = expectRight(grad(error, weights))
  const step = Object.fromEntries(weights.map(({ name }, i) => [name, gradients[i] as Expr]))
  const state = ['a', 'b'].flatMap((layer, i) => [
    { name: `${layer}/w`, type: (weights[i] as Expr).type },
    { name: `${layer}/b`, type: f32(i === 0 ? 24 : 5) },
  ])
  const s = { rows: 10, state, programs: { p: { results: { error }, updates: step } }, generated: true }
  const source = expectRight(machine(s)).generated()?.source ?? ''
  const steps = source.slice(source.indexOf('The steps of p.')).replace(/\n {2}\/\/ {5}/g, ' ')
  for (const line of [
    /b_maximum_\d+ @\w+ f32\[rows, 5\] = region_\w+\(b_matmul_\d+, b_b, c_0\)/,
    /b_sum_\d+ @\w+ f32\[\] = region_\w+\(b_maximum_\d+\)/,
    /b_matmul_\d+ @\w+ f32\[rows, 24\] = matmul\(b_select_\d+, b_w\) \{tb=true\}/,
    /a_select_\d+ @\w+ f32\[rows, 24\] = region_\w+\(.*b_matmul_\d+.*\)/,
    /next_b_w @\w+ f32\[24, 5\] = matmul\(a_mul_\d+, b_select_\d+\) \{ta=true\}/,
  ])
    assert.match(steps, line)
  assert.not.match(steps, /reshape/)
  assert.match(source, /^\/\/ 0x[0-9a-f]{6} {2}c_0_3 {2}f32\[\] {2}0\.3$/m)
})

test('a module is deterministic and within the contract: no data, no mutable global', async () => {
  const [a, b] = [expectRight(machine(spec)), expectRight(machine(spec))]
  assert.is(a.generated()?.source, b.generated()?.source)
  const faults = wasmFaults(await compiled(a))
  assert.equal(
    faults.filter(f => !/^it imports the function core\.\w+$/.test(f)),
    [],
  )
})

test('only a module built from its text is adopted, once', async () => {
  const m = expectRight(machine(spec))
  const binary = await compiled(m)
  const { programs, ...rest } = spec
  const other = expectRight(machine({ ...rest, programs: { predict: programs['predict'] as never } }))
  assert.match(expectLeft(m.adopt(await compiled(other))), /has no function region_/)
  assert.match(expectLeft(m.adopt(binary.slice(0, 40))), /not valid WebAssembly/)
  assert.match(expectLeft(expectRight(machine({ ...spec, generated: false })).adopt(binary)), /laid out/)
  assert.is(m.isGenerated(), false)
  await expectRight(m.adopt(binary))
  assert.match(expectLeft(m.adopt(binary)), /one module/)
})

test('steps after a module has taken over go on with the bits of the interpreter, for fewer rows too', async () => {
  const [one, two] = [expectRight(machine(spec)), await generated(spec)]
  const late = expectRight(machine(spec))
  const block = new Uint8Array(Float32Array.from({ length: one.stateBytes / 4 }, (_, i) => Math.sin(i)).buffer)
  for (const m of [one, two, late]) m.writeState(block)
  for (let i = 0; i < 12; i++) {
    if (i === 5) await expectRight(late.adopt(await compiled(late)))
    const rows = 1 + ((7 * i) % 10)
    const given = { x: Float32Array.from({ length: rows * 40 }, (_, k) => Math.cos(k * (i + 1))) }
    const results = [one, two, late].map(m => m.run('train', rows, given)['loss'] as Float32Array)
    for (const r of results) assertBits(r, results[0] as Float32Array)
    for (const m of [two, late]) assertBits(m.readState(), one.readState())
  }
  const kernels = (m: Machine, rows: number) => m.profile('train', null, rows, () => 0).map(k => k.kernel)
  const profiled = kernels(two, 8) // as many as it has just run
  assert.ok(profiled.includes('matmul') && profiled.some(k => k.startsWith('region_')), profiled.join(' '))
  for (const rows of [5, 8]) assert.not.equal(kernels(one, rows), profiled)
  await expectRight(one.adopt(await compiled(one)))
  for (const rows of [5, 8]) assert.equal(kernels(one, rows), profiled)
})

test('a module of kernels alone, which has no use for the memory, takes over for several threads, too', async () => {
  const results = { y: matmul(input('x', f32(64, 64)), input('y', f32(64, 64))) }
  const product: MachineSpec = { rows: 1, state: [], programs: { p: { results, updates: {} } } }
  const numbers = Float32Array.from({ length: 64 * 64 }, (_, i) => 1 / (i + 1))
  const run = (m: Machine) => m.run('p', 1, { x: numbers, y: numbers })
  const taken = await generated({ ...product, threads: 2, leastTile: 1 })
  assert.equal(run(taken), run(expectRight(machine(product))))
})

test('straight code runs only the calls that it was made of, no fewer and with room for their words', () => {
  const [a, b] = [
    { kernel: 'a', words: [1, 2] },
    { kernel: 'b', words: [3] },
  ]
  assert.ok(fits([a, b], [a, b]))
  assert.ok(fits([{ ...a, words: [7] }, b], [a, b]))
  for (const calls of [[a], [a, b, b], [b, a], [a, { ...b, words: [3, 4] }]]) assert.not.ok(fits(calls, [a, b]))
})

test('any name will do, also words of the language, of the text and of nothing at all', async () => {
  const names = [
    'class',
    'rows',
    'c',
    'p0',
    'exp_f32',
    'a/b',
    'a_b',
    '',
    '1',
    'é\nexport const x = 1 //',
    '*/',
    'usize',
    'x_1',
    'f32x4',
    'debugger',
    'override',
  ]
  const leaves = names.map(name => param(name, f32(3)))
  const sum = leaves.reduce<Expr>((s, e) => add(s, e), constant(0))
  const results = Object.fromEntries(leaves.map((e, i) => [`${e.name}`, mul(sum, i)]))
  const s = {
    rows: 1,
    state: leaves.map(({ name, type }) => ({ name, type })),
    programs: { 'a program': { results, updates: {} } },
  }
  const [one, two] = [expectRight(machine(s)), await generated(s)]
  for (const m of [one, two]) m.writeState(new Uint8Array(one.stateBytes).fill(61))
  const [expected, got] = [one.run('a program', 1, {}), two.run('a program', 1, {})]
  for (const name of names) assertBits(got[name] as Float32Array, expected[name] as Float32Array, name)
})

test('what a loop adds to a name is no other name', async () => {
  const [v, v1] = [input('v', f32(-1, 40)), input('v_1', f32(-1, 40))]
  const total = sum(v)
  const results = { rows: sum(mul(v, v1), [1]), scalar: mul(maximum(total, 0), 0.1) }
  const s = { rows: 2, state: [], programs: { p: { results, updates: {} } } }
  const given = { v: Float32Array.from({ length: 80 }, Math.sin), v_1: Float32Array.from({ length: 80 }, Math.cos) }
  const [expected, got] = [expectRight(machine(s)), await generated(s)].map(m => m.run('p', 2, given))
  for (const name of ['rows', 'scalar']) assertBits(got?.[name] as Float32Array, expected?.[name] as Float32Array, name)
})

const values = ({ dtype, shape }: TensorType, rows: number, seed: number): Float32Array | Int32Array => {
  const at = (i: number): number => ((i + 1) * 7919 * (seed + 1)) % 1009
  const length = sizeOf(shape.map(n => (n < 0 ? -n * rows : n)))
  return dtype === 'i32'
    ? Int32Array.from({ length }, (_, i) => at(i) % 3)
    : Float32Array.from({ length }, (_, i) => at(i) / 300 - 1.5)
}

test('random programs: generated, and generated for three threads and cut as small as can be, give the same bits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(choices(25), { minLength: 8, maxLength: 8 }),
      sizes,
      fc.integer({ min: 1, max: 9 }),
      async (lists, size, rows) => {
        const pools = lists.map(list => grow(list, { ...size, rows: 9 }, 'real'))
        const leaves = new Map(
          pools.flat().flatMap((e: Expr) => (e._tag === 'Input' || e._tag === 'Param' ? [[e.name, e] as const] : [])),
        )
        const state = [...leaves.values()].flatMap(e => (e._tag === 'Param' ? [{ name: e.name, type: e.type }] : []))
        const programs = Object.fromEntries(
          pools.map((pool, p) => [
            `p${p}`,
            { results: Object.fromEntries(pool.slice(-3).map((e, i) => [`r${i}`, e])), updates: {} },
          ]),
        )
        const s = { rows: 9, state, programs }
        const machines = [
          expectRight(machine(s)),
          await generated(s),
          await generated({ ...s, threads: 3, leastTile: 1e-9 }),
        ] as const
        const given = Object.fromEntries(
          [...leaves.values()].map((e, i) => [e.name, values(e.type, e._tag === 'Param' ? 9 : rows, i)]),
        )
        const block = new Uint8Array(machines[0].stateBytes)
        for (const [name, { offset }] of machines[0].slots) {
          const { buffer } = given[name] as Float32Array<ArrayBuffer>
          block.set(new Uint8Array(buffer), offset)
        }
        for (const m of machines) m.writeState(block)
        for (const program of Object.keys(programs)) {
          const [expected, ...others] = machines.map(m => m.run(program, rows, given))
          for (const got of others)
            for (const [name, bits] of Object.entries(expected ?? {}))
              assertBits(got[name] as Float32Array, bits as Float32Array, `${program} ${name}`)
        }
      },
    ),
    { numRuns: 2 },
  )
})

test.run()
