/** Models with given values, for the tests of how they are compiled. */
import type * as Net from '../../src/nn/Net.js'
import { sizeOf } from '../../src/shape/TensorType.js'
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
