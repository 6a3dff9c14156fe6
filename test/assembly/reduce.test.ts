/** The reductions keep their order, bit by bit, and write nothing but their results. */
import { suite } from 'uvu'
import { compile } from '../support/asc.js'
import { assertBits } from '../support/assert.js'

const test = suite('reduce')

const { memory, call } = await compile("export * from './assembly/reduce'", 16)
const f = Math.fround
const CANARY = 12345.5

/** Numbers of mixed magnitude, so that another order of summation gives other bits. */
const mixed = (n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => (((i * 7919) % 1013) / 1013 - 0.5) * ([1, 1e3, 1e-3, 17][i % 4] as number))

interface Sizes {
  readonly outer: number
  readonly n: number
  readonly inner: number
  /** elements from one of n to the next; more than `inner` for some of the columns */
  readonly along: number
}

const sums = (count: number, value: (i: number) => number, from = 0): number => {
  let s = 0
  for (let i = from; i < count; i++) s = f(s + value(i))
  return s
}

/** Sixteen interleaved sums in chunks of 4,096, the chunks in order, then the lanes, then what is left one by one. */
const row = (x: Float32Array): number => {
  const whole = x.length & ~15
  const lanes = new Float32Array(16)
  for (let from = 0; from < whole; from += 4096) {
    const end = Math.min(from + 4096, whole)
    const chunk = new Float32Array(16)
    for (let i = from; i < end; i++) chunk[i % 16] = f((chunk[i % 16] as number) + (x[i] as number))
    lanes.forEach((t, l) => {
      lanes[l] = f(t + (chunk[l] as number))
    })
  }
  const at = (l: number): number => lanes[l] as number
  const [a, b, c, d] = [0, 1, 2, 3].map(l => f(f(at(l) + at(l + 4)) + f(at(l + 8) + at(l + 12)))) as [
    number,
    number,
    number,
    number,
  ]
  let s = f(f(a + b) + f(c + d))
  for (let i = whole; i < x.length; i++) s = f(s + (x[i] as number))
  return s
}

/** Every column in chunks of 128, whose sums are added in order. */
const column = (n: number, value: (i: number) => number): number => {
  let total = 0
  for (let from = 0; from < n; from += 128) total = f(total + sums(Math.min(from + 128, n), value, from))
  return total
}

const model = (x: Float32Array, { outer, n, inner, along }: Sizes): Float32Array =>
  Float32Array.from({ length: outer * inner }, (_, k) => {
    const [o, c] = [Math.floor(k / inner), k % inner]
    return along === 1 ? row(x.subarray(o * n, (o + 1) * n)) : column(n, i => x[(o * n + i) * along + c] as number)
  })

const run = (kernel: string, x: Float32Array, { outer, n, inner, along }: Sizes): Float32Array => {
  const [from, to] = [1024, 1024 + 4 * x.length + 64]
  const floats = new Float32Array(memory.buffer)
  floats.fill(CANARY)
  floats.set(x, from / 4)
  new Uint32Array(memory.buffer).set([from, to, outer, n, inner, along], 0)
  call(kernel)(0)
  const end = to / 4 + outer * inner
  assertBits(floats.slice(end, end + 32), new Float32Array(32).fill(CANARY), 'behind the results')
  return floats.slice(to / 4, end)
}

const heights = [1, 2, 5, 127, 128, 129, 300]
const widths = [2, 3, 4, 15, 16, 17, 32, 35, 67]

test('sums of columns', () => {
  for (const n of heights)
    for (const inner of widths)
      for (const [outer, along] of [
        [1, inner],
        [2, inner],
        [1, inner + 9],
      ] as const) {
        const sizes = { outer, n, inner, along }
        const x = mixed(outer * n * along + 16)
        assertBits(run('reduceSum', x, sizes), model(x, sizes), JSON.stringify(sizes))
      }
})

test('one column of several', () => {
  const sizes = { outer: 1, n: 200, inner: 1, along: 5 }
  const x = mixed(1016)
  assertBits(run('reduceSum', x, sizes), model(x, sizes))
})

test('sums of rows', () => {
  for (const n of [1, 3, 15, 16, 17, 100, 4095, 4096, 4113, 10_000]) {
    const sizes = { outer: 3, n, inner: 1, along: 1 }
    const x = mixed(3 * n)
    assertBits(run('reduceSum', x, sizes), model(x, sizes), `${n}`)
  }
})

test('maxima of columns, and where the first stand', () => {
  for (const inner of widths)
    for (const along of [inner, inner + 3]) {
      const sizes = { outer: 1, n: 50, inner, along }
      const x = mixed(50 * along + 16)
      const best = Array.from({ length: inner }, (_, c) => {
        const values = Array.from({ length: 50 }, (_, i) => x[i * along + c] as number)
        const most = Math.max(...values)
        return [most, values.indexOf(most)] as const
      })
      assertBits(
        run('reduceMax', x, sizes),
        Float32Array.from(best, b => b[0]),
      )
      const places = run('argmax', x, sizes)
      assertBits(
        new Int32Array(places.buffer),
        Int32Array.from(best, b => b[1]),
      )
    }
})

test.run()
