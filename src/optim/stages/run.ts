/**
 * Running a list of stages: the second and third phase of a step, together or one by one.
 *
 *     compute     gradients of the loss: `Expr.grad`
 *     transform   (updates, slots') of the gradients, stage by stage
 *     apply       p' = project(p - update)
 */
import * as E from '#fp/Either.js'
import { type Expr, invalid } from '../../graph/Expr.js'
import { explain } from '../../graph/settings.js'
import { mul, sub } from '../../op/arithmetic.js'
import { or, select } from '../../op/select.js'
import { type ShapeError, shapeError } from '../../shape/ShapeError.js'
import { sameType, showType, type TensorType, tensorType } from '../../shape/TensorType.js'
import { rate as rateAt } from '../schedules/define.js'
import {
  type Average,
  inner,
  perName,
  type Scalars,
  type Slot,
  type Slots,
  type Stage,
  type StageInput,
} from './define.js'

const undefinedStage = (kind: string): string =>
  `the stage "${kind}" has no definition; make it by its constructor or decode it with Stage.codec`

const whereOf = (i: number, kind: string): string => `optimizer/${i} (${kind})`

const numbered = (stages: readonly Stage[], f: (stage: Stage) => readonly Slot[]): readonly Slot[] =>
  stages.flatMap((stage, i) => f(stage).map(({ name, init }) => ({ name: `${i}/${name}`, init })))

/** The slots of all stages, one tensor for every parameter each, named by the stage's position: `0/momentum`. */
export const slotsOf = (stages: readonly Stage[]): readonly Slot[] =>
  numbered(stages, ({ def, config }) => def?.slots(config) ?? [])

/** The scalars of all stages, one f64 each, named by the stage's position: `0/skipped`. */
export const scalarsOf = (stages: readonly Stage[]): readonly Slot[] =>
  numbered(stages, ({ def, config }) => def?.scalars(config) ?? [])

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

/** Where the last of the stages that averages the parameters keeps them; null if none does. */
export const averageOf = (stages: readonly Stage[]): Average | null => {
  const [last] = stages
    .flatMap(({ def, config }, i) => {
      const average = def?.average(config)
      return average ? [{ ...average, slot: `${i}/${average.slot}`, count: `${i}/${average.count}` }] : []
    })
    .slice(-1)
  return last ?? null
}

const [f64, bool] = [tensorType('f64'), tensorType('bool')]

/** `made`, if it is of the type; else an error that names the stage. */
const like = (made: Expr | undefined, type: TensorType, where: string): Expr => {
  if (!made) return invalid(where, `there is none, but it must be ${showType(type)}`)
  return made._tag === 'Invalid' || sameType(made.type, type)
    ? made
    : invalid(where, `${showType(made.type)}, but it must be ${showType(type)}`)
}

/** Whether one of two conditions holds, where there are any. */
const either = (a: Expr | null, b: Expr | null): Expr | null => (a && b ? or(a, b) : (a ?? b))

/** Old values while the step is skipped, new ones otherwise. */
const hold = (skip: Expr | null, old: readonly Expr[], now: readonly Expr[]): readonly Expr[] =>
  skip ? now.map((x, i) => select(skip, old[i] as Expr, x)) : now

/** What the stages make of the gradients. */
export interface Transformed {
  readonly updates: readonly Expr[]
  /** all of `slotsOf`, by the same names */
  readonly slots: Slots
  /** all of `scalarsOf`, by the same names */
  readonly scalars: Scalars
  /** rank 0, bool: where true, the parameters stay as they are; null if no stage can skip a step */
  readonly skip: Expr | null
  /** rank 0, bool: where true, the state of layers stays as it is, too; null if no stage can discard a step */
  readonly discard: Expr | null
  /** number of updates already made: rank 0, f64 */
  readonly step: Expr
  /** the learning rate (rank 0, f64): the last stage's that has one, times all factors; null if none has */
  readonly rate: Expr | null
}

/**
 * Runs the stages in order, each on the updates of the one before it. `slots` and `scalars` of the input hold all of
 * `slotsOf` and `scalarsOf`. What does not fit (a slot that is not there, an update of another shape) becomes an
 * `Invalid` that names the stage.
 */
export const transform = (stages: readonly Stage[], input: StageInput): Transformed => {
  const { params } = input
  // local mutation: the fold's accumulators
  let updates = likeParams(input.gradients, params, 'gradients')
  let { step } = input
  let skip: Expr | null = null
  let discard: Expr | null = null
  let rate: Expr | null = null
  let factor: Expr | null = null
  const slots = new Map<string, readonly Expr[]>()
  const scalars = new Map<string, Expr>()
  for (const [i, { kind, config, def }] of stages.entries()) {
    const where = whereOf(i, kind)
    if (!def) {
      updates = params.map(() => invalid(where, undefinedStage(kind)))
      continue
    }
    const names = def.slots(config).map(s => s.name)
    const own = perName(names, name => likeParams(input.slots[`${i}/${name}`], params, `${where}: slot ${name}`))
    const counts = def.scalars(config).map(s => s.name)
    const numbers = perName(counts, name => like(input.scalars[`${i}/${name}`], f64, `${where}: scalar ${name}`))
    const after = def.apply(config, { ...input, step, gradients: updates, slots: own, scalars: numbers })
    updates = likeParams(after.updates, params, `${where}: updates`)
    for (const name of names) {
      const now = likeParams(after.slots[name], params, `${where}: new slot ${name}`)
      slots.set(`${i}/${name}`, hold(skip, own[name] as readonly Expr[], now))
    }
    for (const name of counts) {
      const now = like(after.scalars?.[name], f64, `${where}: new scalar ${name}`)
      scalars.set(`${i}/${name}`, hold(skip, [numbers[name] as Expr], [now])[0] as Expr)
    }
    const schedule = def.rate(config)
    rate = after.rate ?? (schedule ? rateAt(schedule, step) : rate)
    if (after.factor) factor = factor ? mul(factor, after.factor) : after.factor
    const drops = after.discard ? like(after.discard, bool, `${where}: discard`) : null
    discard = either(discard, drops)
    skip = either(skip, either(after.skip ? like(after.skip, bool, `${where}: skip`) : null, drops))
    step = after.step ?? step
  }
  return {
    updates: skip ? updates.map(u => select(skip as Expr, 0, u)) : updates,
    slots: Object.fromEntries(slots),
    scalars: Object.fromEntries(scalars),
    skip,
    discard,
    step,
    rate: rate && factor ? mul(rate, factor) : rate,
  }
}

