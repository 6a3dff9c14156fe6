/** Layers and losses against PyTorch: test/oracle/layers.json. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Expr, input } from '../../src/graph/Expr.js'
import * as act from '../../src/nn/activation.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Loss from '../../src/nn/Loss.js'
import * as Net from '../../src/nn/Net.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertClose } from '../support/assert.js'
import type { Tensor } from './oracleNode.js'
import { exact, inputOf, kernels, meaning, paramOf, type Values, weighted } from './support.js'

const test = suite('torch')

interface Case {
  readonly name: string
  readonly inputs: readonly (Tensor & { readonly dtype?: 'i32' })[]
  readonly weights: Tensor
  readonly output: Tensor
  readonly gradients: readonly Tensor[]
}
const { cases }: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../oracle/layers.json', import.meta.url), 'utf8'),
)

/** What a case computes, over the expressions of its inputs. */
interface Meant {
  readonly y: Expr
  readonly inputs: readonly Expr[]
  readonly names: readonly string[]
}

const elementwise =
  (f: (...x: readonly [Expr, Expr]) => Expr) =>
  (c: Case): Meant => {
    const inputs = c.inputs.map(({ shape }, i) => input(`x${i}`, tensorType('f32', shape)))
    return { y: f(...(inputs as [Expr, Expr])), inputs, names: inputs.map((_, i) => `x${i}`) }
  }
const layer =
  (f: (x: Net.AnyNet) => Net.AnyNet) =>
  (c: Case): Meant => {
    const net = f(Net.input(...(c.inputs[0]?.shape ?? []).slice(1)))
    const train = meaning(net)
    return {
      y: train.output,
      inputs: [inputOf(net), paramOf(train, 'n/gamma'), paramOf(train, 'n/beta')],
      names: ['input', 'n/gamma', 'n/beta'],
    }
  }
const loss =
  (l: Loss.Loss<Loss.Target>) =>
  ({ inputs: [x, z] }: Case): Meant => {
    const logits = input('x', tensorType('f32', [-1, ...(x?.shape ?? []).slice(1)]))
    const label = input('z', tensorType(z?.dtype ?? 'f32', [-1, ...(z?.shape ?? []).slice(1)]))
    return { y: Loss.compute(l, logits, label), inputs: [logits], names: ['x', 'z'] }
  }

const meant: { readonly [name: string]: (c: Case) => Meant } = {
  hardSigmoid: elementwise(x => act.hardSigmoid(x)),
  softsign: elementwise(x => act.softsign(x)),
  relu6: elementwise(x => act.relu6(x)),
  celu: elementwise(x => act.celu(x)),
  'celu 2': elementwise(x => act.celu(x, 2)),
  mish: elementwise(x => act.mish(x)),
  swish: elementwise(x => act.swish(x)),
  prelu: elementwise((x, a) => act.prelu(x, a)),
  layerNorm: layer(Layer.layerNorm({ name: 'n' })),
  'layerNorm 2': layer(Layer.layerNorm({ axes: [-2, -1], name: 'n' })),
  groupNorm: layer(Layer.groupNorm(2, { name: 'n' })),
  'batchNorm axis 0': layer(Layer.batchNorm({ axis: 0, name: 'n' })),
  'smoothing class': loss(Loss.softmaxCrossEntropy({ smoothing: 0.1 })),
  'smoothing rows': loss(Loss.softmaxCrossEntropy({ smoothing: 0.1, labels: 'oneHot' })),
}

test('every case has a meaning', () => assert.equal(cases.map(c => c.name).sort(), Object.keys(meant).sort()))

for (const c of cases)
  test(`${c.name}: values and gradients, in float64 and from the kernels`, () => {
    const { y, inputs, names } = meant[c.name]?.(c) ?? { y: input('', tensorType('f32')), inputs: [], names: [] }
    const rows = c.inputs[0]?.shape[0] ?? 0
    const state = { 'n/mean': [0, 0], 'n/variance': [1, 1] }
    const bound: Values = {
      ...state,
      ...Object.fromEntries(names.map((name, i) => [name, c.inputs[i]?.data ?? []])),
      weight: c.weights.data,
    }
    const exprs = [y, ...weighted(y, inputs)]
    const wanted = [c.output, ...c.gradients]
    assert.is(exprs.length, wanted.length)
    const [fine, real] = [exact(exprs, bound, rows), kernels(exprs, bound, rows)]
    wanted.forEach(({ data }, i) => {
      const scale = Math.max(0.1, ...data.map(Math.abs))
      assertClose(fine[i] ?? [], data, { abs: 1e-7 * scale }, `float64, ${i}`) // its hard sigmoid has 1/6 in float32
      assertClose(real[i] ?? [], data, { abs: 1e-5 * scale }, `kernels, ${i}`)
    })
  })

test.run()
