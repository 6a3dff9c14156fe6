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

/** All variables of a net with values like noise. */
export const tensorsOf = (net: Net.AnyNet) =>
  meaning(net, 'infer').variables.map(({ path, shape }, i) => {
    const values = Float32Array.from(noise(sizeOf(shape), i + 2), x => scaled(path, shape, x))
    return { name: path, dtype: 'F32' as const, shape, bytes: new Uint8Array(values.buffer) }
  })

export const modelOf = (net: Net.AnyNet, options: Parameters<typeof Model.of>[4] = {}) =>
  expectRight(Model.of(net, net.shape.length === 1 ? 'class' : 'values', null, tensorsOf(net), options))
