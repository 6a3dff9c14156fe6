/**
 * The learning-rate range test (Smith 2017, "Cyclical Learning Rates for Training Neural Networks", 3.3; the smoothing
 * and the limit are those of Gugger 2018 and fastai's finder): a short run whose rate rises from step to step, and the
 * loss at each. With n steps, t = 0 ... n - 1, raw losses l and the smoothing b,
 *
 *     rate        low (high / low)^(t / (n - 1)), or linear
 *     smoothed    s_t = a_t / (1 - b^(t+1))        a_t = b a_(t-1) + (1 - b) l_t, a_-1 = 0
 *     diverged    the first l_t that is not finite, or s_t - m > (limit - 1) |m|, m the lowest s before t > 0
 *     steepest    where (s_(t+1) - s_(t-1)) / 2 is lowest, if it is negative there
 *
 * The slope is by the step, that is by the logarithm of an exponential rate, as it is usually drawn.
 */
import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import * as Batches from '../data/Batches.js'
import type { Label } from '../data/Label.js'
import type { Optimizer } from '../optim/Optimizer.js'
import * as Schedule from '../optim/Schedule.js'
import { withRate } from '../optim/withRate.js'
import { batchesPerUpdate } from '../optim/wrap.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { type FitError, type RecipeError, recipeError } from './errors.js'
import { fits } from './feed.js'
import type { Target } from './Metric.js'
import { type AnyRecipe, check, type Recipe } from './Recipe.js'
import { type Session, session } from './Session.js'
import { type Supply, supply } from './supply.js'
import type { Targets } from './targets.js'
import type { Split } from './watch.js'

export interface RangeOptions {
  /** the first rate, > 0; default 1e-7 */
  readonly low?: number
  /** the last rate, > low; default 10 */
  readonly high?: number
  /** updates, whole, >= 3; default 100; as many epochs as they take */
  readonly steps?: number
  /** how the rate rises; default exponential */
  readonly form?: 'exponential' | 'linear'
  /** in [0, 1); default 0.98 */
  readonly smoothing?: number
  /** how many times the lowest smoothed loss counts as divergence, > 1; default 4 */
  readonly limit?: number
  /** how many of the first points cannot be the steepest, where the smoothed loss is still noise; default steps / 10 */
  readonly skip?: number
}

/** What a range test saw, up to its end or to where the loss diverged. */
export interface RangeTest {
  readonly rates: readonly number[]
  /** the batches' losses before each update, all finite */
  readonly losses: readonly number[]
  readonly smoothed: readonly number[]
  /** the rate at which the smoothed loss falls fastest: a suggestion; null where it never falls */
  readonly steepest: number | null
  /** the rate of the lowest smoothed loss: too high to train with, a bound */
  readonly lowest: number | null
  /** where the test ended before its time; `step` counts from 1 */
  readonly diverged: { readonly step: number; readonly rate: number } | null
}

const filled = (o: RangeOptions) => {
  const steps = o.steps ?? 100
  return {
    low: o.low ?? 1e-7,
    high: o.high ?? 10,
    steps,
    form: o.form ?? 'exponential',
    smoothing: o.smoothing ?? 0.98,
    limit: o.limit ?? 4,
    skip: o.skip ?? Math.floor(steps / 10),
  }
}
type Settings = ReturnType<typeof filled>

const complaint = ({ low, high, steps, form, smoothing, limit, skip }: Settings): string | null => {
  const is = (name: string, holds: boolean, must: string, value: number | string): string | null =>
    holds ? null : `rangeTest: ${name} must be ${must}, but it is ${value}`
  return (
    is('low', low > 0 && Number.isFinite(low), 'a number > 0', low) ??
    is('high', high > low && Number.isFinite(high / low), `a number > low, ${low}`, high) ??
    is('steps', Number.isSafeInteger(steps) && steps >= 3, 'a whole number >= 3', steps) ??
    is('form', form === 'exponential' || form === 'linear', '"exponential" or "linear"', form) ??
    is('smoothing', smoothing >= 0 && smoothing < 1, 'a number in [0, 1)', smoothing) ??
    is('limit', limit > 1, 'a number > 1', limit) ??
    is('skip', Number.isSafeInteger(skip) && skip >= 0, 'a whole number >= 0', skip)
  )
}

/** The rate at each step. */
const risingRate = ({ low, high, steps, form }: Settings): Schedule.Schedule =>
  form === 'linear'
    ? Schedule.linear({ initial: low, final: high, steps: steps - 1 })
    : Schedule.exponential({ initial: low, decay: high / low, steps: steps - 1 })

