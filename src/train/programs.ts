/**
 * The programs of a recipe. The loss, its gradient, clipping, the optimizer and the moving averages are one program,
 * the train step; evaluation is one more over the same state.
 */
import * as E from '#fp/Either.js'
import type { Slot, Wanted } from '../backend/machine.js'
import { mixes } from '../data/augment/run.js'
import { type Expr, input, param } from '../graph/Expr.js'
import { type Bindings, type Elaborated, elaborate, type Variable } from '../nn/elaborate.js'
import * as Loss from '../nn/Loss.js'
import { inputEntries } from '../nn/Node.js'
import { add } from '../op/arithmetic.js'
import { drawKey } from '../op/random.js'
import { argmax } from '../op/reduce.js'
import { cast, not, select } from '../op/select.js'
import * as Stage from '../optim/Stage.js'
import { soleInput } from '../shape/inputs.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { tensorType } from '../shape/TensorType.js'
import { grad } from '../transform/Grad.js'
import type { AnyRecipe } from './Recipe.js'
import { partName, penaltyName } from './reported.js'
import { reduce, rowWeights, weightedMetric, weightInput } from './weighting.js'

/** The name under which the label enters the programs: no input of a net has a slash. */
export const labelInput = '/label'
/** The name under which class labels of shares enter the train step of a recipe that mixes rows. */
export const softInput = '/soft'
/** The name under which what an epoch was judged by enters the programs. */
export const judgedInput = (name: string): string => `/judged/${name}`
/** The result that is 0 where a guard discards the step, and 1 where it counts; not there without a guard. */
export const gateName = '/counts'
const stepSlot = param('step', tensorType('f64'))
/** The slot of a stage's scalar. */
export const scalarName = (name: string): string => `optimizer/${name}`
/** The slot of a stage's tensor for one parameter. */
export const slotName = (slot: string, path: string): string => `${scalarName(slot)}/${path}`
/** The slot that holds the key of a layer's draws. */
export const keySlot = (path: string): string => `key/${path}`

export interface Programs {
  /** names of the programs' inputs: the net's, and the label */
  readonly inputs: readonly string[]
  /** in the order in which the state block holds them */
  readonly slots: readonly Slot[]
  readonly variables: readonly Variable[]
  /** slots filled with one number at first: the optimizer's, and the step */
  readonly fills: ReadonlyMap<string, number>
  /** paths of the layers that draw random numbers */
  readonly draws: readonly string[]
  readonly train: Wanted
  readonly evaluate: Wanted
  /** what the end of an epoch does to the optimizer's scalars */
  readonly judge: Wanted
}

/** Whether rows as a train step takes them, or as they are. */
export type Mode = 'train' | 'infer'

/** Whether the train step's class labels are shares. */
export const hasShares = ({ loss, augment }: Pick<AnyRecipe, 'loss' | 'augment'>): boolean =>
  loss.target === 'class' && mixes(augment ?? [])

const labelOf = (recipe: AnyRecipe, mode: Mode): Expr => {
  const values = tensorType('f32', [-1, ...recipe.net.shape])
  if (recipe.loss.target === 'values') return input(labelInput, values)
  return mode === 'train' && hasShares(recipe) ? input(softInput, values) : input(labelInput, tensorType('i32', [-1]))
}

const netInputs = (recipe: AnyRecipe): Readonly<Record<string, Expr>> =>
  Object.fromEntries(
    inputEntries(recipe.net.inputs).map(([name, shape]) => {
      const key = name ?? soleInput
      return [key, input(key, tensorType('f32', [-1, ...shape]))]
    }),
  )

/**
 * Loss, with the penalties of the parameters as Keras reports it, and metrics of a net over a batch; `weighted`: whether
 * its rows have weights of their own. Metrics of classes take the largest share of a soft label as the row's class.
 */
