/** Nets, and models of them with given values, for the tests of how they are compiled. */
import fc from 'fast-check'
import { pipe } from '#fp/function.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { sizeOf } from '../../src/shape/TensorType.js'
import { Arbitrary } from '../../src/testing/index.js'
import * as Model from '../../src/train/Model.js'
import { meaning, noise } from '../nn/support.js'
import { expectRight } from '../support/assert.js'

/** A value that keeps activations of about the same size, from one like noise. */
const scaled = (path: string, shape: readonly number[], x: number): number => {
  if (shape.length > 1) return x * Math.sqrt(2 / sizeOf(shape.slice(0, -1)))
  return path.endsWith('variance') ? 1 + x * x : 1 + 0.1 * x
}

/** Large tensors repeat their values after so many: a prime. */
const period = 10_007

/** All variables of a net with values like noise. */
export const tensorsOf = (net: Net.AnyNet) =>
  meaning(net, 'infer').variables.map(({ path, shape }, i) => {
    const size = sizeOf(shape)
    const few = noise(Math.min(size, period), i + 2)
    const values = new Float32Array(size).map((_, k) => scaled(path, shape, few[k % period] as number))
    return { name: path, dtype: 'F32' as const, shape, bytes: new Uint8Array(values.buffer) }
  })

export const modelOf = (net: Net.AnyNet, options: Parameters<typeof Model.of>[4] = {}, tensors = tensorsOf(net)) =>
  expectRight(Model.of(net, net.shape.length === 1 ? 'class' : 'values', null, tensors, options))

export const rowsOf = (net: Net.AnyNet, rows: number): Float32Array =>
  Float32Array.from(noise(rows * sizeOf(net.inputs as readonly number[])))

/** Convolutions of all kinds, with batch normalization in between. */
const images: fc.Arbitrary<Net.AnyNet> = fc
  .array(
    fc.record({
      filters: fc.constantFrom(4, 8, 16, 20),
      size: fc.constantFrom(1, 3, 5),
      stride: fc.integer({ min: 1, max: 2 }),
      groups: fc.constantFrom(1, 2, 4),
      bias: fc.boolean(),
      norm: fc.constantFrom(Layer.identity(), Layer.batchNorm(), Layer.batchNorm({ form: 'keras' })),
      activation: fc.constantFrom(Layer.relu(), Layer.leakyRelu(), Layer.identity(), Layer.elu()),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map(blocks =>
    blocks.reduce<Net.AnyNet>(
      (x, { filters, size, norm, activation, ...options }) =>
        pipe(x, Layer.conv2d(filters, size, { ...options, padding: 'same' }), norm, activation),
      Net.input(9, 11, 4),
    ),
  )

export const anyNet = fc.oneof(images, Arbitrary.nets({ outputs: 3 }))
