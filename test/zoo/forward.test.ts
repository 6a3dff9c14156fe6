/** Forward passes of the large nets, on small images, in every way to compile them; and the memory of the largest. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mapMemory } from '../../src/backend/layout.js'
import * as Program from '../../src/graph/Program.js'
import type * as Net from '../../src/nn/Net.js'
import { byteSize, resolveShape, sizeOf, type TensorType, tensorType } from '../../src/shape/TensorType.js'
import { compile, type InferenceOptions, specOf } from '../../src/train/compiled.js'
import * as Zoo from '../../src/zoo/Zoo.js'
import { exact, meaning, noise } from '../nn/support.js'
import { assertBits, expectRight } from '../support/assert.js'
import { modelOf, tensorsOf } from '../train/inference.support.js'

const test = suite('forward')

const nets: readonly (readonly [string, Net.AnyNet])[] = [
  ['ResNet-18', Zoo.resnet18({ input: [32, 32, 3], classes: 10 })],
  ['MobileNet v2', Zoo.mobilenetV2({ input: [32, 32, 3], classes: 10 })],
  ['Darknet-19', Zoo.darknet19({ input: [32, 32, 3], classes: 10 })],
]

/** The maximum error over the root of the mean square. */
const error = (actual: ArrayLike<number>, wanted: readonly number[]): number => {
  const rms = Math.sqrt(wanted.reduce((s, v) => s + v * v, 0) / wanted.length)
  return wanted.reduce((m, v, i) => Math.max(m, Math.abs(v - (actual[i] as number))), 0) / rms
}

for (const [name, net] of nets)
  test(`${name}: as it is and folded, the float64 reference's values; kept filters, the same bits`, () => {
    const x = noise(sizeOf(net.inputs as readonly number[]))
    const tensors = tensorsOf(net)
    const bindings = Object.fromEntries(tensors.map(t => [t.name, new Float32Array(t.bytes.buffer)]))
    const [wanted = []] = exact([meaning(net, 'infer').output], { ...bindings, input: x }, 1)
    assert.is(new Set(wanted).size, 10)
    const run = (options: InferenceOptions) => expectRight(modelOf(net, { rows: 1, ...options }, tensors).predict(x))
    for (const fold of [false, true]) {
      const kept = run({ fold })
      assert.ok(error(kept, wanted) < 1e-4, `fold: ${fold}: ${error(kept, wanted)}`)
      assertBits(run({ fold, keep: false }), kept)
    }
  })

test('YOLOv2: folded and kept, the values of the plain net', async () => {
  const net = Zoo.yoloV2({ input: [32, 32, 3] })
  const x = noise(sizeOf(net.inputs))
  const plain = modelOf(net, { rows: 1, keep: false })
  const wanted = expectRight(plain.predict(x))
  assert.is(wanted.length, 125)
  const fast = expectRight(await plain.compile({ rows: 1, fold: true })())
  assert.ok(error(expectRight(fast.predict(x)), [...wanted]) < 1e-4)
})

/** The largest of what a kernel reads and writes of activations together, in one row. */
const neighbors = (program: Program.Program): number => {
  const bytes = (type: TensorType): number => (type.shape.some(d => d < 0) ? byteSize(type, 1) : 0)
  return program.nodes.reduce((most, { expr }) => {
    if (expr._tag !== 'Apply' || expr.op.lower._tag !== 'Kernel') return most
    return Math.max(most, bytes(expr.type) + expr.args.reduce((sum, a) => sum + bytes(a.type), 0))
  }, 0)
}

test('YOLOv2 takes at most 1.3 times its weights and the two largest neighboring activations, 2 times with kept filters', () => {
  const net = Zoo.yoloV2()
  const plain = expectRight(Program.of([meaning(net, 'infer').output]))
  const activations = neighbors(plain)
  assert.is(activations, 4 * (416 * 416 * 32 + 208 * 208 * 32))
  const taken = (options: InferenceOptions): number => {
    const compiled = expectRight(compile(net, false, { rows: 1, ...options }))
    const values = new Map(compiled.variables.map(v => [v.path, { type: tensorType('f32', v.shape) }] as const))
    for (const [name, e] of Object.entries(compiled.once))
      values.set(name, { type: tensorType('f32', resolveShape(e.type.shape, 1)) })
    return expectRight(mapMemory(expectRight(specOf(compiled, values)))).bytes
  }
  const weights = 4 * 50_676_061
  assert.ok(taken({ fold: true, keep: false }) <= 1.3 * (weights + activations))
  assert.ok(taken({ keep: false }) <= 1.3 * (weights + activations))
  assert.ok(taken({ fold: true }) <= 2 * (weights + activations))
  assert.ok(taken({}) <= 2 * (weights + activations))
})

test.run()
