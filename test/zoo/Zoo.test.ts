/** The nets of the zoo: published counts, types, paths, and forward passes of the small ones. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { analyze } from '../../src/nn/analyze.js'
import * as Net from '../../src/nn/Net.js'
import { standard } from '../../src/nn/standard.js'
import { sizeOf } from '../../src/shape/TensorType.js'
import * as Zoo from '../../src/zoo/Zoo.js'
import { exact, kernels, meaning, noise } from '../nn/support.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('zoo')

const counts = (net: Net.AnyNet): { readonly trainable: number; readonly all: number } => {
  const { rows } = expectRight(analyze(net))
  const count = (specs: readonly { readonly shape: readonly number[] }[]) =>
    specs.reduce((n, { shape }) => n + sizeOf(shape), 0)
  const trainable = count(rows.flatMap(r => Object.values(r.params)))
  return { trainable, all: trainable + count(rows.flatMap(r => Object.values(r.state))) }
}

const published: readonly (readonly [string, Net.AnyNet, number, number?])[] = [
  ['LeNet-5', Zoo.lenet5(), 61_706],
  ['LeNet-5, 28 x 28', Zoo.lenet5({ input: [28, 28, 1] }), 61_706],
  ['ResNet-18', Zoo.resnet18(), 11_689_512],
  ['ResNet-34', Zoo.resnet34(), 21_797_672],
  ['ResNet-50', Zoo.resnet50(), 25_557_032],
  ['MobileNet v1', Zoo.mobilenetV1(), 4_231_976, 4_253_864],
  ['MobileNet v2', Zoo.mobilenetV2(), 3_504_872, 3_538_984],
  ['Darknet-19', Zoo.darknet19(), 20_842_376],
  ['YOLOv2, VOC', Zoo.yoloV2(), 50_655_389, 50_676_061],
  ["YOLOv2, VOC, Darknet's order", Zoo.yoloV2({ reorg: 'darknet' }), 50_655_389, 50_676_061],
]

for (const [name, net, trainable, all] of published)
  test(`${name} has ${trainable} parameters`, () => {
    assert.is(counts(net).trainable, trainable)
    assert.is(
      meaning(net, 'train')
        .variables.filter(v => v.trainable)
        .reduce((n, v) => n + sizeOf(v.shape), 0),
      trainable,
    )
    if (all !== undefined) assert.is(counts(net).all, all)
  })

/** A convolution of k x k without bias, and the scale and shift of its batch normalization. */
const unit = (k: number, from: number, to: number): number => k * k * from * to + 2 * to

test('ResNets for CIFAR, by hand (He et al. 2015, section 4.2)', () => {
  for (const depth of [20, 32, 44, 56, 110] as const) {
    const n = (depth - 2) / 6
    const stages = 2 * n * unit(3, 16, 16) + (2 * n - 1) * (unit(3, 32, 32) + unit(3, 64, 64))
    const wanted = unit(3, 3, 16) + stages + unit(3, 16, 32) + unit(3, 32, 64) + 65 * 10
    assert.is(counts(Zoo.cifarResnet({ depth })).trainable, wanted, `${depth}`)
  }
  assert.is(counts(Zoo.cifarResnet()).trainable, 269_722) // the paper: 0.27 million
  assert.is(counts(Zoo.cifarResnet({ depth: 110 })).trainable, 1_727_962) // 1.7 million
})

test('VGG, by hand', () => {
  const columns = {
    11: [64, 128, 256, 256, 512, 512, 512, 512],
    13: [64, 64, 128, 128, 256, 256, 512, 512, 512, 512],
    16: [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512],
  } as const
  for (const depth of [11, 13, 16] as const) {
    const filters: readonly number[] = columns[depth]
    const wanted = filters.reduce((sum, f, i) => sum + unit(3, filters[i - 1] ?? 3, f), 513 * 10)
    assert.is(counts(Zoo.smallVgg({ depth })).trainable, wanted)
  }
  // of the widely used PyTorch form for CIFAR, 9,231,114, 9,416,010 and 14,728,266, less a bias for each filter
  assert.is(counts(Zoo.smallVgg()).trainable, 9_231_114 - 2752)
  assert.is(counts(Zoo.smallVgg({ depth: 13 })).trainable, 9_416_010 - 2944)
  assert.is(counts(Zoo.smallVgg({ depth: 16 })).trainable, 14_728_266 - 4224)
})

