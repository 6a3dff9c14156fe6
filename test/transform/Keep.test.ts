/** Kept weights: the bits of convolutions stay, in float64 they are convolutions, and filters are laid out once. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { evaluateAll } from '../../src/backend/evaluate.js'
import { evaluate as reference } from '../../src/backend/reference.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { mul } from '../../src/op/arithmetic.js'
import { type ConvOptions, conv2d } from '../../src/op/conv.js'
import { matmul } from '../../src/op/matmul.js'
import type { Tile } from '../../src/op/winograd.lower.js'
import { sizeOf, tensorType } from '../../src/shape/TensorType.js'
import { hoist } from '../../src/transform/Hoist.js'
import { keep } from '../../src/transform/Keep.js'
import { runTiled } from '../backend/tiled.js'
import { noise } from '../nn/support.js'
import { assertBits, assertClose, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Keep')

const keeping =
  (tile: Tile = 2, rows = 256) =>
  (p: Program.Program) =>
    keep(p, { tile, rows })
const kept = (e: Expr, rows?: number): Program.Program => expectRight(E.chain(keeping(2, rows))(Program.of([e])))
const opsOf = ({ nodes }: Program.Program): readonly string[] =>
  nodes.flatMap(({ expr }) => (expr._tag === 'Apply' ? [expr.op.name] : []))

const images = (rows: number, ...shape: readonly number[]): Expr => input('x', tensorType('f32', [rows, ...shape]))
const filters = (...shape: readonly number[]): Expr => param('w', tensorType('f32', shape))

interface Sizes {
  readonly rows: number
  readonly image: readonly [number, number]
  readonly window: readonly [number, number]
  readonly taken: number
  readonly given: number
  readonly options: ConvOptions & { readonly groups: number }
}

const between = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max })
const direct: fc.Arbitrary<Sizes> = fc.record({
  rows: between(1, 3),
  image: fc.tuple(between(5, 9), between(5, 20)),
  window: fc.tuple(between(1, 3), between(2, 5)),
  taken: fc.oneof(between(1, 9), between(30, 60)),
  given: between(1, 18),
  options: fc.record({
    stride: fc.tuple(between(1, 3), between(1, 2)),
    dilation: fc.tuple(between(1, 2), fc.constant(1)),
    padding: fc.constantFrom('same' as const, 2),
    groups: between(1, 6),
  }),
})
/** Every channel by itself. */
const depthwise: fc.Arbitrary<Sizes> = fc.record({
  rows: between(1, 3),
  image: fc.tuple(between(5, 9), between(5, 20)),
  window: fc.tuple(between(1, 3), between(2, 5)),
  taken: fc.constant(1),
  given: between(1, 3),
  options: fc.record({ stride: between(1, 2), padding: fc.constantFrom('same' as const, 2), groups: between(2, 25) }),
})
/** Such that Winograd's algorithm serves them. */
const square: fc.Arbitrary<Sizes> = fc.record({
  rows: between(1, 2),
  image: fc.tuple(between(7, 34), between(7, 30)),
  window: fc.constant([3, 3] as const),
  taken: fc.constantFrom(16, 20, 24, 260),
  given: fc.constantFrom(16, 24, 72, 136),
  options: fc.record({ padding: fc.constantFrom('same' as const, 'valid' as const, 2), groups: fc.constant(1) }),
})

test('the bits of any convolution, and its values in float64', () => {
  fc.assert(
    fc.property(fc.oneof(direct, depthwise, square), ({ rows, image, window, taken, given, options }) => {
      const x = images(-1, ...image, taken * options.groups)
      const w = filters(...window, taken, given * options.groups)
      const plain = conv2d(x, w, options)
      const program = kept(plain)
      assert.equal(opsOf(program), ['filters2d', 'prepared2d'])
      const given2 = {
        x: noise(rows * sizeOf(x.type.shape.slice(1))),
        w: noise(sizeOf(w.type.shape), 2),
      }
      const [wanted, got] = [[plain], Program.outputs(program)].map(es => expectRight(evaluateAll(es, given2, rows)))
      assertBits(got?.[0]?.values ?? new Float32Array(0), wanted?.[0]?.values ?? new Float32Array(0))
      if (taken > 100) return
      const [exact, again] = [[plain], Program.outputs(program)].map(es => expectRight(reference(es, given2, rows)))
      assertClose(again?.[0]?.values ?? [], exact?.[0]?.values ?? [], { abs: 1e-10 })
    }),
    { numRuns: 60, seed: 6 },
  )
})

test("F(4x4, 3x3), only if asked for: a convolution's values in float64, and by the kernels to within its error", () => {
  for (const size of [8, 13]) {
    const e = conv2d(images(-1, size, size, 16), filters(3, 3, 16, 24), { padding: 'same' })
    const given = { x: noise(size * size * 16), w: noise(9 * 16 * 24, 2) }
    const program = expectRight(E.chain(keeping(4))(Program.of([e])))
    const [exact] = expectRight(reference([e], given))
    const [again] = expectRight(reference(Program.outputs(program), given))
    const [two, four] = [kept(e), program].map(p => expectRight(evaluateAll(Program.outputs(p), given))[0]?.values)
    assertClose(again?.values ?? [], exact?.values ?? [], { abs: 1e-10 })
    assertClose(four ?? [], exact?.values ?? [], { abs: 2e-3 })
    assert.ok(four?.some((v, i) => v !== two?.[i]))
  }
})

