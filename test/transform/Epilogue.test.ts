/** Epilogues: the bits of the same units run one after the other, whatever the rows, threads and what else is read. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mapMemory } from '../../src/backend/layout.js'
import { type Expr, input, type Param, param } from '../../src/graph/Expr.js'
import { elu, relu } from '../../src/nn/activation.js'
import { add, div, mul, sub } from '../../src/op/arithmetic.js'
import { broadcastTo } from '../../src/op/broadcast.js'
import { conv2d, convTranspose2d } from '../../src/op/conv.js'
import { prepared2d } from '../../src/op/conv.prepared.js'
import { exp } from '../../src/op/math.js'
import { matmul } from '../../src/op/matmul.js'
import { averagePool2d, maxPool2d } from '../../src/op/pool.js'
import { max, mean } from '../../src/op/reduce.js'
import { slice } from '../../src/op/window.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { runTiled } from '../backend/tiled.js'
import { assertBits, expectRight } from '../support/assert.js'

const test = suite('epilogues')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)

interface Case {
  readonly size: number
  readonly taken: number
  readonly given: number
  readonly kernel: number
  /** one, of few channels each, or one for every channel */
  readonly groups: 'one' | 'few' | 'channels'
  readonly stride: number
  readonly back: boolean
  readonly bias: boolean
  readonly residual: boolean
  readonly activation: 'relu' | 'square' | 'both' | 'none'
  readonly pool: 'max' | 'average' | 'overlapping' | 'none'
  readonly shown: boolean
  readonly rows: number
  readonly threads: number
}

const cases: fc.Arbitrary<Case> = fc.record({
  size: fc.integer({ min: 3, max: 14 }),
  taken: fc.constantFrom(1, 3, 4, 16, 20),
  given: fc.constantFrom(4, 5, 16, 24),
  kernel: fc.constantFrom(1, 2, 3),
  groups: fc.constantFrom('one', 'one', 'few', 'channels'),
  stride: fc.constantFrom(1, 1, 2),
  back: fc.boolean(),
  bias: fc.boolean(),
  residual: fc.boolean(),
  activation: fc.constantFrom('relu', 'square', 'both', 'none'),
  pool: fc.constantFrom('max', 'average', 'overlapping', 'none'),
  shown: fc.boolean(),
  rows: fc.integer({ min: 0, max: 3 }),
  threads: fc.integer({ min: 1, max: 3 }),
})

const x = (c: Case, channels: number): Expr => input('x', f32(-1, c.size, c.size, channels))

/** A convolution, or a gradient of images, and what may follow it. */
const built = (c: Case): { readonly state: readonly Param[]; readonly results: Readonly<Record<string, Expr>> } => {
  const groups = { one: 1, few: Math.ceil(c.taken / 4), channels: c.taken }[c.groups]
  const taken = Math.ceil(c.taken / groups)
  const given = { one: c.given, few: 3 * groups, channels: 2 * groups }[c.groups]
  const w = param('w', f32(c.kernel, c.kernel, taken, given)) as Param
  const options = { stride: c.stride, padding: c.stride === 1 ? 'same' : 'valid', groups } as const
  const made = c.back && c.stride === 1 ? convTranspose2d(x(c, given), w, [c.size, c.size], options) : null
  const y = made ?? conv2d(x(c, taken * groups), w, options)
  const channels = y.type.shape[3] as number
  const b = param('b', f32(channels)) as Param
  const biased = c.bias ? add(y, broadcastTo(b, y.type.shape)) : y
  const from = made ? given : taken * groups
  const whole = c.residual && from === channels && c.stride === 1 ? add(biased, x(c, from)) : biased
  const active = c.activation === 'none' ? whole : c.activation === 'relu' ? relu(whole) : mul(whole, whole)
  const last = c.activation === 'both' ? div(relu(whole), add(active, 1)) : active
  const size = Math.min(2, ...last.type.shape.slice(1, 3))
  const pooled = { max: maxPool2d(last, size), average: averagePool2d(last, size), none: last }
  const end = c.pool === 'overlapping' ? maxPool2d(last, size, { stride: 1 }) : pooled[c.pool]
  return { state: [w, b], results: { end, ...(c.shown && { y, last }), total: mean(last) } }
}

const numbers = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(seed + i * i))

