/** The determinism contract, checked for one recipe and its data. */
import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import type { Data } from '../data/Dataset.js'
import * as Dataset from '../data/Dataset.js'
import type { Label } from '../data/Label.js'
import * as Net from '../nn/Net.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { batches } from '../train/feed.js'
import { fit } from '../train/fit.js'
import type { Target } from '../train/Metric.js'
import * as Model from '../train/Model.js'
import * as Recipe from '../train/Recipe.js'
import type * as State from '../train/State.js'
import { standard } from '../train/standard.js'
import { compile, type Trainer } from '../train/Trainer.js'
import type { Targets } from '../train/targets.js'
import { values } from '../train/values.js'
import { type Checked, every, type Fault, fault, inOrder, orFault, passed, place } from './Fault.js'
import { checkRoundTrip } from './roundTrip.js'

export interface DeterminismOptions {
  /** to decode the net with; default `standard`; put your own beside them */
  readonly definitions?: Recipe.Definitions
  /** at how many places the run is stopped and resumed; default 3 */
  readonly stops?: number
}

/** Whether two states are the same to the bit; a fault names the first parameter, slot or statistic that is not. */
export const checkStates = (path: string, a: State.State, b: State.State): Checked => {
  const [x, y] = [orFault(path)(values(a)), orFault(path)(values(b))]
  if (E.isLeft(x)) return x
  if (E.isLeft(y)) return y
  const other = y.right
  return every(Object.entries(x.right), ([name, { shape, values: one }]): Checked => {
    const two = other[name]?.values ?? []
    const i = one.findIndex((v, k) => !Object.is(v, two[k]))
    return i < 0 ? passed : fault(path, `${name} ${place(i, shape)} is ${one[i]}, not ${two[i]}`)
  })
}

const differ = (path: string, a: ArrayLike<number>, b: ArrayLike<number>, what: string): Checked => {
  const i = Array.prototype.findIndex.call(a, (v, k) => !Object.is(v, b[k]))
  return i < 0 && a.length === b.length ? passed : fault(path, `number ${i} is ${a[i]} ${what} ${b[i]}`)
}

const rowsFirst = (data: Data<Inputs, Label>, from: number, to: number) =>
  orFault('data')(Dataset.gather(Array.from({ length: to - from }, (_, i) => from + i))(data))

/** Predictions of rows alone, in parts and all at once. */
const checkPredictions = (model: Model.Model<Inputs, Shape>, data: Data<Inputs, Label>): Checked => {
  const path = 'predict'
  const all = orFault(path)(model.predict(data))
  if (E.isLeft(all)) return all
  const width = all.right.length / data.size
  const alone = Array.from({ length: Math.min(data.size, 8) }, (_, i) => [i, i + 1] as const)
  const half = Math.floor(data.size / 2)
  return every([...alone, [0, half] as const, [half, data.size] as const], ([from, to]): Checked => {
    if (from === to) return passed
    const rows = rowsFirst(data, from, to)
    if (E.isLeft(rows)) return rows
    const part = orFault(path)(model.predict(rows.right))
    if (E.isLeft(part)) return part
    const whole = all.right.subarray(from * width, to * width)
    return differ(path, part.right, whole, `where rows ${from} to ${to} come alone, but among ${data.size}`)
  })
}

const checkLoaded = (
  model: Model.Model<Inputs, Shape>,
  data: Data<Inputs, Label>,
  definitions: Recipe.Definitions,
): Checked => {
  const path = 'saved model'
  const loaded = orFault(path)(Model.load(definitions)(model.save()))
  if (E.isLeft(loaded)) return loaded
  if (Net.hash(loaded.right.net) !== Net.hash(model.net)) return fault(path, 'its net is another once it is loaded')
  const [a, b] = [orFault(path)(loaded.right.predict(data)), orFault(path)(model.predict(data))]
  if (E.isLeft(a)) return a
  return E.isLeft(b) ? b : differ(path, a.right, b.right, 'once it is loaded, but before')
}

type Step = { readonly state: Uint8Array; readonly at: number }

