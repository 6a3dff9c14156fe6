/**
 * Stages: what stands between the gradients and the parameters, as data.
 *
 *     stage = (gradients, params, slots, step, loss) -> (updates, slots')
 *
 * An optimizer is a flat list of stages. Each stage takes the updates of the one before it as its gradients, and at the
 * end p' = p - update. So chaining is the concatenation of lists: strictly associative, also on the state, and the
 * empty list is plain descent at rate 1.
 *
 * A slot is state of a stage: one f32 tensor for every parameter, of its shape, filled with `init` at first. In an
 * optimizer it is named by the stage's position: `1/momentum`.
 */
import * as E from '#fp/Either.js'
import type * as t from '#io/index.js'
import { type Expr, invalid } from '../graph/Expr.js'
import type { Definition, Spec } from '../graph/Spec.js'
import { erase, explain } from '../graph/settings.js'
import { type Definitions, specCodec } from '../graph/specCodec.js'
import { sub } from '../op/arithmetic.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { sameType, showType } from '../shape/TensorType.js'
import * as Schedule from './Schedule.js'

/** State of a stage: a tensor like each parameter, filled with `init` before the first step. */
export interface Slot<S extends string = string> {
  readonly name: S
  readonly init: number
}

/** For every slot the tensors of all parameters, in their order. */
export type Slots<S extends string = string> = { readonly [name in S]: readonly Expr[] }

/** What a stage sees: all parameters at once, in one order. */
export interface StageInput<S extends string = string> {
  readonly gradients: readonly Expr[]
  readonly params: readonly Expr[]
  /** the parameters' names, e.g. `hidden/dense1/kernel` */
  readonly paths: readonly string[]
  readonly slots: Slots<S>
  /** number of steps already taken: rank 0, f64 */
  readonly step: Expr
  /** rank 0, f32 */
  readonly loss: Expr
}

/** Updates and slots have the types of the parameters they belong to. */
export interface StageOutput<S extends string = string> {
  readonly updates: readonly Expr[]
  readonly slots: Slots<S>
}

/** What `define` takes. `config` must accept its own values, which are plain data. */
export interface StageDef<C, S extends string> {
  /** qualified: `gradus/adam`, `acme/noise` */
  readonly kind: string
  readonly config: t.Type<C, unknown>
  readonly slots: (config: C) => readonly Slot<S>[]
  readonly apply: (config: C, input: StageInput<S>) => StageOutput<S>
  /** the learning rate to report, where there is one */
  readonly rate?: (config: C) => Schedule.Schedule
}

/** A StageDef without its types. */
export interface StageDefinition extends Definition {
  readonly slots: (config: unknown) => readonly Slot[]
  readonly apply: (config: unknown, input: StageInput) => StageOutput
  readonly rate: (config: unknown) => Schedule.Schedule | null
}

/** A stage as data: equal when its kind and settings are. */
export interface Stage extends Spec<'stage'> {
  readonly def?: StageDefinition
}

/** Makes a stage of its settings; `def` is what decoding asks for. */
export interface StageMaker<C> {
  (config: C): Stage
  readonly def: StageDefinition
}

/** Declares a kind of stage; nothing is registered anywhere. */
export const define = <C, S extends string>({ kind, config, slots, apply, rate }: StageDef<C, S>): StageMaker<C> => {
  const def: StageDefinition = {
    kind,
    config: erase(config),
    slots: c => slots(c as C),
    apply: (c, input) => apply(c as C, input),
    rate: c => rate?.(c as C) ?? null,
  }
  return Object.assign((c: C): Stage => ({ of: 'stage', kind, config: c, def }), { def })
}

/** A stage's part in one parameter. */
export interface Leaf<S extends string> {
  readonly gradient: Expr
  readonly param: Expr
  readonly path: string
  readonly slots: { readonly [name in S]: Expr }
}

/** A stage that treats every parameter by itself: `f` gives the update and the new value of every slot of `names`. */
export const leafwise = <S extends string>(
  input: StageInput<S>,
  names: readonly S[],
  f: (leaf: Leaf<S>) => { readonly update: Expr; readonly slots: { readonly [name in S]: Expr } },
): StageOutput<S> => {
  const done = input.gradients.map((gradient, i) =>
    f({
      gradient,
      param: input.params[i] ?? invalid('optimizer', `gradient ${i} has no parameter`),
      path: input.paths[i] ?? `${i}`,
      slots: perName(names, name => input.slots[name][i] ?? invalid('optimizer', `slot ${name} has no tensor ${i}`)),
    }),
  )
  return { updates: done.map(d => d.update), slots: perName(names, name => done.map(d => d.slots[name])) }
}