const run = (c: Case, fused: boolean, threads: number) => {
  const { state, results } = built(c)
  const shape = inputShape(results['end'] as Expr)
  const size = Math.abs(shape.reduce((n, d) => n * d, 1)) * c.rows
  const sizes = state.map(s => s.type.shape.reduce((n, d) => n * d, 1))
  const given = {
    x: numbers(size, 1),
    ...Object.fromEntries(state.map((s, i) => [s.name, numbers(sizes[i] as number, 7 + i)])),
  }
  const slots = state.map(({ name, type }) => ({ name, type }))
  const program = { results, updates: {} }
  return runTiled({ rows: 3, state: slots, program, fused }, c.rows, threads, given).results
}

/** The shape of the input that an expression reads. */
const inputShape = (e: Expr): readonly number[] => {
  if (e._tag === 'Input') return e.type.shape
  for (const a of e._tag === 'Apply' ? e.args : []) {
    const found = inputShape(a)
    if (found.length > 0) return found
  }
  return []
}

const ledBy = (results: Readonly<Record<string, Expr>>, state: readonly Param[]): readonly number[] => {
  const slots = state.map(({ name, type }) => ({ name, type }))
  const map = expectRight(mapMemory({ rows: 3, state: slots, programs: { p: { results, updates: {} } } }))
  return (map.programs.get('p')?.plan.units ?? []).flatMap(u => (u._tag === 'Led' ? [u.units.length] : []))
}

test('any convolution and what follows: the bits of one after the other', () => {
  fc.assert(
    fc.property(cases, c => {
      const apart = run(c, false, 1)
      const together = run(c, true, c.threads)
      for (const [name, words] of Object.entries(apart)) assert.equal(together[name], words, name)
    }),
    { numRuns: 300, seed: 3 },
  )
})

const plain: Case = {
  size: 8,
  taken: 16,
  given: 16,
  kernel: 3,
  groups: 'one',
  stride: 1,
  back: false,
  bias: true,
  residual: false,
  activation: 'relu',
  pool: 'max',
  shown: false,
  rows: 2,
  threads: 1,
}
const led = (more: Partial<Case>): readonly number[] => {
  const { state, results } = built({ ...plain, ...more })
  return ledBy(results, state)
}

test('a convolution leads its bias, activation and pool; a pool whose windows overlap runs by itself', () => {
  assert.equal(led({}), [3])
  assert.equal(led({ taken: 3 }), [3])
  assert.equal(led({ groups: 'channels' }), [3])
  assert.equal(led({ groups: 'few' }), [3])
  assert.equal(led({ pool: 'average' }), [3])
  assert.equal(led({ bias: false, activation: 'none' }), [2])
  assert.equal(led({ bias: false, activation: 'none', pool: 'none' }), [])
})

test('one large image with kept filters, cut between lines of patches', () => {
  const type = f32(-1, 47, 48, 16)
  const w = param('w', f32(3, 3, 16, 16))
  const convolved = conv2d(input('x', type), w, { padding: 'same' })
  if (convolved._tag !== 'Apply') throw new Error('no convolution')
  const y = prepared2d(input('x', type), w, convolved.attrs, 2)
  const end = relu(add(y, param('b', f32(16))))
  const results = { end, pool: maxPool2d(slice(end, [0, 0, 0, 0], [-1, 46, 48, 16]), 2), y: maxPool2d(y, [1, 2]) }
  const state = [w, param('b', f32(16))].map(({ name, type }) => ({ name, type }))
  const given = { x: numbers(47 * 48 * 16, 1), w: numbers(9 * 256, 2), b: numbers(16, 3) }
  const spec = { rows: 2, state, program: { results, updates: {} } }
  const apart = runTiled({ ...spec, fused: false }, 1, 1, given)
  for (const threads of [1, 2, 3]) {
    const together = runTiled(spec, 1, threads, given)
    if (threads > 1) assert.ok(together.cut.includes('winograd'))
    for (const [name, words] of Object.entries(apart.results)) assert.equal(together.results[name], words, name)
  }
})

interface Dense {
  readonly batch: boolean
  readonly ta: boolean
  readonly tb: boolean
  readonly m: number
  readonly n: number
  readonly k: number
  readonly bias: boolean
  readonly update: boolean
  readonly activation: 'elu' | 'both' | 'none'
  readonly top: boolean
  readonly shown: boolean
  readonly rows: number
  readonly threads: number
}

