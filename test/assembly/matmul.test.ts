import { suite } from 'uvu'
import { matmulScratchBytes } from '../../src/op/matmul-scratch.js'
import { compile } from '../support/asc.js'
import { assertBits } from '../support/assert.js'

const test = suite('matmul')
const PAGES = 64
const { memory, call } = await compile("export * from './assembly/matmul'", PAGES)
const matmul = call('matmul')

type Shape = { readonly m: number; readonly n: number; readonly k: number; readonly batch: number }
type Layout = { readonly transposeA: boolean; readonly transposeB: boolean }

const LAYOUTS: readonly Layout[] = [false, true].flatMap(transposeA =>
  [false, true].map(transposeB => ({ transposeA, transposeB })),
)
const CHUNK = 256
const CANARY = 0x7fc12345
const padded = (elements: number): number => Math.ceil((elements * 4) / 64) * 64

/** Numbers of mixed magnitude, so that another order of summation gives other bits. */
const generator = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return Math.fround((state / 2 ** 31) * 4 ** ((state >>> 8) % 5))
  }
}
const random = (length: number, seed: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, generator(seed))

/** The contract in scalar code: A[m,k], B[k,n] row-major. */
const model = (a: Float32Array, b: Float32Array, { m, n, k, batch }: Shape): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: batch * m * n }, (_, at) => {
    const z = Math.floor(at / (m * n))
    const i = Math.floor((at % (m * n)) / n)
    const j = at % n
    let total = 0
    for (let start = 0; start < k; start += CHUNK) {
      let sum = 0
      for (let x = start; x < Math.min(k, start + CHUNK); x++) {
        const product = Math.fround((a[(z * m + i) * k + x] ?? NaN) * (b[(z * k + x) * n + j] ?? NaN))
        sum = Math.fround(sum + product)
      }
      total = Math.fround(total + sum)
    }
    return total
  })

const transposed = (x: Float32Array, rows: number, columns: number): Float32Array =>
  x.map((_, at) => {
    const z = Math.floor(at / (rows * columns))
    const inside = at % (rows * columns)
    return x[z * rows * columns + (inside % rows) * columns + Math.floor(inside / rows)] ?? NaN
  })

/** Runs the kernel with A or B against the memory's very end, and checks that nothing beyond C or the scratch changed. */
const run = (
  a: Float32Array,
  b: Float32Array,
  { m, n, k, batch }: Shape,
  { transposeA, transposeB }: Layout,
): Float32Array<ArrayBuffer> => {
  const size = PAGES * 65536
  const c = 256
  const scratch = c + padded(batch * m * n) + 64
  const afterScratch = scratch + Math.ceil(matmulScratchBytes(m, n, k) / 4) * 4
  const last = (m + n + k) % 2 === 0 ? a : b
  const first = last === a ? b : a
  const lastAt = size - padded(last.length)
  const firstAt = lastAt - padded(first.length)
  const words = new Uint32Array(memory.buffer)
  words.fill(CANARY, 0, afterScratch / 4 + 64)
  const floats = new Float32Array(memory.buffer)
  const [aAt, bAt] = last === a ? [lastAt, firstAt] : [firstAt, lastAt]
  floats.set(transposeA ? transposed(a, m, k) : a, aAt / 4)
  floats.set(transposeB ? transposed(b, k, n) : b, bAt / 4)
  const strides = [...(transposeA ? [1, m] : [k, 1]), ...(transposeB ? [1, k] : [n, 1])]
  words.set([aAt, bAt, c, m, n, k, ...strides, batch, m * k, k * n, m * n, scratch, n, 0])
  matmul(0)
  const end = c / 4 + batch * m * n
  const outside = [...words.subarray(end, scratch / 4), ...words.subarray(afterScratch / 4, afterScratch / 4 + 64)]
  if (outside.some(word => word !== CANARY)) throw new Error(`wrote outside of C or the scratch at ${m}x${n}x${k}`)
  return floats.slice(c / 4, end)
}

const check = (shape: Shape, layouts: readonly Layout[] = LAYOUTS): void => {
  const a = random(shape.batch * shape.m * shape.k, 1)
  const b = random(shape.batch * shape.k * shape.n, 2)
  const expected = model(a, b, shape)
  for (const layout of layouts) {
    assertBits(run(a, b, shape, layout), expected, JSON.stringify({ ...shape, ...layout }))
  }
}