export const reports = (
  recipe: AnyRecipe,
  { output, penalty }: Elaborated,
  weighted: boolean,
  mode: Mode,
): Readonly<Record<string, Expr>> & { readonly loss: Expr } => {
  const label = labelOf(recipe, mode)
  const target = recipe.loss.target === 'class' && label.type.dtype === 'f32' ? argmax(label) : label
  const valuesOf = (metrics: AnyRecipe['metrics']) =>
    Object.fromEntries(metrics.map(m => [m.def.name, m.def.compute(output, target)]))
  const { loss, others } = reduce(recipe.reduction ?? 'weightedMean', rowWeights(recipe, label, weighted), {
    losses: Loss.compute(recipe.loss, output, label),
    metrics: valuesOf(recipe.metrics),
    weightedMetrics: valuesOf((recipe.weightedMetrics ?? []).map(weightedMetric)),
  })
  return {
    loss: penalty ? add(loss, penalty) : loss,
    ...others,
    ...(penalty && others[partName('loss')] && { [penaltyName]: penalty }),
  }
}

/** A variable as the state keeps it. */
export const variableParam = (v: Pick<Variable, 'path' | 'shape'>): Expr => param(v.path, tensorType('f32', v.shape))

/** What the optimizer changes, in its order. */
export const trainedOf = ({ variables }: Pick<Elaborated, 'variables'>): readonly Variable[] =>
  variables.filter(v => v.role === 'param' && v.trainable)

/** What the recipe's stages see: gradients of the trained parameters, the loss, and their state. */
export const stageInput = (
  { optimizer }: Pick<AnyRecipe, 'optimizer'>,
  trained: readonly Pick<Variable, 'path' | 'shape'>[],
  gradients: readonly Expr[],
  loss: Expr,
): Stage.StageInput => ({
  gradients,
  params: trained.map(variableParam),
  paths: trained.map(v => v.path),
  slots: Object.fromEntries(
    Stage.slotsOf(optimizer).map(({ name }) => [
      name,
      trained.map(v => param(slotName(name, v.path), tensorType('f32', v.shape))),
    ]),
  ),
  scalars: Object.fromEntries(
    Stage.scalarsOf(optimizer).map(({ name }) => [name, param(scalarName(name), tensorType('f64'))]),
  ),
  step: stepSlot,
  loss,
})

/** New values of slots, or the old ones where the condition holds, if there is one. */
const keptIf = (condition: Expr | null, now: Readonly<Record<string, Expr>>): Readonly<Record<string, Expr>> =>
  condition
    ? Object.fromEntries(Object.entries(now).map(([slot, e]) => [slot, select(condition, param(slot, e.type), e)]))
    : now

/** The gate of the stages that may discard a step, if there are any. */
export const gateOf = (discard: Expr | null): Readonly<Record<string, Expr>> =>
  discard ? { [gateName]: cast(not(discard), 'f32') } : {}

/** The state after a step: parameters and slots as the stages leave them, the layers' state, one step more. */
export const updatesOf = (
  trained: readonly Variable[],
  { params, slots, scalars, discard }: Stage.Stepped,
  state: Readonly<Record<string, Expr>>,
): Readonly<Record<string, Expr>> => ({
  ...Object.fromEntries(trained.map((v, i) => [v.path, params[i] as Expr])),
  ...Object.fromEntries(
    Object.entries(slots).flatMap(([name, all]) => trained.map((v, i) => [slotName(name, v.path), all[i] as Expr])),
  ),
  ...Object.fromEntries(Object.entries(scalars).map(([name, e]) => [scalarName(name), e])),
  ...keptIf(discard, state),
  step: add(stepSlot, 1),
})