const dense: fc.Arbitrary<Dense> = fc.record({
  batch: fc.boolean(),
  ta: fc.boolean(),
  tb: fc.boolean(),
  m: fc.constantFrom(1, 3, 4, 5, 17, 50, 300, 520),
  n: fc.constantFrom(1, 2, 4, 7, 16, 20, 36),
  k: fc.constantFrom(1, 3, 10, 260),
  bias: fc.boolean(),
  update: fc.boolean(),
  activation: fc.constantFrom('elu', 'both', 'none'),
  top: fc.boolean(),
  shown: fc.boolean(),
  rows: fc.constantFrom(0, 1, 2, 5),
  threads: fc.integer({ min: 1, max: 3 }),
})

/** A product of matrices, of the rows' or as many as there are rows, and what may follow it. */
const product = (c: Dense): { readonly state: readonly Param[]; readonly results: Readonly<Record<string, Expr>> } => {
  const lead = c.batch ? [-1] : []
  const [m, k] = c.batch ? [c.m, c.k] : c.ta ? [c.m, -1] : [-1, c.k]
  const a = input('x', f32(...lead, ...(c.ta ? [k, m] : [m, k])))
  const right = f32(...lead, ...(c.tb ? [c.n, k] : [k, c.n]))
  const b = k === -1 || c.batch ? input('b', right) : param('b', right)
  const y = matmul(a, b, { a: c.ta, b: c.tb })
  const [bias, w] = [param('bias', f32(c.n)) as Param, param('w', f32(c.m, c.n)) as Param]
  const biased = c.bias ? add(y, broadcastTo(bias, y.type.shape)) : y
  const active = c.activation === 'none' ? biased : elu(biased)
  const last = c.activation === 'both' ? mul(active, add(biased, 1)) : active
  const updated = c.update && c.ta && !c.batch ? { updated: sub(w, last) } : {}
  const state = [bias, w, ...(b._tag === 'Param' ? [b] : [])]
  return {
    state,
    results: { last, ...updated, ...(c.shown && { y }), ...(c.top && { top: max(last, [-1]) }), total: mean(last) },
  }
}

const runDense = (c: Dense, fused: boolean, threads: number) => {
  const { state, results } = product(c)
  const x = c.batch ? 5 * c.m * c.k : 5 * (c.ta ? c.m : c.k)
  const b = c.batch ? 5 * c.k * c.n : 5 * c.n
  const count = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1)
  const given = {
    x: numbers(x, 1),
    ...Object.fromEntries(state.map((s, i) => [s.name, numbers(count(s.type.shape), 7 + i)])),
    ...((c.batch || c.ta) && { b: numbers(b, 2) }),
  }
  const slots = state.map(({ name, type }) => ({ name, type }))
  return runTiled({ rows: 5, state: slots, program: { results, updates: {} }, fused }, c.rows, threads, given).results
}

test('any product of matrices and what follows: the bits of one after the other', () => {
  fc.assert(
    fc.property(dense, c => {
      const apart = runDense(c, false, 1)
      const together = runDense(c, true, c.threads)
      for (const [name, words] of Object.entries(apart)) assert.equal(together[name], words, name)
    }),
    { numRuns: 300, seed: 4 },
  )
})

test('a product of matrices leads its bias and activation, its bias and the maximum of each row, and the update that a gradient is for', () => {
  const c = {
    batch: false,
    ta: false,
    tb: false,
    m: 50,
    n: 20,
    k: 10,
    bias: true,
    update: true,
    top: false,
    shown: false,
  } as const
  const forward = product({ ...c, activation: 'elu', rows: 5, threads: 1 })
  assert.equal(ledBy(forward.results, forward.state), [2])
  const top = product({ ...c, activation: 'none', top: true, rows: 5, threads: 1 })
  assert.equal(ledBy(top.results, top.state), [2])
  const gradient = product({ ...c, ta: true, bias: false, activation: 'none', rows: 5, threads: 1 })
  assert.equal(ledBy(gradient.results, gradient.state), [2])
})

interface Passing {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly ta: boolean
  readonly tb: boolean
  readonly threads: number
}

