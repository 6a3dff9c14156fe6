/** The direct kernels of convolutions, of groups too: their orders of summation bit by bit, and their memory. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Call } from '../../src/graph/Op.js'
import type { Geometry } from '../../src/op/conv.geometry.js'
import {
  depthwiseFilter,
  depthwiseInput,
  depthwiseOutput,
  directFilter,
  directInput,
  directOutput,
  filterWay,
  inputWay,
  outputWay,
} from '../../src/op/conv.lower.js'
import { assertBits } from '../support/assert.js'
import { CHUNK, directScratch, error, exact, model, of, run, tensors } from '../support/convolution.js'

const test = suite('convolution')

const odd: readonly Geometry[] = [
  of(1, 1, 1, 1, 1),
  of(2, 5, 3, 3, 5, { padding: 1 }),
  of(1, 6, 33, 3, 9, { padding: 1 }),
  of(3, 9, 4, 3, 8, { stride: 2, padding: 1 }),
  of(1, 7, 30, 3, 17),
  of(2, 11, 6, 3, 4, { stride: 3, dilation: 2, padding: 2, groups: 2 }),
  of(1, 17, 2, 5, 3, { padding: 2 }),
  of(2, 10, 3, 2, 5, { stride: 4, padding: 1 }),
  of(1, 22, 3, 10, 2, { padding: 2 }),
  of(1, 20, 1, 17, 3, { padding: 1 }),
  of(2, 15, 4, 3, 8, { stride: 2, padding: 1 }),
]

odd.forEach((g, i) => {
  test(`the direct kernels keep their order of summation, bit by bit (${i})`, () => {
    const t = tensors(g)
    assertBits(run(directOutput(g), directScratch, 'y', t), model(g, 'y', t))
    assertBits(run(directFilter(g), directScratch, 'w', t), model(g, 'w', t))
    assert.ok(error(run(directInput(g), directScratch, 'x', t), exact(g, 'x', t)) < 2e-6)
  })
})

const bare = ({ kernel, words }: Call) => ({ kernel, words })

const depthwise: readonly Geometry[] = [
  of(1, 1, 2, 1, 2, { groups: 2 }),
  of(2, 9, 8, 3, 8, { padding: 1, groups: 8 }),
  of(3, 10, 37, 3, 37, { stride: 2, padding: 1, groups: 37 }),
  of(2, 11, 21, 3, 63, { padding: 2, dilation: 2, groups: 21 }),
  of(1, 13, 12, 5, 24, { stride: 3, padding: 4, groups: 12 }),
  of(2, 12, 3, 2, 12, { stride: 3, groups: 3 }),
  of(1, 3, 16, 3, 16, { padding: 8, stride: 2, groups: 16 }),
  of(2, 23, 4, 2, 4, { groups: 4 }),
]

depthwise.forEach((g, i) => {
  test(`the kernels of every channel by itself keep their order of summation, bit by bit (${i})`, () => {
    const t = tensors(g)
    const [columns, [y, x, w]] = [g.places[1], [outputWay(g), inputWay(g), filterWay(g)]]
    assert.equal(y.calls.map(bare), depthwiseOutput(g).map(bare))
    assert.equal(x.calls.map(bare), depthwiseInput(g).map(bare))
    assert.equal(w.calls.map(bare), depthwiseFilter(g).map(bare))
    assertBits(run(y.calls, y.scratch, 'y', t), model(g, 'y', t))
    const chunk = Math.max(1, Math.floor(CHUNK / columns)) * columns
    assertBits(run(w.calls, w.scratch, 'w', t), model(g, 'w', t, chunk))
    assert.ok(error(run(x.calls, x.scratch, 'x', t), exact(g, 'x', t)) < 2e-6)
  })
})

const few: readonly Geometry[] = [
  of(2, 9, 12, 3, 8, { padding: 1, groups: 4 }),
  of(1, 11, 42, 3, 91, { padding: 1, stride: 2, groups: 7 }),
  of(3, 10, 14, 3, 21, { padding: 4, dilation: 2, groups: 7 }),
  of(2, 13, 48, 3, 45, { stride: 3, padding: 2, groups: 3 }),
  of(1, 7, 4, 5, 2, { padding: 2, groups: 2 }),
  of(2, 3, 24, 1, 64, { stride: 2, groups: 8 }),
  of(2, 4, 18, 2, 9, { padding: 3, groups: 9 }),
  of(1, 75, 64, 3, 64, { padding: 1, groups: 4 }), // parts of an image
]

few.forEach((g, i) => {
  test(`the kernels of groups of few channels have the bits of the direct ones (${i})`, () => {
    const t = tensors(g)
    const ways = [
      ['y', outputWay(g), directOutput(g)],
      ['x', inputWay(g), directInput(g)],
      ['w', filterWay(g), directFilter(g)],
    ] as const
    for (const [role, { calls, scratch }, direct] of ways) {
      assert.ok(calls.every(({ kernel }) => /^grouped|^fill32$/.test(kernel)))
      assertBits(run(calls, scratch, role, t), run(direct, directScratch, role, t))
    }
  })
})

test('of a pixel outside of the image nothing is taken, not even zeros', () => {
  const g = of(1, 2, 4, 3, 4, { padding: 1, groups: 4 })
  const { x, w } = tensors(g)
  const { calls, scratch } = outputWay(g)
  const y = run(calls, scratch, 'y', { x, w: w.fill(Infinity, 0, 4), y: new Float32Array(16) })
  assert.equal(
    Array.from(y, Number.isFinite),
    Array.from(y, (_, i) => i < 12),
  )
})

test('a gradient of images takes a call for every phase that taps lead to, and one for zeros elsewhere', () => {
  const calls = (size: number, window: number, stride: number): number =>
    inputWay(of(1, size, 1, window, 1, { stride })).calls.length
  assert.is(calls(9, 3, 1), 1)
  assert.is(calls(9, 3, 2), 4)
  assert.is(calls(9, 2, 3), 5)
  assert.is(calls(9, 1, 9), 2)
  assert.is(calls(4097, 3, 2048), 10)
})

test('the way is decided by the sizes of one row, and scratch is bounded', () => {
  const g = of(1, 28, 32, 3, 64, { padding: 1 })
  for (const way of [outputWay, inputWay, filterWay]) {
    const kernels = (rows: number): string => way({ ...g, rows }).calls[0]?.kernel ?? ''
    assert.match(kernels(1), /^winograd/)
    assert.is(kernels(1), kernels(1000))
    for (const other of [
      of(1, 28, 32, 3, 64, { stride: 2 }),
      of(1, 28, 8, 3, 64),
      of(1, 28, 32, 5, 64),
      of(1, 28, 32, 3, 65),
      of(1, 28, 32, 3, 64, { groups: 2 }),
      of(1, 28, 68, 3, 68, { groups: 4 }),
      of(1, 28, 14, 3, 14, { groups: 2 }),
      of(1, 28, 36, 1, 36, { groups: 4 }),
      of(1, 28, 32, 5, 32, { groups: 2 }),
      of(1, 28, 44, 5, 40, { groups: 4 }),
      of(1, 2000, 8, 3, 8, { dilation: 40, groups: 4 }),
      of(1, 28, 1, 3, 64),
    ])
      assert.match(way(other).calls[0]?.kernel ?? '', /^convolve/)
    for (const grouped of [
      of(1, 28, 32, 3, 64, { groups: 16 }),
      of(1, 28, 64, 3, 64, { groups: 4 }),
      of(1, 28, 48, 3, 48, { groups: 3 }),
      of(1, 28, 12, 3, 12, { groups: 2 }),
      of(1, 28, 32, 1, 32, { groups: 4 }),
    ])
      assert.match(way(grouped).calls[0]?.kernel ?? '', /^grouped/)
    for (const own of [of(1, 28, 32, 3, 32, { groups: 32 }), of(1, 28, 2, 5, 6, { stride: 2, groups: 2 })])
      assert.match(way(own).calls[0]?.kernel ?? '', /^depthwise/)
    assert.ok(way(of(1, 416, 1024, 3, 1024)).scratch <= 2 ** 24)
  }
})

test.run()
