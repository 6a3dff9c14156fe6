import { existsSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Data, type IdxOptions, idx, idxTensor } from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Data.idx')

const header = (dtype: number, shape: readonly number[]): number[] => [
  0,
  0,
  dtype,
  shape.length,
  ...shape.flatMap(d => [(d >>> 24) & 255, (d >>> 16) & 255, (d >>> 8) & 255, d & 255]),
]
const file = (dtype: number, shape: readonly number[], data: readonly number[]): Uint8Array =>
  Uint8Array.of(...header(dtype, shape), ...data)

const images = file(8, [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 255])
const labels = file(8, [2], [1, 0])
const as = { inputs: [2, 2, 1], label: Label.classes(2) } as const
const message = (
  files: { readonly images?: Uint8Array; readonly labels?: Uint8Array },
  options: IdxOptions<readonly number[], Label.Label> = as,
): string => expectLeft(idx(options)({ images, labels, ...files })).message

test('images of bytes stay bytes; plain, gzipped and inside of a larger buffer', () => {
  const shifted = Uint8Array.of(9, ...images).subarray(1)
  for (const i of [images, shifted, new Uint8Array(gzipSync(images))]) {
    const data: Data<readonly [2, 2, 1], Label.Class<2>> = expectRight(idx(as)({ images: i, labels }))
    assert.is(data.size, 2)
    assertBits(data.columns.input as Uint8Array, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 255))
    assertBits(data.labels as Int32Array, Int32Array.of(1, 0))
  }
  assert.is(expectRight(idx({ ...as, inputs: [4] })({ images, labels })).size, 2)
})

test('every dtype, big-endian', () => {
  const values = (dtype: number, data: readonly number[], n: number) =>
    expectRight(idxTensor(file(dtype, [n], data))).values
  assertBits(values(0x08, [0, 255], 2) as Uint8Array, Uint8Array.of(0, 255))
  assertBits(values(0x09, [0x80, 0x7f], 2) as Int32Array, Int32Array.of(-128, 127))
  assertBits(values(0x0b, [0xff, 0xfe, 1, 0], 2) as Int32Array, Int32Array.of(-2, 256))
  assertBits(values(0x0c, [0x80, 0, 0, 1], 1) as Int32Array, Int32Array.of(-2147483647))
  assertBits(values(0x0d, [0x3f, 0x80, 0, 0], 1) as Float32Array, Float32Array.of(1))
  assertBits(values(0x0e, [0xc0, 0, 0, 0, 0, 0, 0, 0], 1) as Float32Array, Float32Array.of(-2))
  const regression = { inputs: [2, 2], label: Label.values() } as const
  const data = expectRight(idx(regression)({ images, labels: file(0x0d, [2], [0x3f, 0x80, 0, 0, 0, 0, 0, 0]) }))
  assertBits(data.labels as Float32Array, Float32Array.of(1, 0))
})

test('what is wrong is said, and of which file', () => {
  assert.is(message({ images: images.slice(0, -1) }), 'idx: images: sizes [2, 2, 2] need 24 bytes, but the file has 23')
  assert.match(message({ images: Uint8Array.of(...images, 0) }), /need 24 bytes, but the file has 25/)
  assert.match(message({ images: images.slice(0, 9) }), /ends within its sizes, after 9 bytes/)
  assert.match(message({ labels: new Uint8Array(0) }), /labels: the file has only 0 bytes/)
  assert.match(message({ images: Uint8Array.of(1, 0, 8, 1, 0, 0, 0, 0) }), /images: this is no idx file/)
  assert.match(message({ images: file(0x0a, [1], [0]) }), /0xa is no idx dtype/)
  assert.match(message({ images: file(8, [], []) }), /rank is 0/)
  assert.match(message({ images: file(8, [0, 2, 2], []), labels: file(8, [0], []) }), /there are no rows/)
  assert.is(message({ labels: file(8, [3], [0, 0, 0]) }), 'idx: there are 2 images, but 3 labels')
  assert.is(message({}, { ...as, inputs: [3, 2] }), 'idx: images: a row is [2, 2], but the input is [3, 2]')
  assert.match(message({ labels: file(8, [2], [0, 9]) }), /labels: row 2: the label 9 is out of range/)
  assert.match(message({ labels: file(8, [2, 2], [0, 0, 0, 0]) }), /a class label is one number/)
  assert.match(message({ labels: file(0x0d, [2], [0x3f, 0, 0, 0, 0, 0, 0, 0]) }), /row 1: the label 0.5/)
  assert.match(message({ images: file(0x0d, [1], [0x7f, 0xc0, 0, 0]) }), /element 0: NaN is not allowed/)
  assert.match(message({ images: file(0x0e, [1], [0x7e, 0, 0, 0, 0, 0, 0, 0]) }), /too large for a 32-bit float/)
  assert.match(message({ images: file(8, [0xffffffff, 0xffffffff], []) }), /need/)
  assert.match(message({}, { ...as, maxBytes: 20 }), /maxBytes/)
  assert.match(message({}, { ...as, label: Label.values(3) }), /a row is \[\], but the label is \[3\]/)
})

test('no bytes make it throw', () => {
  const near = fc
    .tuple(
      fc.constantFrom(8, 9, 11, 12, 13, 14, 15),
      fc.array(fc.nat(3), { maxLength: 4 }),
      fc.uint8Array({ maxLength: 20 }),
    )
    .map(([dtype, shape, data]) => file(dtype, shape, [...data]))
  const any = fc.oneof(near, fc.uint8Array({ maxLength: 60 }))
  fc.assert(
    fc.property(any, any, (i, l) => {
      idx({ inputs: [2], label: Label.classes(3) })({ images: i, labels: l })
      idx({ inputs: [1], label: Label.values() })({ images: i, labels: l })
    }),
    { numRuns: 1_000 },
  )
})

const fashion = '/usr/share/datasets/fashion-mnist'

test('Fashion-MNIST', () => {
  if (!existsSync(fashion)) {
    assert.not(process.env.CI, `${fashion} is missing: apt-get install dataset-fashion-mnist`)
    return
  }
  const read = (part: string): Data<readonly [28, 28, 1], Label.Class<10>> =>
    expectRight(
      idx({ inputs: [28, 28, 1], label: Label.classes(10) })({
        images: new Uint8Array(readFileSync(`${fashion}/${part}-images-idx3-ubyte.gz`)),
        labels: new Uint8Array(readFileSync(`${fashion}/${part}-labels-idx1-ubyte.gz`)),
      }),
    )
  for (const [part, size] of [
    ['train', 60_000],
    ['t10k', 10_000],
  ] as const) {
    const data = read(part)
    assert.is(data.size, size)
    assert.instance(data.columns.input, Uint8Array)
    assert.is(data.columns.input?.length, size * 784)
    const histogram = new Array<number>(10).fill(0)
    for (const label of data.labels) histogram[label] = (histogram[label] ?? 0) + 1
    assert.equal(histogram, new Array(10).fill(size / 10))
  }
})

test.run()
