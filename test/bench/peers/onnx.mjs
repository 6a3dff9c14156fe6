/** onnxruntime-web: it runs models but does not train them, so only the forward pass. */
import * as ort from 'onnxruntime-web/wasm'
import { he, normals, sizes } from './data.mjs'

ort.env.wasm.numThreads = 1

/** Protocol buffers: a base-128 number, a field that is a number, a field that is bytes. */
const varint = n => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)])
const number = (field, n) => Uint8Array.from([field << 3, ...varint(n)])
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
const node = (op, inputs, output) => bytes(1, ...inputs.map(i => text(1, i)), text(2, output), text(4, op))
const value = (field, name, shape) =>
  bytes(field, text(1, name), bytes(2, bytes(1, number(1, float), bytes(2, ...shape.map(d => bytes(1, number(1, d)))))))

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
  const graph = bytes(
    7, // ModelProto.graph
    ...layers.flatMap(l => l.nodes),
    text(2, 'mlp'),
    ...layers.flatMap(l => l.weights),
    value(11, 'x', [1, sizes[0]]),
    value(12, 'y', [1, sizes.at(-1)]),
  )
  return Buffer.concat([number(1, 8), graph, bytes(8, number(2, 17))])
}

const forward = async () => {
  const session = await ort.InferenceSession.create(new Uint8Array(model()))
  const x = new ort.Tensor('float32', normals(sizes[0]), [1, sizes[0]])
  return {
    run: async times => {
      for (let i = 0; i < times; i++) await session.run({ x })
    },
  }
}

export const version = ort.env.versions.web
export const tasks = { W6: forward }
