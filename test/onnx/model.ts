/** Reading ONNX's files: models and tensors, as the Debian package `libonnx-testdata` keeps them. */
import { readFileSync } from 'node:fs'
import { fromBinary } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Type,
  type ValueInfoProto,
} from 'onnx-buf'
import type { DType } from '../../src/shape/DType.js'

/** A tensor of the suite; its numbers are exact, unless they are integers beyond 2^53. */
export interface Tensor {
  readonly type: Type
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

export interface Operation {
  /** `Conv`, or with its domain `ai.onnx.preview.training.Adam` */
  readonly kind: string
  /** names of values; the empty name is of one left out */
  readonly takes: readonly string[]
  readonly gives: readonly string[]
  readonly attributes: ReadonlyMap<string, Attribute>
}

export type Attribute = number | string | readonly number[] | readonly string[] | Tensor

export interface Model {
  /** the version of the standard operators */
  readonly opset: number
  readonly operations: readonly Operation[]
  readonly constants: ReadonlyMap<string, Tensor>
  readonly inputs: readonly Declared[]
  readonly outputs: readonly Declared[]
}

export interface Declared {
  readonly name: string
  readonly type: Type
}

/** What stands for a type of ONNX: every integer is an i32, every float an f32; null for what gradus has not. */
export const dtypeOf = (type: Type): DType | null => {
  switch (type) {
    case Type.FLOAT:
    case Type.DOUBLE:
    case Type.FLOAT16:
    case Type.BFLOAT16:
      return 'f32'
    case Type.BOOL:
      return 'bool'
    case Type.INT8:
    case Type.INT16:
    case Type.INT32:
    case Type.INT64:
    case Type.UINT8:
    case Type.UINT16:
    case Type.UINT32:
    case Type.UINT64:
      return 'i32'
    default:
      return null
  }
}

/** A number of 16 bits, of which the exponent takes some. */
const half = (bits: number, exponentBits: number): number => {
  const mantissaBits = 15 - exponentBits
  const [e, m] = [(bits & 0x7fff) >> mantissaBits, bits & ((1 << mantissaBits) - 1)]
  const [bias, top] = [(1 << (exponentBits - 1)) - 1, (1 << exponentBits) - 1]
  const size = e === 0 ? m * 2 ** (1 - bias - mantissaBits) : (1 + m / 2 ** mantissaBits) * 2 ** (e - bias)
  const value = e < top ? size : m === 0 ? Infinity : NaN
  return bits & 0x8000 ? -value : value
}

const raw = (type: Type, bytes: Uint8Array): readonly number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const every = (width: number, f: (at: number) => number) =>
    Array.from({ length: bytes.byteLength / width }, (_, i) => f(i * width))
  switch (type) {
    case Type.FLOAT:
      return every(4, at => view.getFloat32(at, true))
    case Type.DOUBLE:
      return every(8, at => view.getFloat64(at, true))
    case Type.FLOAT16:
      return every(2, at => half(view.getUint16(at, true), 5))
    case Type.BFLOAT16:
      return every(2, at => half(view.getUint16(at, true), 8))
    case Type.INT8:
      return every(1, at => view.getInt8(at))
    case Type.BOOL:
    case Type.UINT8:
      return [...bytes]
    case Type.INT16:
      return every(2, at => view.getInt16(at, true))
    case Type.UINT16:
      return every(2, at => view.getUint16(at, true))
    case Type.INT32:
      return every(4, at => view.getInt32(at, true))
    case Type.UINT32:
      return every(4, at => view.getUint32(at, true))
    case Type.INT64:
      return every(8, at => Number(view.getBigInt64(at, true)))
    case Type.UINT64:
      return every(8, at => Number(view.getBigUint64(at, true)))
    default:
      return []
  }
}

/** Numbers that are not raw bytes stand in the field of their family; those of 16 bits as their bits. */
const typed = (t: TensorProto): readonly number[] => {
  switch (t.dataType) {
    case Type.FLOAT:
      return t.floatData
    case Type.DOUBLE:
      return t.doubleData
    case Type.INT64:
      return t.int64Data.map(Number)
    case Type.UINT32:
    case Type.UINT64:
      return t.uint64Data.map(Number)
    case Type.FLOAT16:
      return t.int32Data.map(bits => half(bits, 5))
    case Type.BFLOAT16:
      return t.int32Data.map(bits => half(bits, 8))
    default:
      return t.int32Data
  }
}

const tensorOf = (t: TensorProto, type: Type = t.dataType): Tensor => ({
  type,
  shape: t.dims.map(Number),
  values: t.rawData.length > 0 ? raw(type, t.rawData) : typed(t),
})

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** null for graphs, sequences and whatever else no operator here asks for */
const attributeOf = (a: AttributeProto): Attribute | null => {
  switch (a.type) {
    case Kind.FLOAT:
      return a.f
    case Kind.INT:
      return Number(a.i)
    case Kind.STRING:
      return text(a.s)
    case Kind.FLOATS:
      return a.floats
    case Kind.INTS:
      return a.ints.map(Number)
    case Kind.STRINGS:
      return a.strings.map(text)
    case Kind.TENSOR:
      return a.t ? tensorOf(a.t) : null
    default:
      return null
  }
}

const operationsOf = (graph: GraphProto): readonly Operation[] =>
  graph.node.map(n => ({
    kind: n.domain === '' || n.domain === 'ai.onnx' ? n.opType : `${n.domain}.${n.opType}`,
    takes: n.input,
    gives: n.output,
    attributes: new Map(
      n.attribute.flatMap(a => {
        const value = attributeOf(a)
        return value === null ? [] : [[a.name, value] as const]
      }),
    ),
  }))

const declared = ({ name, type }: ValueInfoProto): Declared => ({
  name,
  type: type?.value.case === 'tensorType' ? type.value.value.elemType : Type.UNDEFINED,
})

export const readModel = (file: string): Model => {
  const { graph, opsetImport } = fromBinary(ModelProtoSchema, readFileSync(file))
  if (!graph) throw new Error(`${file} holds no graph`)
  const constants = new Map(graph.initializer.map(t => [t.name, tensorOf(t)] as const))
  return {
    opset: Number(opsetImport.find(o => o.domain === '' || o.domain === 'ai.onnx')?.version ?? 0n),
    operations: operationsOf(graph),
    constants,
    inputs: graph.input.map(declared).filter(({ name }) => !constants.has(name)),
    outputs: graph.output.map(declared),
  }
}

/** A tensor, seen as its model declares it: the suite writes numbers of BFLOAT16 as integers of their bits. */
export const readTensor = (file: string, type: Type): Tensor => {
  const t = fromBinary(TensorProtoSchema, readFileSync(file))
  return tensorOf(t, type === Type.BFLOAT16 ? type : undefined)
}
