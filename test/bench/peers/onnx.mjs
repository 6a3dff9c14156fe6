/** onnxruntime-web: it runs models but does not train them, so only the forward pass. */
import * as ort from 'onnxruntime-web/wasm'
import { filters, he, normals, sizes, yolo, yoloImage } from './data.mjs'

ort.env.wasm.numThreads = 1

/** Protocol buffers: a base-128 number, a field that is a number, a field that is bytes. */
const varint = n => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)])
const number = (field, n) => Uint8Array.from([...varint(field << 3), ...varint(n)])
const bytes = (field, ...parts) => {
  const length = parts.reduce((sum, p) => sum + p.length, 0)
  return Buffer.concat([Uint8Array.from([(field << 3) | 2, ...varint(length)]), ...parts])
}
const text = (field, s) => bytes(field, Buffer.from(s))

const float = 1 // TensorProto.DataType
const weight = (name, shape, values) =>
  bytes(
    5, // GraphProto.initializer
    ...shape.map(d => number(1, d)),
    number(2, float),
    text(8, name),
    bytes(9, new Uint8Array(values.buffer)),
  )
const ints = (name, values) => bytes(5, text(1, name), ...values.map(v => number(8, v)), number(20, 7))
const float32 = (name, value) =>
  bytes(
    5,
    text(1, name),
    Uint8Array.from([(2 << 3) | 5, ...new Uint8Array(Float32Array.of(value).buffer)]),
    number(20, 1),
  )
const int = (name, value) => bytes(5, text(1, name), number(3, value), number(20, 2))
const node = (op, inputs, output, ...attributes) =>
  bytes(1, ...inputs.map(i => text(1, i)), text(2, output), text(4, op), ...attributes)
const value = (field, name, shape) =>
  bytes(field, text(1, name), bytes(2, bytes(1, number(1, float), bytes(2, ...shape.map(d => bytes(1, number(1, d)))))))

const whole = (nodes, weights, input, output) =>
  Buffer.concat([
    number(1, 8),
    bytes(7, ...nodes, text(2, 'net'), ...weights, value(11, 'x', input), value(12, 'y', output)),
    bytes(8, number(2, 17)),
  ])

/** The net as an ONNX model: Gemm and Elu in turn. */
const model = () => {
  const layers = sizes.slice(1).map((to, k) => {
    const last = k === sizes.length - 2
    const [from, input, product] = [sizes[k], k === 0 ? 'x' : `h${k}`, last ? 'y' : `z${k}`]
    return {
      weights: [weight(`w${k}`, [from, to], he(from, to)), weight(`b${k}`, [to], new Float32Array(to))],
      nodes: [node('Gemm', [input, `w${k}`, `b${k}`], product), ...(last ? [] : [node('Elu', [product], `h${k + 1}`)])],
    }
  })
  return whole(
    layers.flatMap(l => l.nodes),
    layers.flatMap(l => l.weights),
    [1, sizes[0]],
    [1, sizes.at(-1)],
  )
}

/** YOLOv2 with images as ONNX has them, [rows, channels, height, width]. */
const detectorModel = () => {
  const nodes = []
  const weights = []
  const name = () => `t${nodes.length}`
  const add = (op, inputs, ...attributes) => {
    const output = name()
    nodes.push(node(op, inputs, output, ...attributes))
    return output
  }
  const last = yolo(
    {
      conv: (x, k, from, to, leaky) => {
        const [w, b] = [`w${weights.length}`, `b${weights.length}`]
        weights.push(weight(w, [to, from, k, k], filters(k, from, to)), weight(b, [to], new Float32Array(to)))
        const edge = (k - 1) / 2
        const y = add('Conv', [x, w, b], ints('kernel_shape', [k, k]), ints('pads', [edge, edge, edge, edge]))
        return leaky ? add('LeakyRelu', [y], float32('alpha', 0.1)) : y
      },
      pool: x => add('MaxPool', [x], ints('kernel_shape', [2, 2]), ints('strides', [2, 2])),
      reorg: x => add('SpaceToDepth', [x], int('blocksize', 2)),
      concat: (a, b) => add('Concat', [a, b], int('axis', 1)),
    },
    'x',
  )
  nodes.push(node('Identity', [last], 'y'))
  const [height, width, channels] = yoloImage
  return whole(nodes, weights, [1, channels, height, width], [1, 125, height / 32, width / 32])
}

const running = async (bytes, shape) => {
  const session = await ort.InferenceSession.create(new Uint8Array(bytes))
  const x = new ort.Tensor('float32', normals(shape.reduce((n, d) => n * d)), shape)
  return {
    run: async times => {
      for (let i = 0; i < times; i++) await session.run({ x })
    },
  }
}

const forward = () => running(model(), [1, sizes[0]])

const detector = () => {
  const [height, width, channels] = yoloImage
  return running(detectorModel(), [1, channels, height, width])
}

export const version = ort.env.versions.web
export const tasks = { W5: detector, W6: forward }
