/**
 * A step in its phases, each by itself, over tensors on the host:
 *
 *     gradients    of the loss of a batch, with the batch's metrics and the next moving statistics
 *     transform    what the recipe's stages make of gradients: p' = p - update
 *     apply        the state after the step
 *
 * Law: apply(gradients(batch)) = step(batch), bit for bit; between the two the gradients may be edited, as in
 * TensorFlow 1's `compute_gradients`, `clip_by_value`, `apply_gradients`. The programs are compiled when they are first
 * asked for, and run in a memory of their own.
 */
import * as E from '#fp/Either.js'
import { type Machine, machine, type Wanted } from '../backend/machine.js'
import type { Bits } from '../backend/numbers.js'
import { type DataError, refuse } from '../data/DataError.js'
import { type Expr, input } from '../graph/Expr.js'
import { isRecord } from '../graph/settings.js'
import type { Variable } from '../nn/elaborate.js'
import * as Stage from '../optim/Stage.js'
import type { Shape } from '../shape/Dims.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { showShape, sizeOf, tensorType } from '../shape/TensorType.js'
import { grad } from '../transform/Grad.js'
import { nonFinite, type StepError } from './errors.js'
import { type AnyData, batchOf, inputsOf } from './feed.js'
import { elaborated, gateName, gateOf, reports, stageInput, trainedOf, updatesOf, variableParam } from './programs.js'
import { isShown, type Metrics, metricsOf, type Stepped } from './reported.js'
import type { Session } from './Session.js'
import * as State from './State.js'
import { values } from './values.js'

/** Numbers of a shape, row-major. */
export interface Floats {
  readonly shape: Shape
  readonly values: Float32Array
}

/** What the first phase gives. */
export interface Gradients {
  /** of the batch, before the update */
  readonly metrics: Metrics
  /** d loss / d p by the path of the parameter p, of all that are trained */
  readonly gradients: Readonly<Record<string, Floats>>
  /** the next moving statistics of the layers, by path */
  readonly moving: Readonly<Record<string, Floats>>
}

/** What the second and third phase take: gradients of all trained parameters, as they were given or edited. */
export interface Given {
  /** those of the batch; stages may look at the loss */
  readonly metrics: Metrics
  readonly gradients: Readonly<Record<string, { readonly values: ArrayLike<number> }>>
  /** what is left out stays as it is */
  readonly moving?: Readonly<Record<string, { readonly values: ArrayLike<number> }>>
}

/** What the second phase gives. */
export interface Updates {
  /** by path; what is subtracted from the parameter, before constraints and averages have their say */
  readonly updates: Readonly<Record<string, Floats>>
  readonly rate: number | null
  /** whether a stage skips this step; then the updates are 0 */
  readonly skipped: boolean
}

export interface Phases {
  readonly gradients: (state: State.State, batch: AnyData) => E.Either<StepError, Gradients>
  readonly transform: (state: State.State, given: Given) => E.Either<StepError, Updates>
  readonly apply: (state: State.State, given: Given) => E.Either<StepError, Stepped>
}

/** No input of a net, no metric and no rate has these names. */
const lossName = '/loss'
const metricName = (name: string): string => `/metric/${name}`
const gradientName = (path: string): string => `/gradient/${path}`
const updateName = (path: string): string => `/update/${path}`
const movingName = (path: string): string => `/moving/${path}`

/** A program that runs alone on a memory that holds a copy of a state's block. */
interface Compiled {
  readonly machine: Machine
  readonly trained: readonly Variable[]
  /** paths and sizes of the moving statistics */
  readonly moving: ReadonlyMap<string, Shape>
  readonly reported: readonly string[]
}

const byPath = <A>(name: (path: string) => string, entries: Iterable<readonly [string, A]>) =>
  Object.fromEntries([...entries].map(([path, a]) => [name(path), a] as const))

interface Ran {
  readonly c: Compiled
  readonly results: Readonly<Record<string, Bits>>
}

/** The machine of the three phases. */
const compile = ({
  recipe,
  programs: { slots },
  rows,
  weighted,
  relaxed,
  winograd,
}: Session): E.Either<ShapeError, Compiled> => {
  const net = elaborated(recipe, 'train')
  if (E.isLeft(net)) return net
  const trained = trainedOf(net.right)
  const seen = reports(recipe, net.right, weighted, 'train')
  const computed = grad(seen.loss, trained.map(variableParam))
  if (E.isLeft(computed)) return computed
  const { value, gradients } = computed.right
  const paths = trained.map(v => v.path)
  const zip = (exprs: readonly Expr[]) => exprs.map((e, i) => [paths[i] as string, e] as const)
  const given = trained.map(v => input(gradientName(v.path), tensorType('f32', v.shape)))
  const moved = Object.entries(net.right.state)
  const stages = stageInput(recipe, trained, given, input(lossName, tensorType('f32')))
  const transformed = Stage.transform(recipe.optimizer, stages)
  const { updates, rate, skip, discard } = transformed
  const moving = Object.fromEntries(moved.map(([path, e]) => [path, input(movingName(path), e.type)]))
  const programs = {
    gradients: {
      results: {
        ...byPath(metricName, Object.entries({ ...seen, loss: value })),
        ...byPath(gradientName, zip(gradients)),
        ...byPath(movingName, moved),
      },
      updates: {},
    },
    transform: {
      results: { ...byPath(updateName, zip(updates)), ...(rate && { rate }), ...(skip && { skip }) },
      updates: {},
    },
    apply: {
      results: { ...(rate && { rate }), ...gateOf(discard) },
      updates: updatesOf(trained, Stage.apply(recipe.optimizer, stages, transformed), moving),
    },
  } satisfies Readonly<Record<string, Wanted>>
  return E.map(
    (m: Machine): Compiled => ({
      machine: m,
      trained,
      moving: new Map(moved.map(([path, e]) => [path, e.type.shape])),
      reported: Object.keys(seen).filter(isShown),
    }),
  )(machine({ rows, state: slots, programs, relaxed, winograd }))
}

