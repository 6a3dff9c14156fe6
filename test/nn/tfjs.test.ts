/** Activations and losses, in Keras' forms too, against TensorFlow.js: test/oracle/tfjs.json. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Expr, input } from '../../src/graph/Expr.js'
import * as act from '../../src/nn/activation.js'
import * as Loss from '../../src/nn/Loss.js'
import { mean } from '../../src/op/reduce.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { tfjs } from '../oracle/tfjs.js'
import { assertClose, expectRight } from '../support/assert.js'
import { kernels, weighted } from './support.js'

const test = suite('TensorFlow.js')

const { shape, data } = tfjs.inputs
const x = input('x', tensorType('f32', shape))
const near = (actual: ArrayLike<number> | undefined, expected: readonly number[], what: string): void =>
  assertClose(actual ?? [], expected, { abs: 2e-6 * Math.max(0.1, ...expected.map(Math.abs)) }, what)

const activations: { readonly [name: string]: (x: Expr) => Expr } = {
  elu: act.elu,
  gelu: act.gelu,
  'gelu tanh': v => act.gelu(v, 'tanh'),
  'hardSigmoid keras2': v => act.hardSigmoid(v, 'keras2'),
  'leakyRelu 0.3': v => act.leakyRelu(v, 0.3),
  logistic: act.logistic,
  mish: act.mish,
  relu: act.relu,
  relu6: act.relu6,
  selu: act.selu,
  softmax: act.softmax,
  softplus: act.softplus,
  softsign: act.softsign,
  swish: act.swish,
  tanh: act.tanh,
}
test('every activation has a meaning', () =>
  assert.equal(tfjs.activations.map(a => a.name).sort(), Object.keys(activations).sort()))

for (const { name, output, gradient } of tfjs.activations)
  test(`${name}: value and gradient`, () => {
    const y = (activations[name] ?? act.relu)(x)
    const [value, slope] = kernels([y, ...weighted(y, [x])], { x: data, weight: tfjs.weights }, 6)
    near(value, output, 'value')
    near(slope, gradient, 'gradient')
  })

const losses: { readonly [name: string]: readonly Loss.Loss<Loss.Target>[] } = {
  softmaxCrossEntropy: [Loss.softmaxCrossEntropy(), Loss.softmaxCrossEntropy({ labels: 'oneHot' })],
  'softmaxCrossEntropy smoothed': [
    Loss.softmaxCrossEntropy({ smoothing: 0.1 }),
    Loss.softmaxCrossEntropy({ smoothing: 0.1, labels: 'oneHot' }),
  ],
  sigmoidCrossEntropy: [Loss.sigmoidCrossEntropy()],
  mse: [Loss.mse()],
  mae: [Loss.mae()],
  'huber 1': [Loss.huber()],
}
test('every loss has a meaning', () => assert.equal(tfjs.losses.map(l => l.name).sort(), Object.keys(losses).sort()))

for (const { name, labels, loss: expected, gradient } of tfjs.losses)
  for (const loss of losses[name] ?? [])
    test(`${name} of ${loss.target} labels: value and gradient`, () => {
      const given = loss.target === 'class'
      const z = input('z', given ? tensorType('i32', shape.slice(0, 1)) : tensorType('f32', shape))
      const total = mean(Loss.compute(loss, x, z), [0])
      const slopes = expectRight(grad(total, [x])).gradients
      const [value, slope] = kernels([total, ...slopes], { x: data, z: given ? tfjs.classes : labels }, 6)
      near(value, [expected], 'value')
      near(slope, gradient, 'gradient')
    })

test.run()
