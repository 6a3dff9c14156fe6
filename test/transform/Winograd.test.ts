/** F(4x4) for programs: close to float64, the same bits for any rows, threads and fusion, and only where it is asked for. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate as reference } from '../../src/backend/reference.js'
import { input, param } from '../../src/graph/Expr.js'
import { Data, Label, Layer, Loss, Net, Optimizer, pipe, Recipe, State, Trainer } from '../../src/index.js'
import { relu } from '../../src/nn/activation.js'
import { add } from '../../src/op/arithmetic.js'
import { conv2d } from '../../src/op/conv.js'
import { mean } from '../../src/op/reduce.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import type { Winograd } from '../../src/transform/Winograd.js'
import { runTiled } from '../backend/tiled.js'
import { assertClose, expectRight } from '../support/assert.js'

const test = suite("Winograd's algorithms")
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)

const x = input('x', f32(-1, 11, 14, 16))
const [v, w, b] = [param('v', f32(3, 3, 16, 24)), param('w', f32(3, 3, 24, 16)), param('b', f32(24))]
const y = conv2d(relu(add(conv2d(x, v, { padding: 'same' }), b)), w)
const { gradients } = expectRight(grad(mean(relu(y)), [x, v]))
const [byX, byV] = gradients
const results = { y, ...(byX && byV && { byX, byV }) }

const numbers = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(seed + i * i) / 2)
const values = { v: numbers(9 * 16 * 24, 1), w: numbers(9 * 24 * 16, 2), b: numbers(24, 3) }
const images = (rows: number) => numbers(rows * 11 * 14 * 16, 4)
const state = [v, w, b].map(({ name, type }) => ({ name, type }))

const run = (winograd: Winograd, rows: number, threads = 1, fused = true) =>
  runTiled({ rows: 3, state, program: { results, updates: {} }, winograd, fused }, rows, threads, {
    x: images(rows),
    ...values,
  }).results

const floats = (words: Int32Array): Float32Array => new Float32Array(words.buffer, words.byteOffset, words.length)

test('F(4x4) is close to float64, and has other bits than F(2x2)', () => {
  const wanted = expectRight(reference(Object.values(results), { x: images(3), ...values }, 3))
  const [large, small] = [run('F(4x4)', 3), run('F(2x2)', 3)]
  Object.keys(results).forEach((name, i) => {
    const expected = wanted[i]?.values ?? []
    const largest = Math.max(...Array.from(expected, Math.abs))
    assertClose(floats(large[name] as Int32Array), expected, { abs: 1e-5 * largest }, name)
    assert.not.equal(large[name], small[name], name)
  })
})

test('the same bits apart, on threads, and for an image alone', () => {
  const wanted = run('F(4x4)', 3)
  assert.equal(run('F(4x4)', 3, 1, false), wanted)
  assert.equal(run('F(4x4)', 3, 2), wanted)
  const { y: alone } = run('F(4x4)', 1)
  assert.equal(alone, wanted['y']?.slice(0, alone?.length))
})

test('a trainer and a fitted model take the one they are asked for', async () => {
  const net = pipe(Net.input(8, 8, 16), Layer.conv2d(16, 3, { padding: 'same' }), Layer.flatten(), Layer.dense(3))
  const loss = Loss.softmaxCrossEntropy()
  const recipe = Recipe.of({ net, loss, optimizer: Optimizer.momentum({ rate: 0.1 }), batch: 4, epochs: 1, seed: 1 })
  const label = Int32Array.from({ length: 4 }, (_, i) => i % 3)
  const made = Data.of({ inputs: [8, 8, 16], label: Label.classes(3) })({ x: numbers(4096, 1), y: label })
  const data = expectRight(made)
  const stepped = async (options: { readonly winograd?: Winograd }) => {
    const trainer = expectRight(await Trainer.compile(recipe, options)())
    return expectRight(State.hash(expectRight(trainer.step(trainer.init(), data)).state))
  }
  const fitted = async (options: { readonly winograd?: Winograd }) =>
    expectRight(await Trainer.fit(recipe, options)({ train: data })()).hash
  for (const hash of [stepped, fitted]) {
    assert.is(await hash({ winograd: 'F(2x2)' }), await hash({}))
    assert.is.not(await hash({ winograd: 'F(4x4)' }), await hash({}))
  }
})

test.run()
