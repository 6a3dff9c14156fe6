/** How a stage is declared: its settings, its state and its meaning in expressions. */
import * as t from '#io/index.js'
import { type Expr, invalid } from '../../graph/Expr.js'
import type { Definition, Spec } from '../../graph/Spec.js'
import { erase, isRecord } from '../../graph/settings.js'
import { encodeSpec } from '../../graph/specCodec.js'
import type { Schedule } from '../schedules/define.js'

/** State of a stage: a tensor like each parameter, or one f64 scalar, filled with `init` before the first step. */
export interface Slot<S extends string = string> {
  readonly name: S
  readonly init: number
}

/** For every slot the tensors of all parameters, in their order. */
export type Slots<S extends string = string> = { readonly [name in S]: readonly Expr[] }

/** The scalars of a stage: rank 0, f64. */
export type Scalars<N extends string = string> = { readonly [name in N]: Expr }

/** What a stage sees: all parameters at once, in one order. */
export interface StageInput<S extends string = string, N extends string = string> {
  readonly gradients: readonly Expr[]
  readonly params: readonly Expr[]
  /** the parameters' names, e.g. `hidden/dense1/w` */
  readonly paths: readonly string[]
  readonly slots: Slots<S>
  readonly scalars: Scalars<N>
  /** number of steps already taken: rank 0, f64; where a stage before this one skips steps, without those skipped */
  readonly step: Expr
  /** rank 0, f32 */
  readonly loss: Expr
}

/** Updates and slots have the types of the parameters they belong to. */
export interface StageOutput<S extends string = string, N extends string = string> {
  readonly updates: readonly Expr[]
  readonly slots: Slots<S>
  /** the new values, where the stage has scalars */
  readonly scalars?: Scalars<N>
  /** rank 0, bool: where true, the rest of the step does not happen: later stages keep their state, parameters theirs */
  readonly skip?: Expr
  /** rank 0, bool: where true, the step counts as not taken: as `skip`, and the state of layers stays as it is, too */
  readonly discard?: Expr
  /** the number of steps that the stages after this one have taken, where that is not the number this one has */
  readonly step?: Expr
  /** rank 0, f64: the learning rate to report, where it is not that of the definition */
  readonly rate?: Expr
  /** rank 0, f64: what this stage multiplies the rates of all others with */
  readonly factor?: Expr
}

/** What a projection sees: the parameters after the update, and the stage's state after `apply`. */
export interface ProjectInput<S extends string = string, N extends string = string> {
  /** parameter - update, as the projections of the stages before this one left it */
  readonly params: readonly Expr[]
  /** the parameters before the step */
  readonly before: readonly Expr[]
  readonly paths: readonly string[]
  readonly slots: Slots<S>
  readonly scalars: Scalars<N>
  /** number of updates already made: rank 0, f64 */
  readonly step: Expr
}

export interface ProjectOutput<S extends string = string> {
  readonly params: readonly Expr[]
  readonly slots: Slots<S>
}

/** Where a stage keeps averages of the parameters. */
export interface Average {
  readonly slot: string
  /** a scalar that is 0 until the average has begun */
  readonly count: string
  /** whether the parameter of this path is averaged */
  readonly covers: (path: string) => boolean
}

/** How a stage hears of what was judged at the end of an epoch: the loss or a metric, of the validation data if there are. */
export interface Judge<C, N extends string> {
  /** the name of what it hears, `loss` or a metric's; null if it hears nothing */
  readonly watches: (config: C) => string | null
  /** the new scalars, from the old ones and the value watched (rank 0, f64) */
  readonly scalars: (config: C, scalars: Scalars<N>, value: Expr) => Scalars<N>
}

