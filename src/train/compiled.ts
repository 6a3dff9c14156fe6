/** What a net is compiled to, to predict: programs that the build of the kernels makes, too, so no kernels are needed. */

import * as E from '#fp/Either.js'
import type { MachineSpec } from '../backend/spec.js'
import { type Expr, input } from '../graph/Expr.js'
import * as Program from '../graph/Program.js'
import { elaborate, type Variable } from '../nn/elaborate.js'
import type * as Net from '../nn/Net.js'
import { inputEntries } from '../nn/Node.js'
import { softmax } from '../op/composite.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { soleInput } from '../shape/inputs.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { byteSize, type TensorType, tensorType } from '../shape/TensorType.js'
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