test('the types say the shapes of the values', () => {
  const classes: readonly [1000] = Zoo.resnet18().shape
  const few: Net.Net<readonly [64, 64, 1], readonly [7]> = Zoo.mobilenetV2({ input: [64, 64, 1], classes: 7 })
  const voc: readonly [13, 13, 125] = Zoo.yoloV2().shape
  const coco: readonly [19, 13, 425] = Zoo.yoloV2({ input: [608, 416, 3], classes: 80 }).shape
  const one: readonly [2, 2, 18] = Zoo.yoloV2({ input: [64, 64, 3], classes: 4, anchors: 2 }).shape
  assert.equal([classes, few.shape, voc, coco, one], [[1000], [7], [13, 13, 125], [19, 13, 425], [2, 2, 18]])
})

test('paths are readable, and the definitions survive JSON', () => {
  const paths = (net: Net.AnyNet) => expectRight(analyze(net)).rows.map(r => r.path)
  assert.ok(paths(Zoo.resnet18()).includes('stage2/block1/shortcut/conv2d1'))
  assert.ok(paths(Zoo.mobilenetV2()).includes('stage2-block1/depthwise/batchNorm1'))
  assert.ok(paths(Zoo.yoloV2()).includes('passthrough/conv2d1'))
  for (const net of [Zoo.cifarResnet(), Zoo.mobilenetV1(), Zoo.yoloV2({ reorg: 'darknet' })])
    assert.ok(Net.equals(expectRight(Net.codec(standard).decode(JSON.parse(JSON.stringify(Net.toJSON(net))))), net))
})

test('images that do not fit are refused with a reason', () => {
  const { path, message } = expectLeft(Net.check(Zoo.yoloV2({ input: [304 + 16, 400 + 8, 3] })))
  assert.match(`${path} ${message}`, /blocks of 2 x 2 do not tile the image \[20, 25, 64\]/)
  assert.match(expectLeft(Net.check(Zoo.lenet5({ input: [4, 40, 1], classes: 0 }))).message, /classifier|whole number/)
})

const small: readonly (readonly [string, Net.AnyNet])[] = [
  ['LeNet-5', Zoo.lenet5({ input: [28, 28, 1] })],
  ['ResNet-20', Zoo.cifarResnet()],
  ['MobileNet v2, narrow', Zoo.mobilenetV2({ input: [32, 32, 3], classes: 5, width: 0.25 })],
]

for (const [name, net] of small)
  test(`${name}: a forward pass by the kernels is the reference's in float64`, () => {
    const whole = meaning(net, 'infer')
    const rows = 2
    const bindings: Record<string, ArrayLike<number>> = {
      input: noise(rows * sizeOf(net.inputs as readonly number[])),
    }
    whole.variables.forEach(({ path, shape }, i) => {
      const fan = Math.max(1, sizeOf(shape.slice(0, -1)))
      bindings[path] = noise(sizeOf(shape), i + 2).map(x =>
        shape.length > 1 ? x / Math.sqrt(fan) : path.endsWith('variance') ? 1 + x * x : 1 + 0.1 * x,
      )
    })
    const [wanted = []] = exact([whole.output], bindings, rows)
    const [got = []] = kernels([whole.output], bindings, rows)
    assert.is(got.length, rows * sizeOf(net.shape))
    const scale = Math.max(...wanted.map(Math.abs))
    assert.ok(scale > 0)
    assert.is(new Set(wanted).size, wanted.length)
    const error = Math.max(...wanted.map((y, i) => Math.abs(y - (got[i] as number))))
    assert.ok(error < 1e-5 * scale, `${error} of ${scale}`)
  })

test.run()