/** What `define` takes. `config` must accept its own values, which are plain data. */
export interface StageDef<C, S extends string, N extends string = never> {
  /** qualified: `gradus/adam`, `acme/noise` */
  readonly kind: string
  readonly config: t.Type<C, unknown>
  readonly slots: (config: C) => readonly Slot<S>[]
  readonly scalars?: (config: C) => readonly Slot<N>[]
  readonly apply: (config: C, input: StageInput<S, N>) => StageOutput<S, N>
  /** what happens to the new parameters after the update: constraints, averages; not when the step is skipped */
  readonly project?: (config: C, input: ProjectInput<S, N>) => ProjectOutput<S>
  /** the learning rate to report, where there is one */
  readonly rate?: (config: C) => Schedule
  /** where averages of the parameters are kept, if they are */
  readonly average?: (config: C) => Average | null
  /** what an epoch's end does to the scalars, where it does anything */
  readonly judge?: Judge<C, N>
}

/** A StageDef without its types. */
export interface StageDefinition extends Definition {
  readonly slots: (config: unknown) => readonly Slot[]
  readonly scalars: (config: unknown) => readonly Slot[]
  readonly apply: (config: unknown, input: StageInput) => StageOutput
  readonly project: ((config: unknown, input: ProjectInput) => ProjectOutput) | null
  readonly rate: (config: unknown) => Schedule | null
  readonly average: (config: unknown) => Average | null
  readonly judge: Judge<unknown, string> | null
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
export const define = <C, S extends string, N extends string = never>({
  kind,
  config,
  slots,
  scalars,
  apply,
  project,
  rate,
  average,
  judge,
}: StageDef<C, S, N>): StageMaker<C> => {
  const def: StageDefinition = {
    kind,
    config: erase(config),
    slots: c => slots(c as C),
    scalars: c => scalars?.(c as C) ?? [],
    apply: (c, input) => apply(c as C, input),
    project: project ? (c, input) => project(c as C, input) : null,
    rate: c => rate?.(c as C) ?? null,
    average: c => average?.(c as C) ?? null,
    judge: judge
      ? {
          watches: c => judge.watches(c as C),
          scalars: (c, scalars, value) => judge.scalars(c as C, scalars as Scalars<N>, value),
        }
      : null,
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

export const perName = <S extends string, A>(names: readonly S[], f: (name: S) => A): { readonly [name in S]: A } =>
  Object.fromEntries(names.map(name => [name, f(name)])) as { [name in S]: A }

/** A stage that treats every parameter by itself: `f` gives the update and the new value of every slot of `names`. */
export const leafwise = <S extends string, N extends string>(
  input: StageInput<S, N>,
  names: readonly S[],
  f: (leaf: Leaf<S>) => { readonly update: Expr; readonly slots: { readonly [name in S]: Expr } },
): StageOutput<S, never> => {
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

/** The updates of a stage without state: `f` of every parameter's gradient. */
export const mapGradients = <S extends string, N extends string>(
  input: StageInput<S, N>,
  f: (gradient: Expr, param: Expr, path: string) => Expr,
): StageOutput<never, never> => {
  const slots: Slots<never> = {}
  return leafwise({ ...input, slots }, [], l => ({ update: f(l.gradient, l.param, l.path), slots: {} }))
}

const isStage = (u: unknown): u is Stage => isRecord(u) && u['of'] === 'stage' && 'config' in u && isRecord(u['def'])

/** The stages among the settings of a stage. */
export const inner = (config: unknown): readonly Stage[] =>
  isRecord(config)
    ? Object.values(config).flatMap(v => (Array.isArray(v) ? v.filter(isStage) : isStage(v) ? [v] : []))
    : []

/**
 * A stage among the settings of another stage, for its codec; in JSON it is bound to its definition by the codec around
 * it (`Stage.codec`).
 */
export const setting: t.Type<Stage, unknown> = new t.Type<Stage, unknown>(
  'a stage',
  (u): u is Stage => isStage(u) && u.def?.config.is(u.config) === true,
  (u, c) => {
    if (!isStage(u) || !u.def) return t.failure(u, c)
    const config = u.def.config.validate(u.config, c)
    return config._tag === 'Left' ? config : t.success(u)
  },
  encodeSpec,
)