const passing: fc.Arbitrary<Passing> = fc.record({
  m: fc.constantFrom(5, 130, 256, 257, 300, 523),
  n: fc.constantFrom(4, 17, 300, 520, 1030),
  k: fc.constantFrom(1, 50, 256, 260, 1030),
  ta: fc.boolean(),
  tb: fc.boolean(),
  threads: fc.integer({ min: 1, max: 3 }),
})

/** The update of a parameter by a product that nothing else reads. */
const update = ({ m, n, k, ta, tb }: Passing) => {
  const [x, y] = [input('x', f32(...(ta ? [k, m] : [m, k]))), input('y', f32(...(tb ? [n, k] : [k, n])))]
  const w = param('w', f32(m, n))
  const updates = { w: sub(w, matmul(x, y, { a: ta, b: tb })) }
  return { state: [{ name: 'w', type: w.type }], program: { results: updates, updates } }
}

test('the rows of a gradient that its update alone reads take the place of those before: the same bits', () => {
  const updated = (c: Passing, fused: boolean, threads: number) =>
    runTiled({ rows: 1, ...update(c), fused }, 1, threads, {
      x: numbers(c.m * c.k, 1),
      y: numbers(c.k * c.n, 2),
      w: numbers(c.m * c.n, 3),
    }).results['w'] as Int32Array
  fc.assert(
    fc.property(passing, c => {
      const { state, program } = update(c)
      const map = expectRight(mapMemory({ rows: 1, state, programs: { program } }))
      assert.is(map.programs.get('program')?.plan.passing.size, 1)
      assertBits(updated(c, true, c.threads), updated(c, false, 1), JSON.stringify(c))
    }),
    { numRuns: 60 },
  )
})

test('a product that is read behind its epilogue, or whose place that takes, keeps all of its rows', () => {
  const [a, b, w] = [input('a', f32(300, 50)), input('b', f32(50, 20)), param('w', f32(300, 20))]
  const y = matmul(a, b)
  const passes = (results: Readonly<Record<string, Expr>>, updates: Readonly<Record<string, Expr>>) =>
    expectRight(
      mapMemory({ rows: 1, state: [{ name: 'w', type: w.type }], programs: { p: { results, updates } } }),
    ).programs.get('p')?.plan.passing.size
  assert.is(passes({}, { w: sub(w, y) }), 1)
  assert.is(passes({ y }, { w: sub(w, y) }), 0)
  assert.is(passes({ last: elu(y) }, {}), 0)
  assert.is(passes({ z: matmul(y, input('c', f32(20, 3))) }, { w: sub(w, y) }), 0)
})

test('the update of a parameter overtakes nobody who still reads it: it is written in its place', () => {
  const w = param('w', f32(20, 20))
  const x = input('x', f32(-1, 20))
  const gradient = matmul(x, x, { a: true })
  const programs = { p: { results: { y: matmul(gradient, w) }, updates: { w: sub(w, gradient) } } }
  const map = expectRight(mapMemory({ rows: 3, state: [{ name: 'w', type: w.type }], programs }))
  const { units, copies } = map.programs.get('p')?.plan ?? {}
  assert.equal(
    units?.map(u => u._tag),
    ['Single', 'Single', 'Region'],
  )
  assert.equal(copies, [])
})

test('whoever still reads the parameter may go before its update in the same epilogue', () => {
  const w = param('w', f32(20, 20))
  const x = input('x', f32(-1, 20))
  const gradient = matmul(x, x, { a: true })
  const programs = { p: { results: {}, updates: { w: sub(w, exp(mul(gradient, w))) } } }
  const map = expectRight(mapMemory({ rows: 3, state: [{ name: 'w', type: w.type }], programs }))
  const { units = [] } = map.programs.get('p')?.plan ?? {}
  const [whole] = units
  assert.is(units.length, 1)
  assert.ok(whole?._tag === 'Led' && whole.units.length > 2, 'the update is in parts')
})

test('an operand that the product still reads is not written over', () => {
  const c: Case = { ...plain, residual: true, pool: 'none', rows: 3 }
  assert.is(led(c).length, 1)
  assertBits(run(c, true, 1)['end'] as Int32Array, run(c, false, 1)['end'] as Int32Array)
})

test.run()
