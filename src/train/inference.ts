/** A net compiled to predict: its weights are known and stay, so what depends on them alone is computed once. */

import * as E from '#fp/Either.js'
import { type Machine, type MachineSpec, machine } from '../backend/machine.js'
import type { Bits } from '../backend/numbers.js'
import { type Expr, input } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import type { StoredTensor } from '../io/safetensors.js'
import { elaborate, type Variable } from '../nn/elaborate.js'
import type * as Net from '../nn/Net.js'
import { inputEntries } from '../nn/Node.js'
import { softmax } from '../op/composite.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { soleInput } from '../shape/inputs.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { byteSize, sameShape, showShape, type TensorType, tensorType } from '../shape/TensorType.js'
import { fold } from '../transform/Fold.js'
import { type Hoisted, hoist } from '../transform/Hoist.js'
import { keep } from '../transform/Keep.js'
import { simplify } from '../transform/Simplify.js'
import { checkWinograd, type Winograd } from '../transform/Winograd.js'

export interface InferenceOptions {
  /** rows computed at a time: by default at most 256, and so many that the largest activation takes 64 MiB at most */
  readonly rows?: number
  /**
   * whether batch normalization, and what else multiplies and adds by channel, is folded into the weights of the
   * convolution or dense layer before it: faster, and equal to within rounding. Default false
   */
  readonly fold?: boolean
  /**
   * whether the filters of convolutions, and the weights of dense layers where that gains, are kept as the kernels want
   * them: faster, with the same bits, but filters of 3 x 3 may take 16/9 times the memory. Default true
   */
  readonly keep?: boolean
  /**
   * how many threads share the work, the caller's among them: the bits are the same. Default: the host's cores, at most
   * 4, where the prediction of one row has work enough to share
   */
  readonly threads?: number
  /**
   * whether products and convolutions use relaxed SIMD, as in `Trainer.compile`: predictions then differ from host to
   * host in their last bits. Default false
   */
  readonly relaxed?: boolean
  /**
   * the algorithm of 3 x 3 convolutions of stride 1 whose filters are kept (Lavin & Gray 2016): 'F(2x2)', the default,
   * with at most 4 times the error of the direct sum, or 'F(4x4)', faster, with at most 20 times its error (measured: 4
   * to 12) and filters of 4 times their memory
   */
  readonly winograd?: Winograd
}

export interface Inference {
  readonly machine: Machine
  readonly rows: number
  /** the variables' values, in the order of the net */
  readonly variables: readonly StoredTensor[]
}

const mostRows = 256
const mostBytes = 1 << 26

/** So many rows that the largest activation stays small. */
const rowsFor = ({ nodes }: Program.Program): number => {
  const widest = nodes.reduce((n, { expr: { type } }) => {
    const perRow = type.shape.some(d => d < 0)
    return perRow ? Math.max(n, byteSize(type, 1)) : n
  }, 1)
  return Math.max(1, Math.min(mostRows, Math.floor(mostBytes / widest)))
}

/** The values of the variables, or what is missing or has another shape. */
const valuesOf = (
  variables: readonly Variable[],
  tensors: readonly StoredTensor[],
): E.Either<ShapeError, readonly StoredTensor[]> => {
  const byName = new Map(tensors.map(x => [x.name, x]))
  const found: StoredTensor[] = []
  for (const { path, shape } of variables) {
    const tensor = byName.get(path)
    if (!tensor) return E.left(shapeError(path, `the variable ${path} ${showShape(shape)} is missing`))
    if (tensor.dtype !== 'F32' || !sameShape(tensor.shape, shape))
      return E.left(
        shapeError(
          path,
          `${path} is ${showShape(shape)} in the net, but ${tensor.dtype}${showShape(tensor.shape)} here`,
        ),
      )
    found.push(tensor)
  }
  return E.right(found)
}

/** What a program may read: a type and its bytes, by name. */
type Values = ReadonlyMap<string, { readonly type: TensorType; readonly bytes: Uint8Array }>

/** The machine's specification: programs whose state is what they read of the values. */
export const specOf = (
  { programs, inputs, rows }: Pick<Compiled, 'programs' | 'inputs' | 'rows'>,
  values: ReadonlyMap<string, { readonly type: TensorType }>,
): E.Either<ShapeError, MachineSpec> =>
  E.map(({ nodes }: Program.Program) => {
    const read = nodes.flatMap(({ expr }) => (expr._tag === 'Param' ? [expr.name] : []))
    const state = read.flatMap(name => {
      const value = values.get(name)
      return value ? [{ name, type: value.type }] : []
    })
    const wanted = Object.entries(programs).map(([name, results]) => [name, { results, updates: {} }] as const)
    return { rows, state, inputs, programs: Object.fromEntries(wanted) }
  })(Program.of(Object.values(programs).flatMap(results => Object.values(results))))