const EDGES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 20, 31, 32, 33]

test('every small shape has the bits of the scalar model, in all four layouts', () => {
  for (const m of EDGES.slice(0, 14)) {
    for (const n of EDGES) check({ m, n, k: EDGES[(m * 7 + n) % EDGES.length] ?? 1, batch: 1 })
  }
})

test('every depth around the tails and the chunks', () => {
  for (const k of [...EDGES, 255, 256, 257, 259, 511, 512, 513, 784]) {
    for (const [m, n] of [
      [1, 13],
      [7, 1],
      [2, 9],
      [3, 20],
      [10, 10],
    ] as const) {
      check({ m, n, k, batch: 1 })
    }
  }
})

test('several bands of rows, wide rows, random shapes', () => {
  check({ m: 259, n: 11, k: 260, batch: 1 })
  check({ m: 513, n: 8, k: 5, batch: 1 })
  check({ m: 1, n: 2053, k: 263, batch: 1 })
  check({ m: 2053, n: 1, k: 263, batch: 1 })
  check({ m: 261, n: 1045, k: 9, batch: 1 })
  check({ m: 515, n: 43, k: 258, batch: 1 })
  check({ m: 257, n: 9, k: 1025, batch: 1 })
  check({ m: 259, n: 281, k: 1030, batch: 1 })
  const next = generator(3)
  const below = (limit: number): number => 1 + (Math.abs(Math.trunc(next() * 1e6)) % limit)
  for (let i = 0; i < 30; i++) check({ m: below(70), n: below(70), k: below(300), batch: 1 })
})

test('batches', () => {
  for (const [m, n, k] of [
    [1, 5, 3],
    [4, 8, 16],
    [5, 9, 257],
    [6, 1, 7],
  ] as const) {
    check({ m, n, k, batch: 3 })
  }
})

test('K = 0 gives zeros; M, N or the batch 0 writes nothing', () => {
  check({ m: 3, n: 5, k: 0, batch: 2 })
  for (const [m, n, batch] of [
    [0, 5, 1],
    [5, 0, 1],
    [3, 3, 0],
  ] as const) {
    check({ m, n, k: 4, batch })
  }
})

test('the bits of a row do not depend on the rows beside it', () => {
  const shape = { m: 50, n: 29, k: 300, batch: 1 }
  const a = random(shape.m * shape.k, 4)
  const b = random(shape.k * shape.n, 5)
  for (const layout of LAYOUTS) {
    const whole = run(a, b, shape, layout)
    for (const row of [0, 1, 47, 49]) {
      const alone = run(a.slice(row * shape.k, (row + 1) * shape.k), b, { ...shape, m: 1 }, layout)
      assertBits(alone, whole.slice(row * shape.n, (row + 1) * shape.n), `row ${row} ${JSON.stringify(layout)}`)
    }
  }
})

test('512 bytes of memory behind the scratch are enough', () => {
  for (const [m, n, k] of [
    [8, 8, 16],
    [4, 7, 48],
    [264, 24, 256],
    [300, 16, 300],
  ] as const) {
    const [c, bytes] = [256, matmulScratchBytes(m, n, k)]
    const a = c + padded(m * n)
    const b = a + padded(m * k)
    const scratch = (PAGES * 65536 - 512 - bytes) & ~63
    const words = [a, b, c, m, n, k, k, 1, n, 1, 1, m * k, k * n, m * n, scratch, n, 0]
    new Uint32Array(memory.buffer).set(words)
    matmul(0)
  }
})

test('an infinity or NaN reaches its own row or column only', () => {
  const shape = { m: 7, n: 11, k: 5, batch: 1 }
  const a = random(35, 6)
  const b = random(55, 7)
  const clean = model(a, b, shape)
  a[2 * 5 + 1] = NaN
  for (const layout of LAYOUTS) {
    const c = run(a, b, shape, layout)
    if (!c.subarray(22, 33).every(Number.isNaN)) throw new Error('a NaN was lost')
    assertBits(c.slice(0, 22), clean.slice(0, 22))
    assertBits(c.slice(33), clean.slice(33))
  }
})

test.run()
