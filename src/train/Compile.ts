/**
 * Programs as generated modules, to look at or to build: readable AssemblyScript, and the WebAssembly made of it.
 *
 *     const program = orThrow(Compile.step(recipe))
 *     console.log(orThrow(Compile.assembly(program)))
 *     const { binary } = orThrow(await Compile.wasm(program)())
 *
 * `Trainer.compile(recipe, { engine: 'generated' })` runs such a module.
 */
import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import { type Generated, generateModule } from '../backend/generate.js'
import { type MemoryMap, mapMemory } from '../backend/layout.js'
import type { MachineSpec } from '../backend/machine.js'
import { type BuildOptions, type Built, build } from '../compiler/build.js'
import type { CompileError } from '../compiler/Compiler.js'
import type { Expr } from '../graph/Expr.js'
import { of } from '../graph/Program.js'
import type * as Net from '../nn/Net.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { type TensorType, tensorType } from '../shape/TensorType.js'
import { compile, type InferenceOptions, specOf } from './compiled.js'
import type { RecipeError } from './errors.js'
import type { Target } from './Metric.js'
import { programs } from './programs.js'
import { check, type Recipe } from './Recipe.js'

export { inBackground, inWorker } from '../compiler/threads.js'

/** What is to be compiled: programs over one state, laid out for a number of rows. */
export interface Program {
  readonly spec: MachineSpec
}

const laidOut = (spec: MachineSpec): E.Either<ShapeError, Program> =>
  Number.isSafeInteger(spec.rows) && spec.rows >= 1
    ? E.right({ spec: { ...spec, generated: true } })
    : E.left(shapeError('compile', `rows must be a whole number >= 1, but it is ${spec.rows}`))

/** The train step of a recipe, over batches of at most `rows` rows (default: the recipe's). */
export const step = <I extends Inputs, O extends Shape, K extends Target>(
  recipe: Recipe<I, O, K>,
  { rows = recipe.batch }: { readonly rows?: number } = {},
): E.Either<RecipeError | ShapeError, Program> => {
  const sound = check(recipe)
  if (E.isLeft(sound)) return sound
  const made = programs(recipe)
  if (E.isLeft(made)) return made
  const { slots, inputs, train } = made.right
  return laidOut({ rows, state: slots, inputs, programs: { train } })
}

/** The forward pass of a net, as `model.compile` with these options runs it. */
export const predict = <I extends Inputs, O extends Shape>(
  net: Net.Net<I, O>,
  options: Omit<InferenceOptions, 'threads'> = {},
): E.Either<ShapeError, Program> =>
  E.chain((made: ReturnType<typeof compile> extends E.Either<ShapeError, infer A> ? A : never) => {
    const types = new Map<string, { readonly type: TensorType }>([
      ...made.variables.map(v => [v.path, { type: tensorType('f32', v.shape) }] as const),
      ...Object.entries(made.once).map(([name, { type }]) => [name, { type }] as const),
    ])
    return E.chain(laidOut)(specOf(made, types))
  })(compile(net, false, options))

/** Expressions by name, over `rows` rows where they leave that open. */
export const exprs = (
  results: Readonly<Record<string, Expr>>,
  { rows = 1 }: { readonly rows?: number } = {},
): E.Either<ShapeError, Program> =>
  E.chain(({ nodes }: { readonly nodes: readonly { readonly expr: Expr }[] }) => {
    const state = nodes.flatMap(({ expr }) => (expr._tag === 'Param' ? [{ name: expr.name, type: expr.type }] : []))
    return laidOut({ rows, state, programs: { evaluate: { results, updates: {} } } })
  })(of(Object.values(results)))

const generated = ({ spec }: Program): E.Either<ShapeError, Generated> =>
  E.map((map: MemoryMap) => generateModule(spec, map))(mapMemory(spec))

/**
 * The program as AssemblyScript: a function for every fused region, the steps as straight code, with names from the
 * graph.
 */
export const assembly = (program: Program): E.Either<ShapeError, string> =>
  E.map((g: Generated) => g.source)(generated(program))

/** The program as WebAssembly, built by the package `assemblyscript` or found in the cache. */
export const wasm =
  (program: Program, options: BuildOptions = {}): TaskEither<ShapeError | CompileError, Built> =>
  async () => {
    const text = assembly(program)
    return E.isLeft(text) ? text : build(text.right, options)()
  }