const filled = (
  wanted: Pick<Compiled, 'programs' | 'inputs' | 'rows'>,
  values: Values,
  options: Pick<MachineSpec, 'threads' | 'relaxed' | 'generated'> = { threads: 1 },
): E.Either<ShapeError, Machine> =>
  E.chain((spec: MachineSpec) =>
    E.map((m: Machine) => {
      const block = new Uint8Array(m.stateBytes)
      for (const { name } of spec.state) block.set(values.get(name)?.bytes ?? [], m.slots.get(name)?.offset ?? 0)
      m.writeState(block)
      return m
    })(machine({ ...spec, ...options })),
  )(specOf(wanted, values))

/** The values of what is computed once, one after the other: so little memory is needed beside the predicting machine. */
const computeOnce = (once: Hoisted['once'], values: Values): E.Either<ShapeError, Values> => {
  const all = new Map(values)
  for (const [name, e] of Object.entries(once)) {
    const made = filled({ programs: { once: { [name]: e } }, inputs: [], rows: 1 }, values)
    if (E.isLeft(made)) return made
    const { buffer, byteOffset, byteLength } = made.right.run('once', 1, {})[name] as Bits
    all.set(name, { type: e.type, bytes: new Uint8Array(buffer, byteOffset, byteLength) })
  }
  return E.right(all)
}

/** What a net is compiled to, its weights not yet known. */
export interface Compiled {
  /** `predict`, and `classify` for the logits of classes */
  readonly programs: Readonly<Record<string, Readonly<Record<string, Expr>>>>
  readonly inputs: readonly string[]
  readonly rows: number
  readonly variables: readonly Variable[]
  /** what is computed once from the variables, by the name under which the programs read it */
  readonly once: Hoisted['once']
}

export const compile = (
  net: Net.Net<Inputs, Shape>,
  classes: boolean,
  options: InferenceOptions,
): E.Either<ShapeError, Compiled> => {
  const winograd = checkWinograd(options.winograd ?? 'F(2x2)')
  if (E.isLeft(winograd)) return winograd
  const inputs = Object.fromEntries(
    inputEntries(net.inputs).map(([name, shape]) => {
      const key = name ?? soleInput
      return [key, input(key, tensorType('f32', [-1, ...shape]))] as const
    }),
  )
  const elaborated = elaborate(net, 'infer', { inputs, key: () => input('key', tensorType('i32', [4])) })
  if (E.isLeft(elaborated)) return elaborated
  const { output, variables } = elaborated.right
  const results = classes ? [output, softmax(output)] : [output]
  const simple = E.chain(simplify)(Program.of(results))
  const folded = options.fold ? E.chain(fold)(simple) : simple
  if (E.isLeft(folded)) return folded
  const rows = options.rows ?? rowsFor(folded.right)
  if (!Number.isSafeInteger(rows) || rows < 1)
    return E.left(shapeError('compile', `rows must be a whole number >= 1, but it is ${rows}`))
  const tile = winograd.right === 'F(4x4)' ? 4 : 2
  const program = options.keep === false ? folded : keep(folded.right, { rows, tile })
  if (E.isLeft(program)) return program
  const { outputs, once } = hoist(program.right)
  const [predict, classify] = outputs as [Expr, Expr | undefined]
  const programs = { predict: { output: predict }, ...(classify && { classify: { output: classify } }) }
  return E.right({ programs, inputs: Object.keys(inputs), rows, variables, once })
}

/** The compiled net with the values of its variables; `generated`: for a module that may take over. */
export const inference = (
  net: Net.Net<Inputs, Shape>,
  classes: boolean,
  tensors: readonly StoredTensor[],
  options: InferenceOptions,
  generated = false,
): E.Either<ShapeError, Inference> => {
  const compiled = compile(net, classes, options)
  if (E.isLeft(compiled)) return compiled
  const { rows, once } = compiled.right
  const variables = valuesOf(compiled.right.variables, tensors)
  if (E.isLeft(variables)) return variables
  const values = new Map(
    variables.right.map(({ name, shape, bytes }) => [name, { type: tensorType('f32', shape), bytes }] as const),
  )
  return E.chain((all: Values) =>
    E.map((m: Machine) => ({ machine: m, rows, variables: variables.right }))(
      filled(compiled.right, all, {
        threads: options.threads ?? { worthFor: 1 },
        relaxed: options.relaxed ?? false,
        generated,
      }),
    ),
  )(computeOnce(once, values))
}
