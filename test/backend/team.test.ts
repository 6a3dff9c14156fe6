/** Threads: the bits of one, whoever computes; a thread that is late, gone, or lost in the middle of a tile. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Machine, machine } from '../../src/backend/machine.js'
import { available } from '../../src/backend/team.js'
import { apply, type Expr, input, param } from '../../src/graph/Expr.js'
import { mul, sub } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import { conv2d } from '../../src/op/conv.js'
import { ops } from '../../src/op/index.js'
import { matmul } from '../../src/op/matmul.js'
import { mean } from '../../src/op/reduce.js'
import { sizeOf, type TensorType, tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { choices, grow, sizes } from '../graph/random.js'
import { expectRight } from '../support/assert.js'
import { sharing, team, theft } from './sharing.js'
import { runTiled } from './tiled.js'

const test = suite('team')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)

const values = (type: TensorType, seed: number): Float32Array | Int32Array => {
  const x = (i: number): number => ((i + 1) * 7919 * (seed + 1)) % 1009
  const size = sizeOf(type.shape)
  return type.dtype === 'f32' || type.dtype === 'f64'
    ? Float32Array.from({ length: size }, (_, i) => x(i) / 1009 + 0.01)
    : Int32Array.from({ length: size }, (_, i) => x(i) % 2)
}

const assertWords = (actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void => {
  assert.is(actual.length, expected.length, what)
  for (let i = 0; i < expected.length; i++)
    if (actual[i] !== expected[i]) throw new Error(`${what}: word ${i} is ${actual[i]}, not ${expected[i]}`)
}

const isInput = (e: Expr): e is Extract<Expr, { _tag: 'Input' }> => e._tag === 'Input'

test('every operation gives, cut as small as can be, the bits of the whole', () => {
  const cut = new Set<string>()
  for (const op of ops)
    for (const { args, attrs = {} } of op.samples()) {
      const inputs = args.map((type, i) => input(`x${i}`, type))
      const spec = { rows: 1, state: [], program: { results: { y: apply(op, inputs, attrs) }, updates: {} } }
      const given = Object.fromEntries(args.map((type, i) => [`x${i}`, values(type, i)]))
      const whole = runTiled(spec, 1, 1, given)
      assert.equal(whole.cut, [])
      for (const threads of [2, 5]) {
        const tiled = runTiled(spec, 1, threads, given)
        for (const kernel of tiled.cut) cut.add(kernel)
        const what = `${op.name} ${JSON.stringify(attrs)} of ${JSON.stringify(args)}`
        assertWords(tiled.results['y'] as Int32Array, whole.results['y'] as Int32Array, what)
      }
    }
  const sliding = [
    'convolve',
    'convolveFilter',
    'winograd',
    'winogradFilter',
    'depthwise',
    'grouped',
    'groupedFilter',
    'maxPool',
    'averagePoolGradient',
  ]
  for (const kernel of ['matmul', 'exp_f32_v', 'reduceSum', 'reduceMax', 'argmax', 'normal', 'copy32', ...sliding])
    assert.ok(cut.has(kernel), kernel)
})

test('random programs give, cut as small as can be, the bits of the whole, for every number of rows', () => {
  fc.assert(
    fc.property(choices(20), sizes, fc.integer({ min: 1, max: 9 }), (list, size, rows) => {
      const pool = grow(list, { ...size, rows: 9 }, 'whole')
      const leaves = pool.filter(e => isInput(e) || e._tag === 'Param')
      const results = Object.fromEntries(pool.slice(-3).map((e, i) => [`r${i}`, e]))
      const state = leaves.flatMap(e => (e._tag === 'Param' ? [{ name: e.name, type: e.type }] : []))
      const spec = { rows: 9, state, program: { results, updates: {} } }
      const given = Object.fromEntries(
        leaves.map((e, i) => [
          (e as { readonly name: string }).name,
          values({ ...e.type, shape: e.type.shape.map(n => (n < 0 ? -n * rows : n)) }, i),
        ]),
      )
      const whole = runTiled(spec, rows, 1, given)
      const tiled = runTiled(spec, rows, 3, given)
      for (const name of Object.keys(results))
        assertWords(tiled.results[name] as Int32Array, whole.results[name] as Int32Array, name)
    }),
    { numRuns: 60 },
  )
})

test('random convolutions and their gradients give, cut as small as can be, the bits of the whole', () => {
  const size = fc.integer({ min: 1, max: 3 })
  fc.assert(
    fc.property(
      fc.record({
        rows: size,
        side: fc.integer({ min: 5, max: 12 }),
        channels: fc.constantFrom(4, 8, 16, 20),
        filters: fc.constantFrom(8, 16, 40),
        kernel: size,
        stride: fc.integer({ min: 1, max: 2 }),
        dilation: fc.integer({ min: 1, max: 2 }),
        padding: fc.constantFrom('same' as const, 'valid' as const),
        groups: fc.constantFrom(1, 1, 4),
        threads: fc.integer({ min: 2, max: 4 }),
      }),
      ({ rows, side, channels, filters, kernel, threads, groups, ...options }) => {
        const images = input('images', f32(rows, side, side + 1, channels))
        const weights = input('weights', f32(kernel, kernel, channels / groups, filters))
        const y = conv2d(images, weights, { ...options, groups })
        const { gradients } = expectRight(grad(sum(mul(y, y)), [images, weights]))
        const results = { y, images: gradients[0] as Expr, weights: gradients[1] as Expr }
        const spec = { rows, state: [], program: { results, updates: {} } }
        const given = { images: values(images.type, 1), weights: values(weights.type, 2) }
        const whole = runTiled(spec, rows, 1, given)
        const tiled = runTiled(spec, rows, threads, given)
        assert.ok(tiled.cut.length > 0)
        for (const name of Object.keys(results))
          assertWords(tiled.results[name] as Int32Array, whole.results[name] as Int32Array, name)
      },
    ),
    { numRuns: 80 },
  )
})

/** A train step with products worth sharing: least squares on random data. */
const x = input('x', f32(-1, 200))
const w = param('w', f32(200, 300))
const error = sub(matmul(x, w), 1)
const loss = mean(mul(error, error))
const step = { results: { loss }, updates: { w: sub(w, mul(matmul(x, error, { a: true }), 1e-4)) } }
const rows = 64
const stepper = (threads: number): Machine => {
  const state = [{ name: 'w', type: w.type }]
  return expectRight(machine({ rows, threads, state, programs: { step } }))
}
const given = { x: values(f32(rows, 200), 3) }
const stepped = (m: Machine, steps: number): readonly Uint8Array[] => {
  const states: Uint8Array[] = []
  for (let i = 0; i < steps; i++) {
    m.run('step', rows, given)
    states.push(m.readState())
  }
  return states
}