/** Steps by hand through all epochs, saving the state before every step; the last state. */
const walk = <I extends Inputs, O extends Shape, K extends Target>(
  recipe: Recipe.Recipe<I, O, K>,
  trainer: Trainer<I, O, Targets<O>[K] & Label>,
  data: Data<I, Targets<O>[K] & Label>,
): E.Either<Fault, { readonly steps: readonly Step[]; readonly last: State.State }> => {
  const steps: Step[] = [] // local mutation
  let state = trainer.init()
  for (let epoch = 1; epoch <= recipe.epochs; epoch++) {
    const cut = orFault('batches')(batches(recipe, epoch)(data))
    if (E.isLeft(cut)) return cut
    for (const batch of cut.right) {
      const saved = orFault('save')(trainer.save(state))
      if (E.isLeft(saved)) return saved
      steps.push({ state: saved.right, at: state.step })
      const next = orFault(`step ${state.step}`)(trainer.step(state, batch))
      if (E.isLeft(next)) return next
      state = next.right.state
    }
  }
  return E.right({ steps, last: state })
}

/** `count` of the list, spread from its first to its last. */
const spread = <A>(all: readonly A[], count: number): readonly A[] =>
  Array.from({ length: Math.min(count, all.length) }, (_, i) => {
    const at = count < 2 ? 0 : Math.floor((i * (all.length - 1)) / (Math.min(count, all.length) - 1 || 1))
    return all[at] as A
  })

/**
 * Whether a recipe keeps the determinism contract on these data, to the bit: fitted twice it gives the same state; steps
 * by hand over the same batches give it too; so does a run that is stopped, saved and resumed; a state and a model come
 * back from their files as they were; and a row's prediction does not depend on the rows it comes with. The recipe and
 * its net come back from JSON the same. Rules to stop are left out, so that every run has the same length.
 */
export const checkDeterminism =
  <I extends Inputs, O extends Shape, K extends Target>(
    recipe: Recipe.Recipe<I, O, K>,
    { definitions = standard, stops = 3 }: DeterminismOptions = {},
  ) =>
  (data: Data<I, Targets<O>[K] & Label>): TaskEither<Fault, void> =>
  async () => {
    const json = checkRoundTrip('recipe', Recipe.codec(definitions), recipe as Recipe.AnyRecipe, Recipe.hash)
    if (E.isLeft(json)) return json
    const whole = { ...recipe, stop: [] }
    const run = async (path: string, from?: Uint8Array) =>
      orFault(path)(await fit(whole, from ? { from } : {})({ train: data })())
    const [a, b] = [await run('fit'), await run('fit')]
    if (E.isLeft(a)) return a
    if (E.isLeft(b)) return b
    const compiled = orFault('compile')(await compile(whole)())
    if (E.isLeft(compiled)) return compiled
    const trainer = compiled.right
    const restored = (path: string, bytes: Uint8Array) => orFault(path)(trainer.restore(bytes))
    const end = restored('saved state', a.right.state)
    if (E.isLeft(end)) return end
    const same = (path: string, bytes: Uint8Array): Checked => {
      const other = restored(path, bytes)
      return E.isLeft(other) ? other : checkStates(path, other.right, end.right)
    }
    const twice = same('fitted again', b.right.state)
    if (E.isLeft(twice)) return twice
    const stepped = walk(whole, trainer, data)
    if (E.isLeft(stepped)) return stepped
    const byHand = checkStates('stepped by hand', stepped.right.last, end.right)
    if (E.isLeft(byHand)) return byHand
    for (const { state, at } of spread(stepped.right.steps, stops)) {
      const resumed = await run(`resumed at step ${at}`, state)
      if (E.isLeft(resumed)) return resumed
      const found = same(`resumed at step ${at}`, resumed.right.state)
      if (E.isLeft(found)) return found
    }
    const model = a.right as unknown as Model.Model<Inputs, Shape>
    const rows = data as unknown as Data<Inputs, Label>
    return inOrder(
      () => checkPredictions(model, rows),
      () => checkLoaded(model, rows, definitions),
    )
  }