/** The train step of an elaborated net. */
const trainStep = (recipe: AnyRecipe, net: Elaborated, weighted: boolean): E.Either<ShapeError, Wanted> => {
  const trained = trainedOf(net)
  const seen = reports(recipe, net, weighted, 'train')
  return E.map(({ value, gradients }: { readonly value: Expr; readonly gradients: readonly Expr[] }): Wanted => {
    const stepped = Stage.run(recipe.optimizer, stageInput(recipe, trained, gradients, value))
    const { rate, discard } = stepped
    return {
      results: { ...seen, loss: value, ...(rate && { rate }), ...gateOf(discard) },
      gate: gateName,
      updates: updatesOf(trained, stepped, net.state),
    }
  })(grad(seen.loss, trained.map(variableParam)))
}

/** The optimizer's scalars after the end of an epoch, of which `judgedInput`s are known. */
const judgeEpoch = ({ optimizer }: AnyRecipe): Wanted => {
  const values = Stage.watchedBy(optimizer).map(name => [name, input(judgedInput(name), tensorType('f64'))] as const)
  const scalars = Stage.scalarsOf(optimizer).map(
    ({ name }) => [name, param(scalarName(name), tensorType('f64'))] as const,
  )
  const now = Stage.judge(optimizer, Object.fromEntries(scalars), Object.fromEntries(values))
  return { results: {}, updates: Object.fromEntries(Object.entries(now).map(([name, e]) => [scalarName(name), e])) }
}

/** The recipe's net over a batch, with the keys of this step. */
export const elaborated = (recipe: AnyRecipe, mode: Mode, tap?: Bindings['tap']): E.Either<ShapeError, Elaborated> =>
  elaborate(recipe.net, mode, {
    inputs: netInputs(recipe),
    key: path => drawKey(param(keySlot(path), tensorType('i32', [2])), stepSlot),
    ...(tap && { tap }),
  })

/**
 * The programs of a recipe, over rows that have weights of their own if so told; a `Left` for a net, a loss, a metric or
 * an optimizer that does not fit.
 */
export const programs = (recipe: AnyRecipe, weighted = false): E.Either<ShapeError, Programs> => {
  const training = elaborated(recipe, 'train')
  if (E.isLeft(training)) return training
  const inference = elaborated(recipe, 'infer')
  if (E.isLeft(inference)) return inference
  const { variables, draws } = training.right
  const trained = trainedOf(training.right)
  const stages = Stage.slotsOf(recipe.optimizer)
  const optimizerSlots = [
    ...Stage.scalarsOf(recipe.optimizer).map(({ name, init }) => ({
      name: scalarName(name),
      type: tensorType('f64'),
      init,
    })),
    ...stages.flatMap(({ name, init }) =>
      trained.map(v => ({ name: slotName(name, v.path), type: tensorType('f32', v.shape), init })),
    ),
  ]
  const others = new Set([...optimizerSlots.map(s => s.name), ...draws.map(keySlot)])
  const clash = variables.find(v => others.has(v.path))
  if (clash)
    return E.left(shapeError(clash.path, 'the state has a slot of this name; give the layer or its scope another'))
  return E.map(
    (train: Wanted): Programs => ({
      inputs: [
        ...Object.keys(netInputs(recipe)),
        labelInput,
        ...(hasShares(recipe) ? [softInput] : []),
        ...(weighted ? [weightInput] : []),
        ...Stage.watchedBy(recipe.optimizer).map(judgedInput),
      ],
      slots: [
        { name: 'step', type: tensorType('f64') },
        ...variables.map(v => ({ name: v.path, type: tensorType('f32', v.shape) })),
        ...optimizerSlots.map(({ name, type }) => ({ name, type })),
        ...draws.map(path => ({ name: keySlot(path), type: tensorType('i32', [2]) })),
      ],
      variables,
      fills: new Map([['step', 0] as const, ...optimizerSlots.map(s => [s.name, s.init] as const)]),
      draws,
      train,
      judge: judgeEpoch(recipe),
      evaluate: { results: reports(recipe, inference.right, weighted, 'infer'), updates: {} },
    }),
  )(trainStep(recipe, training.right, weighted))
}