/** The projections of all stages, in order. */
export const projectAll = (
  stages: readonly Stage[],
  input: Pick<StageInput, 'params' | 'paths'> & { readonly before: readonly Expr[] },
  { slots, scalars, step }: Pick<Transformed, 'slots' | 'scalars' | 'step'>,
): { readonly params: readonly Expr[]; readonly slots: Slots } => {
  const { before, paths } = input
  let { params } = input // local mutation: the fold's accumulators
  const all = new Map(Object.entries(slots))
  for (const [i, { kind, config, def }] of stages.entries()) {
    if (!def?.project) continue
    const where = whereOf(i, kind)
    const names = def.slots(config).map(s => s.name)
    const own = perName(names, name => all.get(`${i}/${name}`) ?? [])
    const numbers = perName(
      def.scalars(config).map(s => s.name),
      name => scalars[`${i}/${name}`] as Expr,
    )
    const after = def.project(config, { params, before, paths, slots: own, scalars: numbers, step })
    params = likeParams(after.params, before, `${where}: projected parameters`)
    for (const name of names)
      all.set(`${i}/${name}`, likeParams(after.slots[name], before, `${where}: projected slot ${name}`))
  }
  return { params, slots: Object.fromEntries(all) }
}

/** What the stages hear at the end of an epoch, each name once. */
export const watchedBy = (stages: readonly Stage[]): readonly string[] => [
  ...new Set(stages.flatMap(({ def, config }) => [def?.judge?.watches(config) ?? [], watchedBy(inner(config))].flat())),
]

/** The new values of the scalars that the end of an epoch changes, given the values of `watchedBy`. */
export const judge = (stages: readonly Stage[], scalars: Scalars, values: Readonly<Record<string, Expr>>): Scalars => {
  const made = stages.flatMap(({ kind, def, config }, i): readonly (readonly [string, Expr])[] => {
    const prefix = `${i}/`
    const below = Object.entries(scalars).flatMap(([n, e]) =>
      n.startsWith(prefix) ? [[n.slice(prefix.length), e] as const] : [],
    )
    const own = Object.fromEntries(below)
    const watched = def?.judge?.watches(config) ?? null
    const value = watched === null ? undefined : values[watched]
    const now = def?.judge && value ? def.judge.scalars(config, own, value) : judge(inner(config), own, values)
    return Object.entries(now).map(([n, e]) => [
      `${prefix}${n}`,
      like(e, f64, `${whereOf(i, kind)}: judged scalar ${n}`),
    ])
  })
  return Object.fromEntries(made)
}

/** One step of a list of stages: the new parameters and state, as expressions. */
export interface Stepped extends Transformed {
  readonly params: readonly Expr[]
}

/** Subtracts the updates from the parameters and projects; a skipped step leaves parameters and slots their bits. */
export const apply = (
  stages: readonly Stage[],
  { params: before, paths }: Pick<StageInput, 'params' | 'paths'>,
  transformed: Transformed,
): Stepped => {
  const { updates, slots, skip } = transformed
  const params = before.map((p, i) => sub(p, updates[i] ?? noUpdate(i)))
  if (stages.every(s => !s.def?.project)) return { ...transformed, params }
  const projected = projectAll(stages, { params, before, paths }, transformed)
  const held = (name: string): readonly Expr[] =>
    hold(skip, slots[name] as readonly Expr[], projected.slots[name] as readonly Expr[])
  return {
    ...transformed,
    params: hold(skip, before, projected.params),
    slots: perName(Object.keys(projected.slots), held),
  }
}

const noUpdate = (i: number): Expr => invalid('optimizer', `parameter ${i} has no update`)

/** `transform` and `apply`: one step. */
export const run = (stages: readonly Stage[], input: StageInput): Stepped =>
  apply(stages, input, transform(stages, input))

/** The stages themselves, or the first setting that is out of range: which stage, which field, what it must be. */
export const check = (stages: readonly Stage[]): E.Either<ShapeError, readonly Stage[]> => {
  for (const [i, { kind, config, def }] of stages.entries()) {
    const where = whereOf(i, kind)
    if (!def) return E.left(shapeError(where, undefinedStage(kind)))
    const valid = def.config.decode(config)
    if (E.isLeft(valid)) return E.left(shapeError(where, explain(valid.left)))
  }
  return E.right(stages)
}