/** The losses of some updates, one of them the mean over its batches, each with its rate; for as long as they are finite. */
function* measure(s: Session, supplied: Supply, sizes: readonly number[], updates: number) {
  const { machine, recipe } = s
  const turns = batchesPerUpdate(recipe.optimizer)
  let [batch, sum] = [0, 0] // local mutation: the run's place, and the losses of the update that was begun
  for (let epoch = 0; batch < updates * turns; epoch++) {
    supplied.begin(machine, epoch, 0)
    for (const rows of sizes) {
      supplied.next(machine, rows)
      machine.repeat('train', 'train', rows, 1)
      const { loss, rate } = machine.read('train', rows)
      sum += loss?.[0] ?? Number.NaN
      batch++
      if (!Number.isFinite(sum) || batch % turns === 0) {
        yield { rate: rate?.[0] ?? Number.NaN, loss: sum / turns }
        sum = 0
      }
      if (batch === updates * turns) return
    }
  }
}

const steepestOf = ({ skip }: Settings, rates: readonly number[], smoothed: readonly number[]): number | null => {
  let [best, lowest]: [number | null, number] = [null, 0] // local mutation: the lowest slope so far
  for (let i = Math.max(skip, 1); i + 1 < smoothed.length; i++) {
    const slope = ((smoothed[i + 1] as number) - (smoothed[i - 1] as number)) / 2
    if (slope < lowest) [best, lowest] = [rates[i] as number, slope]
  }
  return best
}

/** The points, smoothed, until the loss diverges. */
const judge = (o: Settings, points: Iterable<{ readonly rate: number; readonly loss: number }>): RangeTest => {
  const [rates, losses, smoothed]: [number[], number[], number[]] = [[], [], []] // local mutation: the fold
  let [average, left] = [0, 1]
  let lowest: { readonly rate: number; readonly value: number } | null = null
  let diverged: RangeTest['diverged'] = null
  for (const { rate, loss } of points) {
    if (!Number.isFinite(loss)) {
      diverged = { step: losses.length + 1, rate }
      break
    }
    average = o.smoothing * average + (1 - o.smoothing) * loss
    left *= o.smoothing
    const value = average / (1 - left)
    rates.push(rate)
    losses.push(loss)
    smoothed.push(value)
    if (lowest && value - lowest.value > (o.limit - 1) * Math.abs(lowest.value)) {
      diverged = { step: losses.length, rate }
      break
    }
    if (!lowest || value < lowest.value) lowest = { rate, value }
  }
  const steepest = steepestOf(o, rates, smoothed)
  return { rates, losses, smoothed, steepest, lowest: lowest?.rate ?? null, diverged }
}

/** The recipe with a rising rate, and nothing that only `fit` uses. */
const rising = (recipe: AnyRecipe, o: Settings): E.Either<RecipeError, AnyRecipe> => {
  const wrong = complaint(o)
  if (wrong !== null) return E.left(recipeError(wrong))
  return E.bimap(
    ({ message }: { readonly message: string }) => recipeError(`rangeTest: ${message}`),
    (optimizer: Optimizer): AnyRecipe => {
      const { average: _, weightedMetrics: __, ...rest } = recipe
      return { ...rest, optimizer, metrics: [], stop: [] }
    },
  )(withRate(recipe.optimizer, risingRate(o)))
}

/**
 * Trains the recipe's net from its initial state with a rate that rises from `low` to `high`, in the recipe's order and
 * batches, with its optimizer but for the schedule (every learning rate follows the test's, a plateau is left out), and tells how the loss went. A state of
 * its own: nothing else changes. Deterministic. A `Left` for settings or data that do not fit.
 *
 *     const { steepest } = orThrow(await Trainer.rangeTest(recipe)({ train })())
 */
export const rangeTest =
  <I extends Inputs, O extends Shape, K extends Target>(recipe: Recipe<I, O, K>, options: RangeOptions = {}) =>
  ({ train }: Pick<Split<I, Targets<O>[K] & Label>, 'train'>): TaskEither<FitError, RangeTest> =>
  async () => {
    const sound = check(recipe)
    if (E.isLeft(sound)) return sound
    const o = filled(options)
    const changed = rising(recipe, o)
    if (E.isLeft(changed)) return changed
    const data = fits(recipe, train)
    if (E.isLeft(data)) return data
    const sizes = Batches.sizes(recipe.batching, data.right.size, recipe.batch)
    if (E.isLeft(sizes)) return sizes
    const { right: cut } = sizes
    const weighted = data.right.weights !== null
    const supplied = supply({ recipe, weighted }, data.right, Math.max(...cut))
    const compiled = session(changed.right, Math.max(...cut), { resident: { train: supplied.resident }, weighted })
    if (E.isLeft(compiled)) return compiled
    const s = compiled.right
    const state = s.init()
    if (E.isLeft(state)) return state
    const started = s.adopt(state.right)
    return E.isLeft(started) ? started : E.right(judge(o, measure(s, supplied, cut, o.steps)))
  }
