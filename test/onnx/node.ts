/** What the builders of operators are given, and how a model becomes expressions. */
import { evaluateAll } from '../../src/backend/evaluate.js'
import { type Expr, input, tensor } from '../../src/graph/Expr.js'
import { cast } from '../../src/op/select.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { expectRight } from '../support/assert.js'
import { type Attribute, dtypeOf, type Model, type Operation, type Tensor } from './model.js'

/** The numbers of a model's inputs, by name. */
export type Given = Readonly<Record<string, ArrayLike<number>>>

/** One operation, with its arguments as expressions. */
export interface Node {
  readonly opset: number
  /** how many results are asked for */
  readonly gives: number
  /** null for one left out */
  readonly args: readonly (Expr | null)[]
  /** the argument at a position, which must be there */
  readonly arg: (i: number) => Expr
  /** an argument's numbers, of those that ONNX gives as tensors and gradus as plain data: axes, shapes, pads */
  readonly numbers: (i: number) => readonly number[] | null
  /** an attribute, or what stands for one left out */
  readonly int: (name: string, otherwise?: number) => number
  readonly float: (name: string, otherwise: number) => number
  readonly ints: (name: string) => readonly number[] | null
  readonly text: (name: string, otherwise: string) => string
  readonly texts: (name: string) => readonly string[]
  readonly tensor: (name: string) => Tensor | null
  /** a value of the model by its name */
  readonly value: (name: string) => Expr
}

export type Build = (n: Node) => readonly Expr[]
export type Builders = Readonly<Record<string, Build>>

const fail = (message: string): never => {
  throw new Error(message)
}

/** A constant tensor. */
export const constantOf = ({ type, shape, values }: Tensor): Expr => {
  const dtype = dtypeOf(type) ?? fail(`tensors of type ${type} are not there`)
  return dtype === 'bool' ? cast(tensor(values, shape, 'i32'), 'bool') : tensor(values, shape, dtype as 'f32' | 'i32')
}

/** The input of a program for a tensor. */
export const inputOf = (name: string, { type, shape, values }: Tensor): Expr => {
  const dtype = dtypeOf(type) ?? fail(`inputs of type ${type} are not there`)
  if (dtype === 'i32' && values.some(v => v !== (v | 0))) fail(`"${name}" holds integers of more than 32 bits`)
  return input(name, tensorType(dtype, shape))
}

const numbersOf = (e: Expr, given: Given): readonly number[] => {
  if (e._tag === 'Const') return e.values
  if (e._tag === 'Input') return Array.from(given[e.name] ?? [])
  return Array.from(expectRight(evaluateAll([e], given))[0]?.values ?? [])
}

const node = (op: Operation, opset: number, values: ReadonlyMap<string, Expr>, given: Given): Node => {
  const value = (name: string): Expr => values.get(name) ?? fail(`there is no value "${name}"`)
  const args = op.takes.map(name => (name === '' ? null : value(name)))
  const typed = <A extends Attribute>(name: string, is: (a: Attribute) => a is A): A | null => {
    const a = op.attributes.get(name)
    if (a === undefined) return null
    return is(a) ? a : fail(`the attribute ${name} of ${op.kind} is of another type`)
  }
  const isNumber = (a: Attribute): a is number => typeof a === 'number'
  const isText = (a: Attribute): a is string => typeof a === 'string'
  const isNumbers = (a: Attribute): a is readonly number[] => Array.isArray(a) && a.every(v => typeof v === 'number')
  const isTexts = (a: Attribute): a is readonly string[] => Array.isArray(a) && a.every(v => typeof v === 'string')
  const isTensor = (a: Attribute): a is Tensor => typeof a === 'object' && 'values' in a && 'shape' in a
  return {
    opset,
    gives: op.gives.length,
    args,
    arg: i => args[i] ?? fail(`${op.kind} needs an argument ${i}`),
    numbers: i => {
      const e = args[i]
      return e ? numbersOf(e, given) : null
    },
    int: (name, otherwise) => typed(name, isNumber) ?? otherwise ?? fail(`${op.kind} needs the attribute ${name}`),
    float: (name, otherwise) => typed(name, isNumber) ?? otherwise,
    ints: name => typed(name, isNumbers),
    text: (name, otherwise) => typed(name, isText) ?? otherwise,
    texts: name => typed(name, isTexts) ?? [],
    tensor: name => typed(name, isTensor),
    value,
  }
}

/** The expressions of a model's outputs, over inputs of these shapes. */
export const meaningOf = (model: Model, builders: Builders, inputs: ReadonlyMap<string, Tensor>): readonly Expr[] => {
  const given = Object.fromEntries([...inputs].map(([name, t]) => [name, t.values]))
  const values = new Map<string, Expr>([
    ...[...model.constants].map(([name, t]) => [name, constantOf(t)] as const),
    ...[...inputs].map(([name, t]) => [name, inputOf(name, t)] as const),
  ])
  for (const op of model.operations) {
    const build = builders[op.kind] ?? fail(`there is no operator ${op.kind}`)
    const made = build(node(op, model.opset, values, given))
    op.gives.forEach((name, i) => {
      const e = made[i]
      if (name !== '') values.set(name, e ?? fail(`${op.kind} gives no result ${i}`))
    })
  }
  return model.outputs.map(({ name }) => values.get(name) ?? fail(`nothing gives "${name}"`))
}
