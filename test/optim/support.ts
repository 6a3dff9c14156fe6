/** Runs optimizers by the operations' references, in float64 or with every f32 value rounded to float32. */

import type fc from 'fast-check'
import * as laws from 'fp-ts-laws'
import * as assert from 'uvu/assert'
import type { Monoid } from '#fp/Monoid.js'
import type { Expr } from '../../src/graph/Expr.js'
import { input, param } from '../../src/graph/Expr.js'
import type { Nd } from '../../src/graph/Op.js'
import * as Program from '../../src/graph/Program.js'
import * as Stage from '../../src/optim/Stage.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { expectRight } from '../support/assert.js'

export type Precision = 'f64' | 'f32'
export type Bindings = ReadonlyMap<string, ArrayLike<number>>

/** The values of the expressions; with 'f32' each tensor is rounded as a kernel would. */
export const valuesOf = (exprs: readonly Expr[], bindings: Bindings, precision: Precision): readonly Float64Array[] => {
  const { nodes, outputs } = expectRight(Program.of(exprs))
  const round = (x: Float64Array, e: Expr) => (precision === 'f32' && e.type.dtype === 'f32' ? x.map(Math.fround) : x)
  const done: Nd[] = []
  for (const { expr, args } of nodes) {
    const { shape } = expr.type
    const values =
      expr._tag === 'Apply'
        ? expr.op.reference(
            { attrs: expr.attrs, args: expr.args.map(a => a.type), out: expr.type, rows: 1 },
            args.map(a => done[a] as Nd),
          )
        : Float64Array.from(expr._tag === 'Const' ? expr.values : (bindings.get(expr.name) ?? [NaN]))
    done.push({ shape, values: round(values, expr) })
  }
  return outputs.map(o => (done[o] as Nd).values)
}

/** The value of a function of the step. */
export const atStep = (f: (step: Expr) => Expr, step: number): number =>
  valuesOf([f(input('step', tensorType('f64')))], new Map([['step', [step]]]), 'f64')[0]?.[0] ?? NaN

export interface Leaf {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

/** One step of an optimizer for leaves of these shapes; gradients are inputs, or a function of the parameter. */
export const stepOf = (
  optimizer: readonly Stage.Stage[],
  shapes: readonly (readonly number[])[],
  gradientOf?: (param: Expr) => Expr,
  paths: readonly string[] = [],
) => {
  const slots = Stage.slotsOf(optimizer)
  const scalars = Stage.scalarsOf(optimizer)
  const named = (name: string) => shapes.map((shape, i) => param(`${name} ${i}`, tensorType('f32', shape)))
  const params = named('p')
  const stepped = Stage.run(optimizer, {
    gradients: params.map((p, i) => gradientOf?.(p) ?? input(`g ${i}`, p.type)),
    params,
    paths: shapes.map((_, i) => paths[i] ?? `leaf${i}`),
    slots: Object.fromEntries(slots.map(({ name }) => [name, named(name)])),
    scalars: Object.fromEntries(scalars.map(({ name }) => [name, param(name, tensorType('f64'))])),
    step: input('step', tensorType('f64')),
    loss: input('loss', tensorType('f32')),
  })
  const state = [
    ...stepped.params.map((expr, i) => ({ name: `p ${i}`, expr })),
    ...slots.flatMap(({ name }) => (stepped.slots[name] ?? []).map((expr, i) => ({ name: `${name} ${i}`, expr }))),
    ...Object.entries(stepped.scalars).map(([name, expr]) => ({ name, expr })),
  ]
  return { ...stepped, state }
}

/** What a trajectory has beside the gradients: a loss for every step, the parameters' names. */
export interface Setting {
  readonly losses?: readonly number[]
  readonly paths?: readonly string[]
}

/**
 * The whole state after every step, by name: parameters `p 0`, `p 1`, ..., slots `0/momentum 0`, ..., scalars
 * `0/skipped`; and the step's `rate`, where there is one.
 */
export const trajectory = (
  optimizer: readonly Stage.Stage[],
  start: readonly Leaf[],
  gradients: readonly (readonly ArrayLike<number>[])[],
  precision: Precision = 'f64',
  gradientOf?: (param: Expr) => Expr,
  { losses = [], paths }: Setting = {},
): readonly Bindings[] => {
  const stepped = stepOf(
    optimizer,
    start.map(l => l.shape),
    gradientOf,
    paths,
  )
  const state = [...stepped.state, ...(stepped.rate ? [{ name: 'rate', expr: stepped.rate }] : [])]
  let now: Bindings = new Map([
    ...start.map(({ data }, i) => [`p ${i}`, data] as const),
    ...Stage.slotsOf(optimizer).flatMap(({ name, init }) =>
      start.map(({ data }, i) => [`${name} ${i}`, data.map(() => init)] as const),
    ),
    ...Stage.scalarsOf(optimizer).map(({ name, init }) => [name, [init]] as const),
  ])
  return gradients.map((gs, t) => {
    const given = gs.map((g, i) => [`g ${i}`, g] as const)
    const values = valuesOf(
      state.map(s => s.expr),
      new Map<string, ArrayLike<number>>([...now, ...given, ['step', [t]], ['loss', [losses[t] ?? 0]]]),
      precision,
    )
    now = new Map(state.map(({ name }, i) => [name, values[i] as Float64Array]))
    return now
  })
}

/** Descends from one number for some steps, the gradient being a function of the parameter. */
export const descend = (
  optimizer: readonly Stage.Stage[],
  start: number,
  gradientOf: (param: Expr) => Expr,
  steps: number,
): readonly Bindings[] =>
  trajectory(optimizer, [{ shape: [1], data: [start] }], new Array(steps).fill([]), 'f64', gradientOf)

/** The updates of one step for given gradients, from the initial slots; parameters are `params`, 0 by default. */
export const updatesOf = (
  optimizer: readonly Stage.Stage[],
  gradients: readonly Leaf[],
  precision: Precision = 'f64',
  params: readonly (readonly number[])[] = [],
  paths: readonly string[] = [],
): readonly Float64Array[] => {
  const { updates } = stepOf(
    optimizer,
    gradients.map(g => g.shape),
    undefined,
    paths,
  )
  const bindings = new Map<string, ArrayLike<number>>([
    ['step', [0]],
    ['loss', [0]],
    ...gradients.map(({ data }, i) => [`g ${i}`, data] as const),
    ...gradients.map(({ data }, i) => [`p ${i}`, params[i] ?? data.map(() => 0)] as const),
    ...Stage.slotsOf(optimizer).flatMap(({ name, init }) =>
      gradients.map(({ data }, i) => [`${name} ${i}`, data.map(() => init)] as const),
    ),
  ])
  return valuesOf(updates, bindings, precision)
}

/** One parameter of one element that starts at 0. */
export const origin: readonly Leaf[] = [{ shape: [1], data: [0] }]

/** The last value of the first element of the first parameter. */
export const lastOf = (states: readonly Bindings[]): number => states[states.length - 1]?.get('p 0')?.[0] ?? NaN

/** The laws of a monoid, for plain data. */
export const monoidLaws = <A>(monoid: Monoid<A>, arbitrary: fc.Arbitrary<A>): void => {
  const equals = (a: A, b: A): boolean => {
    assert.equal(a, b)
    return true
  }
  // @ts-expect-error the library is typed against fast-check's CommonJS build
  laws.monoid(monoid, { equals }, arbitrary)
}