test('filters in float64 are what the kernels make of them', () => {
  for (const [channels, given, groups] of [
    [3, 8, 1],
    [40, 16, 1],
    [16, 24, 1],
    [11, 22, 11],
    [18, 30, 6],
  ] as const) {
    const w = filters(3, 3, channels / groups, given)
    const program = kept(conv2d(images(-1, 9, 9, channels), w, { groups }))
    const { once } = hoist(program)
    const values = { w: noise(sizeOf(w.type.shape)) }
    const [wanted] = expectRight(reference(Object.values(once), values))
    const [got] = expectRight(evaluateAll(Object.values(once), values))
    assertClose(
      (got?.values ?? new Float32Array(0)).map((v, i) => ((wanted?.values[i] as number) === 0 ? 0 : (v as number))),
      wanted?.values ?? [],
      { abs: 1e-6 },
    )
    assert.ok((wanted?.values ?? new Float64Array(0)).filter(v => v !== 0).length >= sizeOf(w.type.shape))
  }
})

test('filters are laid out once, also such as are computed; what depends on the input is left', () => {
  const x = images(-1, 8, 8, 16)
  const [w, s] = [filters(3, 3, 16, 16), param('s', tensorType('f32', [16]))]
  const { outputs, once } = hoist(kept(conv2d(x, mul(w, s))))
  assert.equal(opsOf(expectRight(Program.of(outputs))), ['prepared2d'])
  assert.equal(opsOf(expectRight(Program.of(Object.values(once)))), ['broadcastTo', 'mul', 'filters2d'])
  const moving = input('v', w.type)
  assert.equal(opsOf(kept(conv2d(x, moving))), ['conv2d'])
  assert.equal(opsOf(kept(conv2d(param('y', tensorType('f32', [1, 8, 8, 16])), w))), ['conv2d'])
  assert.match(expectLeft(E.chain(keeping())(Program.of([conv2d(x, filters(3, 3, 8, 16))]))).message, /filters take 8/)
})

const numbersOf = (words: Int32Array | undefined): Float32Array =>
  new Float32Array(words?.buffer ?? new ArrayBuffer(0), words?.byteOffset, words?.length)

test('the bits of any product by a matrix of the state, however it is cut, and its values in float64', () => {
  fc.assert(
    fc.property(
      fc.record({
        rows: fc.oneof(between(1, 9), between(60, 70)),
        inner: fc.oneof(between(1, 20), between(250, 260), between(510, 520)),
        columns: fc.oneof(between(1, 40), between(120, 130)),
        tb: fc.boolean(),
        threads: between(2, 4),
      }),
      ({ rows, inner, columns, tb, threads }) => {
        const x = input('x', tensorType('f32', [-1, inner]))
        const w = param('w', tensorType('f32', tb ? [columns, inner] : [inner, columns]))
        const plain = matmul(x, w, { b: tb })
        const program = kept(plain)
        assert.equal(opsOf(program), ['panels', 'preparedMatmul'])
        const given = { x: noise(rows * inner), w: noise(inner * columns, 2) }
        const [y] = Program.outputs(program)
        const run = (e: Expr | undefined, n: number) =>
          runTiled(
            { rows, state: [{ name: 'w', type: w.type }], program: { results: e ? { y: e } : {}, updates: {} } },
            rows,
            n,
            given,
          )
        const [wanted, whole, tiled] = [run(plain, 1), run(y, 1), run(y, threads)]
        for (const { results } of [whole, tiled]) assertBits(numbersOf(results['y']), numbersOf(wanted.results['y']))
        assert.is(tiled.cut.includes('matmulPrepared'), Math.max(rows, columns) > 16)
        if (rows * inner * columns > 1e5) return
        const [exact, again] = [[plain], Program.outputs(program)].map(es => expectRight(reference(es, given, rows)))
        assertClose(again?.[0]?.values ?? [], exact?.[0]?.values ?? [], { abs: 1e-10 })
      },
    ),
    { numRuns: 100, seed: 6 },
  )
})

test('panels in float64 are what the kernel makes of the matrix', () => {
  for (const tb of [false, true])
    for (const [inner, columns] of [
      [5, 8],
      [300, 21],
    ] as const) {
      const w = param('w', tensorType('f32', tb ? [columns, inner] : [inner, columns]))
      const { once } = hoist(kept(matmul(input('x', tensorType('f32', [-1, inner])), w, { b: tb })))
      const [panels] = Object.values(once)
      const values = { w: noise(inner * columns) }
      const [wanted] = expectRight(reference(panels ? [panels] : [], values))
      const spec = { rows: 1, state: [{ name: 'w', type: w.type }] }
      const program = { results: panels ? { panels } : {}, updates: {} }
      const got = numbersOf(runTiled({ ...spec, program }, 1, 1, values).results['panels'])
      assertBits(got, Float32Array.from(wanted?.values ?? []))
    }
})

test('products are prepared where that gains: few rows, or one for each of the batch by what a cache holds', () => {
  const product = (rows: number, inner: number, columns: number, most?: number, a = false): readonly string[] => {
    const x = input('x', tensorType('f32', a ? [inner, rows] : [rows, inner]))
    return opsOf(kept(matmul(x, param('w', tensorType('f32', [inner, columns])), { a }), most))
  }
  const [plain, prepared] = [['matmul'], ['panels', 'preparedMatmul']]
  assert.equal(product(-1, 512, 512), prepared)
  assert.equal(product(-1, 512, 513), plain)
  assert.equal(product(-1, 512, 513, 2), prepared)
  assert.equal(product(-2, 8, 8), plain)
  assert.equal(product(-2, 8, 8, 1), prepared)
  assert.equal(product(-1, 8, 8, 2, true), plain)
  const [x, w] = [input('x', tensorType('f32', [-1, 8])), param('w', tensorType('f32', [8, 8]))]
  assert.equal(opsOf(kept(matmul(param('v', w.type), w))), plain)
  assert.equal(opsOf(kept(matmul(x, input('u', w.type)))), plain)
})

test.run()