test('2, 3 and 4 threads leave the bits of one, from before the others have started until long after', async () => {
  const expected = stepped(stepper(1), 60)
  for (const threads of [2, 3, 4]) {
    const m = stepper(threads)
    assert.equal(m.threads, { threads, note: null })
    const early = stepped(m, 20)
    await m.up
    const late = stepped(m, 40)
    ;[...early, ...late].forEach((state, i) => {
      assertWords(state, expected[i] as Uint8Array, `${threads} threads, step ${i}`)
    })
    assert.not(m.lost())
  }
})

test('other threads do take tiles', async () => {
  const m = stepper(2)
  await m.up
  for (let i = 0; i < 20_000 && m.helped() === 0; i++) m.run('step', rows, given)
  assert.ok(m.helped() > 0)
})

const cwd = fileURLToPath(new URL('../..', import.meta.url))

test('a process that has threads ends when its work is done', async () => {
  const text = `
    import { machine } from './src/backend/machine.ts'
    import { input } from './src/graph/Expr.ts'
    import { matmul } from './src/op/matmul.ts'
    const x = input('x', { dtype: 'f32', shape: [256, 256] })
    const made = machine({ rows: 1, threads: 3, state: [], programs: { p: { results: { y: matmul(x, x) }, updates: {} } } })
    await made.right.up
    made.right.run('p', 1, { x: new Float32Array(65536) })
    console.log('done')`
  const args = ['--import', 'tsx', '--input-type=module', '-e', text]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 60_000 })
  assert.is(stdout, 'done\n')
})