const perName = <S extends string, A>(names: readonly S[], f: (name: S) => A): { readonly [name in S]: A } =>
  Object.fromEntries(names.map(name => [name, f(name)])) as { [name in S]: A }

const undefinedStage = (kind: string): string =>
  `the stage "${kind}" has no definition; make it by its constructor or decode it with Stage.codec`

/** The slots of all stages, named by the stage's position: `0/momentum`. */
export const slotsOf = (stages: readonly Stage[]): readonly Slot[] =>
  stages.flatMap(({ def, config }, i) =>
    (def?.slots(config) ?? []).map(({ name, init }) => ({ name: `${i}/${name}`, init })),
  )

/** `made`, if there is one like each parameter; else errors that name the stage. */
const likeParams = (made: readonly Expr[] | undefined, params: readonly Expr[], where: string): readonly Expr[] =>
  params.map((param, i) => {
    const e = made?.[i]
    if (made?.length !== params.length || !e)
      return invalid(where, `${made?.length ?? 0} tensors for ${params.length} parameters`)
    return e._tag === 'Invalid' || sameType(e.type, param.type)
      ? e
      : invalid(where, `${showType(e.type)} for a parameter that is ${showType(param.type)}`)
  })

/** One step of a list of stages: the new parameters and slots, as expressions. */
export interface Stepped {
  readonly params: readonly Expr[]
  readonly updates: readonly Expr[]
  /** all of `slotsOf`, by the same names */
  readonly slots: Slots
}

/**
 * Runs the stages in order and subtracts the last updates from the parameters. `slots` holds every slot of `slotsOf`.
 * What does not fit (a slot that is not there, an update of another shape) becomes an `Invalid` that names the stage.
 */
export const run = (stages: readonly Stage[], input: StageInput): Stepped => {
  const { params } = input
  // local mutation: the fold's accumulators
  let updates = likeParams(input.gradients, params, 'gradients')
  const slots = new Map<string, readonly Expr[]>()
  for (const [i, { kind, config, def }] of stages.entries()) {
    const where = `optimizer/${i} (${kind})`
    if (!def) {
      updates = params.map(() => invalid(where, undefinedStage(kind)))
      continue
    }
    const names = def.slots(config).map(s => s.name)
    const own = perName(names, name => likeParams(input.slots[`${i}/${name}`], params, `${where}: slot ${name}`))
    const after = def.apply(config, { ...input, gradients: updates, slots: own })
    updates = likeParams(after.updates, params, `${where}: updates`)
    for (const name of names)
      slots.set(`${i}/${name}`, likeParams(after.slots[name], params, `${where}: new slot ${name}`))
  }
  return {
    params: params.map((p, i) => sub(p, updates[i] as Expr)),
    updates,
    slots: Object.fromEntries(slots),
  }
}

/** The learning rate at a step (rank 0, f64), for reports: the last stage's that has one; null if none has. */
export const rateOf = (stages: readonly Stage[], step: Expr): Expr | null => {
  const rates = stages.flatMap(({ def, config }) => def?.rate(config) ?? [])
  const last = rates[rates.length - 1]
  return last ? Schedule.rate(last, step) : null
}

/** The stages themselves, or the first setting that is out of range: which stage, which field, what it must be. */
export const check = (stages: readonly Stage[]): E.Either<ShapeError, readonly Stage[]> => {
  for (const [i, { kind, config, def }] of stages.entries()) {
    const where = `optimizer/${i} (${kind})`
    if (!def) return E.left(shapeError(where, undefinedStage(kind)))
    const valid = def.config.decode(config)
    if (E.isLeft(valid)) return E.left(shapeError(where, explain(valid.left)))
  }
  return E.right(stages)
}

/** The definitions that decoding may use. */
export interface StageDefinitions extends Definitions {
  readonly stage: readonly StageDefinition[]
  readonly schedule: readonly Schedule.ScheduleDefinition[]
}

/** A stage as JSON, `{ of: 'stage', kind, config }`. Decoding takes untrusted input. Law: decode . encode = id. */
export const codec = (definitions: StageDefinitions): t.Type<Stage, unknown> =>
  specCodec('stage', definitions.stage, definitions)
