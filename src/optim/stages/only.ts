/** Stages for some of the parameters. */
import * as t from '#io/index.js'
import { type Expr, invalid } from '../../graph/Expr.js'
import * as Select from '../Select.js'
import { define, type Slots, type Stage, setting } from './define.js'
import { averageOf, projectAll, scalarsOf, slotsOf, transform } from './run.js'

interface Only {
  readonly select: Select.Selection
  readonly stages: readonly Stage[]
}

const stages = t.readonlyArray(setting)

/** Where the selected parameters stand among all. */
const places = ({ select }: Only, paths: readonly string[]): readonly number[] =>
  paths.flatMap((path, i) => (Select.includes(select, path) ? [i] : []))

const take = <A>(at: readonly number[], all: readonly A[]): readonly A[] => at.map(i => all[i] as A)

/** `all`, with those of `some` in their places. */
const put = (at: readonly number[], all: readonly Expr[], some: readonly Expr[]): readonly Expr[] => {
  const found = new Map(at.map((place, k) => [place, some[k] ?? invalid('optimizer', 'an inner stage lost a tensor')]))
  return all.map((x, i) => found.get(i) ?? x)
}

const mapSlots = (slots: Slots, f: (tensors: readonly Expr[], name: string) => readonly Expr[]): Slots =>
  Object.fromEntries(Object.entries(slots).map(([name, tensors]) => [name, f(tensors, name)]))

const maker = define<Only, string, string>({
  kind: 'gradus/only',
  config: t.exact(t.type({ select: Select.codec, stages })),
  slots: c => slotsOf(c.stages),
  scalars: c => scalarsOf(c.stages),
  apply: (c, input) => {
    const at = places(c, input.paths)
    const inner = transform(c.stages, {
      ...input,
      gradients: take(at, input.gradients),
      params: take(at, input.params),
      paths: take(at, input.paths),
      slots: mapSlots(input.slots, x => take(at, x)),
    })
    const updates = put(at, input.gradients, inner.updates)
    return {
      updates: Select.mapSelected(c.select, input.paths, updates, u => u),
      slots: mapSlots(input.slots, (x, name) => put(at, x, inner.slots[name] ?? [])),
      scalars: inner.scalars,
      step: inner.step,
      ...(inner.skip && { skip: inner.skip }),
      ...(inner.discard && { discard: inner.discard }),
      ...(inner.rate && { rate: inner.rate }),
    }
  },
  average: c => {
    const inner = averageOf(c.stages)
    return inner && { ...inner, covers: path => Select.includes(c.select, path) && inner.covers(path) }
  },
  project: (c, input) => {
    const at = places(c, input.paths)
    const inner = projectAll(
      c.stages,
      { params: take(at, input.params), before: take(at, input.before), paths: take(at, input.paths) },
      { slots: mapSlots(input.slots, x => take(at, x)), scalars: input.scalars, step: input.step },
    )
    return {
      params: put(at, input.params, inner.params),
      slots: mapSlots(input.slots, (x, name) => put(at, x, inner.slots[name] ?? [])),
    }
  },
})

/**
 * A stage, or several, for the selected parameters; the gradients of the others pass as they are. Norms over "all"
 * parameters are then over those selected. What an inner stage skips, is skipped for all parameters. A pattern of
 * `include` that finds no parameter is an error.
 *
 *     Optimizer.chain(
 *       Stage.only({ include: ['features/**'] }, Optimizer.sgd({ rate: 0.001 })),
 *       Stage.only({ exclude: ['features/**'] }, Optimizer.adam()),
 *     )
 */
export const only = (select: Select.Select, stage: Stage | readonly Stage[]): Stage =>
  maker({ select: Select.of(select), stages: 'of' in stage ? [stage] : stage })

/** The definitions of this module, for decoding. */
export const definitions = [maker.def] as const
