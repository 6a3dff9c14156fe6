/** Whole random nets, of images and of several inputs: what the kernels make of them is what the reference does. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { input, param } from '../../src/graph/Expr.js'
import { orThrow } from '../../src/index.js'
import { elaborate } from '../../src/nn/elaborate.js'
import type { AnyNet } from '../../src/nn/Net.js'
import { inputEntries } from '../../src/nn/Node.js'
import { mul } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import { soleInput } from '../../src/shape/inputs.js'
import { sizeOf, tensorType } from '../../src/shape/TensorType.js'
import { Arbitrary, draw } from '../../src/testing/index.js'
import { checkKernels } from '../../src/testing/kernels.js'
import { grad } from '../../src/transform/Grad.js'

const test = suite('nets, compiled and by the reference')

const rows = 3

/** A net's output, its gradients by inputs and parameters, and the new state, with values for all that is given. */
const parts = (net: AnyNet, mode: 'infer' | 'train') => {
  const entries = inputEntries(net.inputs).map(([name, shape]) => [name ?? soleInput, [-1, ...shape]] as const)
  const inputs = Object.fromEntries(entries.map(([name, shape]) => [name, input(name, tensorType('f32', shape))]))
  const made = orThrow(elaborate(net, mode, { inputs, key: path => input(`key ${path}`, tensorType('i32', [4])) }))
  const variables = made.variables.flatMap(({ path, shape, trainable }) =>
    trainable ? [[path, param(path, tensorType('f32', shape))] as const] : [],
  )
  const weight = input('weight', made.output.type)
  const wrt = [...Object.entries(inputs), ...variables]
  const { gradients } = orThrow(
    grad(
      sum(mul(made.output, weight)),
      wrt.map(([, e]) => e),
    ),
  )
  const number = (name: string, shape: readonly number[], low: number, high: number) =>
    [name, draw(Math.abs(sizeOf(shape)) * (shape[0] === -1 ? rows : 1), 3, name, { domain: [low, high] })] as const
  return {
    named: {
      output: made.output,
      ...Object.fromEntries(gradients.map((g, i) => [`gradient ${wrt[i]?.[0]}`, g])),
      ...Object.fromEntries(Object.entries(made.state).map(([path, e]) => [`new ${path}`, e])),
    },
    values: {
      ...Object.fromEntries(entries.map(([name, shape]) => number(name, shape, -2, 2))),
      ...Object.fromEntries([number('weight', made.output.type.shape, -1, 1)]),
      // a variance must be positive
      ...Object.fromEntries(
        made.variables.map(({ path, shape }) => number(path, shape, path.endsWith('variance') ? 0.5 : -0.8, 1)),
      ),
      ...Object.fromEntries(made.draws.map(path => [`key ${path}`, [1, 2, 3, 4]])),
    },
  }
}

const check = (net: AnyNet): void => {
  for (const mode of ['infer', 'train'] as const) {
    const { named, values } = parts(net, mode)
    orThrow(checkKernels(mode, named, { values, rows, tolerance: 2e-5 }))
  }
}

const kindsOf = (net: AnyNet): ReadonlySet<string> => {
  const kinds = new Set<string>()
  const visit = (node: AnyNet['node']): void => {
    if (node._tag === 'Input') return
    kinds.add(node.kind)
    node.args.forEach(visit)
  }
  visit(net.node)
  return kinds
}

const image = fc.tuple(fc.integer({ min: 3, max: 7 }), fc.integer({ min: 3, max: 7 }), fc.integer({ min: 1, max: 4 }))

test('of images', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(
      image.chain(input => Arbitrary.nets({ input, maxLayers: 6 })),
      net => {
        check(net)
        for (const kind of kindsOf(net)) seen.add(kind)
      },
    ),
    { numRuns: 160, seed: 4 },
  )
  const images = [
    ...['conv2d', 'depthwiseConv2d', 'separableConv2d', 'convTranspose2d', 'maxPool2d', 'averagePool2d', 'pad', 'crop'],
    ...['globalAveragePool', 'globalMaxPool', 'spaceToDepth', 'depthToSpace', 'upsample', 'spatialDropout'],
  ]
  assert.equal(
    images.filter(kind => !seen.has(`gradus/${kind}`)),
    [],
  )
})

test('of several inputs', () => {
  const inputs = { left: [4, 5, 2], right: [3] }
  fc.assert(
    fc.property(Arbitrary.nets({ inputs, outputs: 2, maxLayers: 4 }), net => {
      assert.equal(net.inputs, inputs)
      check(net)
    }),
    { numRuns: 30, seed: 12 },
  )
})

test.run()
