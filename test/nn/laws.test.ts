/** Laws of batch norm and dropout on random shapes, values and settings. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { Arbitrary, draw } from '../../src/testing/index.js'
import { assertBits, assertClose } from '../support/assert.js'
import { exact, inputOf, kernels, meaning, paramOf, type Values, weighted } from './support.js'

const test = suite('laws of layers')

const seeds = fc.nat({ max: 1e6 })
const cases = fc.record({
  shape: Arbitrary.shapes({ minRank: 1, maxRank: 3, maxSize: 4 }),
  rows: fc.integer({ min: 4, max: 9 }),
  form: fc.constantFrom('tf1', 'keras', 'torch'),
  seed: seeds,
})
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
/** Values of batch norm named `n` over the last axis of the shape, for an input of mean and deviation about 1. */
const valuesOf = (shape: readonly number[], rows: number, seed: number): Values & { readonly input: Float32Array } => {
  const channels = shape[shape.length - 1] ?? 1
  const n = rows * sizeOf(shape)
  return {
    input: draw(n, seed, 'input', { domain: [-1, 3] }),
    weight: draw(n, seed, 'weight'),
    'n/gamma': draw(channels, seed, 'gamma', { domain: [0.5, 2] }),
    'n/beta': draw(channels, seed, 'beta'),
    'n/mean': draw(channels, seed, 'mean'),
    'n/variance': draw(channels, seed, 'variance', { domain: [0.5, 2] }),
  }
}
const normOf = (shape: readonly number[], form: 'tf1' | 'keras' | 'torch', epsilon = 1e-3) =>
  pipe(Net.input(...shape) as Net.AnyNet, Layer.batchNorm({ form, epsilon, name: 'n' }))

test('batch norm: the gradients of a channel sum to 0, also through the kernels', () => {
  fc.assert(
    fc.property(cases, ({ shape, rows, form, seed }) => {
      const net = normOf(shape, form)
      const b = valuesOf(shape, rows, seed)
      const channels = shape[shape.length - 1] ?? 1
      for (const [run, abs] of [
        [exact, 1e-9],
        [kernels, 1e-4],
      ] as const) {
        const [dx = []] = run(weighted(meaning(net).output, [inputOf(net)]), b, rows)
        const sums = Array.from({ length: channels }, (_, c) =>
          dx.reduce((a, v, i) => (i % channels === c ? a + v : a), 0),
        )
        assertClose(
          sums,
          sums.map(() => 0),
          { abs },
        )
      }
    }),
  )
})

test('batch norm: a shift of a channel changes nothing, a factor f > 0 is one of 1 / f^2 on epsilon', () => {
  const factor = fc.double({ min: 0.5, max: 50, noNaN: true })
  fc.assert(
    fc.property(
      cases,
      factor,
      fc.double({ min: -99, max: 99, noNaN: true }),
      ({ shape, rows, form, seed }, f, shift) => {
        const b = valuesOf(shape, rows, seed)
        const at = (epsilon: number, input: ArrayLike<number>): ArrayLike<number> =>
          exact([meaning(normOf(shape, form, epsilon)).output], { ...b, input }, rows)[0] ?? []
        const moved = Array.from(b.input, v => f * v + shift)
        assertClose(at(1e-3 * f * f, moved), at(1e-3, b.input), { abs: 1e-8 })
      },
    ),
  )
})

test('batch norm in a model is affine: f(a x + (1 - a) z) = a f(x) + (1 - a) f(z)', () => {
  fc.assert(
    fc.property(cases, fc.double({ min: -2, max: 2, noNaN: true }), ({ shape, rows, form, seed }, a) => {
      const { output } = meaning(normOf(shape, form), 'infer')
      const b = valuesOf(shape, rows, seed)
      const z = draw(b.input.length, seed + 1, 'input')
      const at = (input: ArrayLike<number>) => exact([output], { ...b, input }, rows)[0] ?? []
      const [fx, fz] = [at(b.input), at(z)]
      const mixed = at(Array.from(b.input, (v, i) => a * v + (1 - a) * (z[i] as number)))
      assertClose(
        mixed,
        fx.map((v, i) => a * v + (1 - a) * (fz[i] as number)),
        { abs: 1e-9 },
      )
    }),
  )
})

test('batch norm: a bias before it has gradient 0, and frozen it has no new state', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 4, max: 9 }), seeds, (units, rows, seed) => {
      const net = pipe(Net.input(3), Layer.dense(units, { name: 'd' }), Layer.batchNorm({ name: 'n' }), Layer.tanh())
      const train = meaning(net)
      const b = {
        ...valuesOf([units], rows, seed),
        input: draw(3 * rows, seed, 'input'),
        'd/w': draw(3 * units, seed, 'w'),
        'd/b': draw(units, seed, 'b'),
      }
      const [bias = []] = exact(weighted(train.output, [paramOf(train, 'd/b')]), b, rows)
      assertClose(
        bias,
        bias.map(() => 0),
        { abs: 1e-9 },
      )
      assert.equal(meaning(Net.freeze(net)).state, {})
    }),
  )
})

test('dropout keeps or drops, scales what it keeps by 1 / (1 - rate), and is the identity in a model', () => {
  const rate = fc.double({ min: 0, max: 0.95, noNaN: true })
  fc.assert(
    fc.property(rate, fc.array(fc.integer(), { minLength: 4, maxLength: 4 }), seeds, (r, key, seed) => {
      const net = pipe(Net.input(500), Layer.dropout(r))
      const input = draw(1000, seed, 'input', { avoid: [0] })
      const b = { input, 'key dropout1': key }
      const [y = []] = kernels([meaning(net).output], b, 2)
      const scale = Math.fround(1 / (1 - r))
      const kept = y.filter((v, i) => {
        assert.ok(v === 0 || v === Math.fround((input[i] as number) * scale), `${input[i]} became ${v} at rate ${r}`)
        return v !== 0
      }).length
      // six deviations, and ten for rates so small that the count is no normal one
      assert.ok(Math.abs(kept - 1000 * (1 - r)) <= 6 * Math.sqrt(1000 * r * (1 - r)) + 10, `${kept} kept at ${r}`)
      const [same = []] = kernels([meaning(net, 'infer').output], { input }, 2)
      assertBits(Float32Array.from(same), input)
    }),
  )
})

test.run()