test('a thread that ends in the middle of a tile is a trap with its flag set, not a hang', async () => {
  const { memory, words, run } = sharing(50)
  run()
  assert.equal([...words.subarray(2048, 2052)], [7, 7, 7, 7])

  const thief = new Worker(theft, { eval: true, workerData: memory.buffer })
  const gone = new Promise(resolve => thief.once('exit', resolve))
  await new Promise(resolve => thief.once('online', resolve))
  assert.throws(() => {
    for (let i = 0; i < 1e7; i++) run()
  }, /unreachable/)
  assert.is(words[(team + 208) / 4], 1)
  await gone
})

const onPosix = process.platform === 'win32' ? test.skip : test
onPosix('a process that is stopped for longer than the patience has lost no thread', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/backend/stopped.ts'], { cwd, timeout: 60_000 })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', more => {
    said += more
  })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  await new Promise(resolve => setTimeout(resolve, 4000))
  child.kill('SIGCONT')
  await closed
  assert.is(said, 'taken 7 7 7 7')
})

test('a host that refuses to start workers after all costs speed only', async () => {
  const { getBuiltinModule } = process
  const refusing = class {
    constructor() {
      throw new Error('refused')
    }
  }
  try {
    ;(process as { getBuiltinModule?: unknown }).getBuiltinModule = () => ({ Worker: refusing })
    const m = stepper(3)
    await m.up
    const expected = stepped(stepper(1), 2)
    stepped(m, 2).forEach((state, i) => {
      assertWords(state, expected[i] as Uint8Array, `step ${i}`)
    })
    assert.is(m.helped(), 0)
    assert.is(m.threads.threads, 1)
    assert.match(m.threads.note ?? '', /^2 of 3 threads were refused by the host/)
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
})

test('workers are given no environment, for which Deno asks its user', async () => {
  const { getBuiltinModule } = process
  const environments: unknown[] = []
  class Seen extends Worker {
    constructor(text: string, options: WorkerOptions) {
      super(text, options)
      environments.push(options.env)
    }
  }
  try {
    ;(process as { getBuiltinModule?: unknown }).getBuiltinModule = () => ({ Worker: Seen })
    await stepper(3).up
    assert.equal(environments, [{}, {}])
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
})

test('a host without threads says why there is one only', () => {
  const { getBuiltinModule } = process
  const host = globalThis as { document?: unknown; crossOriginIsolated?: boolean; navigator?: unknown }
  const { navigator } = host
  try {
    ;(process as { getBuiltinModule?: unknown }).getBuiltinModule = undefined
    for (const wish of [4, { worthFor: 1 }]) {
      host.navigator = { hardwareConcurrency: 8 }
      host.crossOriginIsolated = false
      delete host.document
      assert.match(available(wish, () => 1e9).note ?? '', 'cross-origin isolated')
      host.document = {}
      assert.match(available(wish, () => 1e9).note ?? '', 'main thread')
      assert.is(available(wish, () => 1e9).threads, 1)
    }
    assert.equal(
      available(1, () => 1e9),
      { threads: 1, note: null },
    )
  } finally {
    process.getBuiltinModule = getBuiltinModule
    delete host.document
    delete host.crossOriginIsolated
    if (navigator === undefined) delete host.navigator
    else host.navigator = navigator
  }
})

test('unasked, threads are as many as the cores, four at most, and only for work that is worth it', () => {
  const { getBuiltinModule } = process
  const onCores = (cores: number) => {
    ;(process as { getBuiltinModule?: unknown }).getBuiltinModule = (name: string) =>
      name === 'node:os' ? { availableParallelism: () => cores } : getBuiltinModule(name)
    return (time: number) => available({ worthFor: 7 }, rows => (rows === 7 ? time : Number.NaN))
  }
  try {
    for (const [cores, threads] of [
      [2, 2],
      [3, 3],
      [4, 4],
      [64, 4],
    ] as const)
      assert.equal(onCores(cores)(5e5), { threads, note: null })
    assert.equal(onCores(1)(1e9), { threads: 1, note: 'the host has one core' })
    const little = onCores(2)(4e5)
    assert.is(little.threads, 1)
    assert.match(little.note ?? '', 'too little work to share')
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
})

test.run()