/** Numbers by the names of inputs: one tensor for every path that is wanted, or what is wrong. */
const inputsFrom = (
  what: string,
  name: (path: string) => string,
  wanted: Iterable<readonly [string, Shape]>,
  given: Given['gradients'],
): E.Either<DataError, Readonly<Record<string, ArrayLike<number>>>> => {
  const shapes = new Map(wanted)
  const foreign = Object.keys(given).find(path => !shapes.has(path))
  if (foreign !== undefined)
    return refuse(`there is no ${what} "${foreign}"; there are ${[...shapes.keys()].join(', ')}`)
  const found: Record<string, ArrayLike<number>> = {}
  for (const [path, shape] of shapes) {
    const values = Object.hasOwn(given, path) ? given[path]?.values : undefined
    if (!values) return refuse(`the ${what} "${path}" ${showShape(shape)} is missing`)
    if (values.length !== sizeOf(shape))
      return refuse(`the ${what} "${path}" is ${showShape(shape)}, but ${values.length} values are given`)
    found[name(path)] = values
  }
  return E.right(found)
}

/** Of tensors by path those that are in `wanted`. */
const pick = <A>(all: Readonly<Record<string, A>>, wanted: ReadonlyMap<string, unknown>) =>
  Object.fromEntries(Object.entries(all).filter(([path]) => wanted.has(path)))

const floats = (shape: Shape, values: Bits | undefined): Floats => ({ shape, values: values as Float32Array })

/** The phases of a session's recipe, compiled once, when they are first asked for. */
export const phases = (s: Session): Phases => {
  let compiled: E.Either<ShapeError, Compiled> | null = null // local mutation: kept from the first call on
  const over = (state: State.State): E.Either<StepError, Compiled> => {
    const block = s.blockOf(state)
    if (E.isLeft(block)) return block
    compiled ??= compile(s)
    if (E.isRight(compiled)) compiled.right.machine.writeState(block.right)
    return compiled
  }
  /** Runs a program of the later phases on what was given. */
  const run = (program: 'transform' | 'apply', state: State.State, given: Given): E.Either<StepError, Ran> =>
    E.chain((c: Compiled): E.Either<StepError, Ran> => {
      if (!isRecord(given) || !isRecord(given.metrics) || !isRecord(given.gradients))
        return refuse(`${program}: expects { metrics, gradients }, as trainer.gradients gives them`)
      const { metrics, gradients, moving = {} } = given
      const wanted = c.trained.map(v => [v.path, v.shape] as const)
      const inputs = inputsFrom('gradient', gradientName, wanted, gradients)
      if (E.isLeft(inputs)) return inputs
      const kept = values(state)
      if (E.isLeft(kept)) return kept
      const moved = inputsFrom('moving statistic', movingName, c.moving, { ...pick(kept.right, c.moving), ...moving })
      if (E.isLeft(moved)) return moved
      const results = c.machine.run(program, 1, { ...inputs.right, ...moved.right, [lossName]: [metrics.loss] })
      return E.right({ c, results })
    })(over(state))
  return {
    gradients: (state, batch) => {
      const fitting = batchOf(s, batch)
      if (E.isLeft(fitting)) return fitting
      return E.chain(({ machine: m, trained, moving, reported }: Compiled): E.Either<StepError, Gradients> => {
        const results = m.run('gradients', batch.size, inputsOf(s, 'train', batch))
        return E.right({
          metrics: metricsOf(reported.map(name => [name, results[metricName(name)]?.[0] as number])),
          gradients: Object.fromEntries(
            trained.map(({ path, shape }) => [path, floats(shape, results[gradientName(path)])]),
          ),
          moving: Object.fromEntries(
            [...moving].map(([path, shape]) => [path, floats(shape, results[movingName(path)])]),
          ),
        })
      })(over(state))
    },
    transform: (state, given) =>
      E.map(
        ({ c, results }: Ran): Updates => ({
          updates: Object.fromEntries(
            c.trained.map(({ path, shape }) => [path, floats(shape, results[updateName(path)])]),
          ),
          rate: results['rate']?.[0] ?? null,
          skipped: (results['skip']?.[0] ?? 0) !== 0,
        }),
      )(run('transform', state, given)),
    apply: (state, given) =>
      E.chain(({ c, results }: Ran): E.Either<StepError, Stepped> => {
        const rate = results['rate']?.[0]
        const skipped = results[gateName]?.[0] === 0
        if (!skipped && !Number.isFinite(given.metrics.loss)) return E.left(nonFinite(state.step + 1, rate))
        const next = s.place(c.machine.readState(), state.relaxed || s.relaxed)
        State.consume(state)
        return E.right({ state: next, metrics: { ...given.metrics, ...(rate !== undefined && { rate }) }, skipped })
      })(run('apply', state, given)),
  }
}
