/**
 * Statistics of a network in a state: what passes through its layers, forwards and backwards, and what the optimizer
 * would do. Plain data; the state is read, never written.
 *
 * With y the output of a layer for the rows given and L the loss that the recipe reports of them (a mean over the rows):
 *
 *     activation   the numbers y
 *     gradient     the numbers dL/dy, through this use of y only
 *     dead         of the units, the elements of one row's y, the share that is <= 0 in every row: behind a ReLU the
 *                  dead ones, which no row given moves
 *     update       what the optimizer would subtract from a parameter p (Bengio 2012, 3.3: about a thousandth of p)
 *     ratio        |update| / |p|
 *
 * In mode `train` all is as the next step on the batch would compute it: its masks, the batch's statistics; the
 * parameters' gradients have the bits of that step. In mode `infer` it is as in the model: each row by itself, moving
 * statistics; then the rows may be any number, and sums over them go on in float64.
 *
 * Sources: Glorot & Bengio 2010 (variance of activations and gradients by layer); Lu et al. 2019 (dead ReLUs).
 */
import * as E from '#fp/Either.js'
import { type Machine, machine } from '../backend/machine.js'
import type { Bits } from '../backend/numbers.js'
import { type DataError, refuse } from '../data/DataError.js'
import type { Expr } from '../graph/Expr.js'
import type { Variable } from '../nn/elaborate.js'
import { identity } from '../op/identity.js'
import type { Shape } from '../shape/Dims.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { sizeOf } from '../shape/TensorType.js'
import { grad } from '../transform/Grad.js'
import { type Bins, binsComplaint, type Distribution, distributionOf, gatherer } from './Distribution.js'
import type { StepError } from './errors.js'
import { type AnyData, accepts, batchOf, inputsOf } from './feed.js'
import type { Phases, Updates } from './phases.js'
import { elaborated, type Mode, reports, trainedOf, variableParam } from './programs.js'
import { isShown, type Metrics, meansOf, metricsOf } from './reported.js'
import type { Session } from './Session.js'
import type { State } from './State.js'
import { values } from './values.js'
import { countOf } from './weighting.js'

type Kind = 'activations' | 'gradients' | 'parameters' | 'updates'

export interface StatisticsOptions {
  /** default `train` */
  readonly mode?: Mode
  /** of the histograms: numbers of bins, or edges; 30 bins where nothing is given */
  readonly bins?: { readonly [kind in Kind]?: Bins }
}

/** A layer's output, at one place of the net. */
export interface LayerStatistics {
  /** layers that share their parameters share their path; then each place has its own statistics, in order */
  readonly path: string
  readonly kind: string
  /** of one row's output */
  readonly shape: Shape
  readonly activation: Distribution
  readonly gradient: Distribution
  readonly dead: number
}

export interface ParameterStatistics {
  readonly shape: Shape
  readonly value: Distribution
  readonly gradient: Distribution
  readonly update: Distribution
  /** |update| / |value|; null where the value is 0 */
  readonly ratio: number | null
}

export interface Statistics {
  /** steps that the state has taken */
  readonly step: number
  readonly mode: Mode
  readonly rows: number
  /** loss, metrics and the rate of the next step */
  readonly metrics: Metrics
  /** in topological order */
  readonly layers: readonly LayerStatistics[]
  /** those that are trained, by path */
  readonly parameters: Readonly<Record<string, ParameterStatistics>>
  /** the norm of all parameters' gradients together, before the stages */
  readonly gradientNorm: number
}

interface Place extends Pick<LayerStatistics, 'path' | 'kind' | 'shape'> {
  readonly output: Expr
}

/** The program of a mode, on a machine of its own. */
interface Observer {
  readonly machine: Machine
  readonly layers: readonly Place[]
  readonly trained: readonly Variable[]
  readonly reported: readonly string[]
}

const metricName = (name: string): string => `metric/${name}`
const activationName = (place: number): string => `activation/${place}`
const slopeName = (place: number): string => `slope/${place}`
const gradientName = (path: string): string => `gradient/${path}`

const observer = (
  { recipe, programs: { slots }, rows, weighted, relaxed, winograd }: Session,
  mode: Mode,
): E.Either<ShapeError, Observer> => {
  const net = elaborated(recipe, mode)
  if (E.isLeft(net)) return net
  const layers: Place[] = [] // local mutation: grows while the net is walked
  const tapped = elaborated(recipe, mode, (layer, y) => {
    const output = identity(y, `${layers.length}`)
    layers.push({ ...layer, output })
    return output
  })
  if (E.isLeft(tapped)) return tapped
  const trained = trainedOf(net.right)
  const seen = reports(recipe, net.right, weighted, mode)
  const plain = grad(seen.loss, trained.map(variableParam))
  if (E.isLeft(plain)) return plain
  const through = grad(
    reports(recipe, tapped.right, weighted, mode).loss,
    layers.map(l => l.output),
  )
  if (E.isLeft(through)) return through
  const results = Object.fromEntries([
    ...Object.entries(seen).map(([name, e]) => [metricName(name), e] as const),
    ...layers.map((l, i) => [activationName(i), l.output] as const),
    ...through.right.gradients.map((g, i) => [slopeName(i), g] as const),
    ...plain.right.gradients.map((g, i) => [gradientName((trained[i] as Variable).path), g] as const),
  ])
  return E.map((m: Machine): Observer => ({ machine: m, layers, trained, reported: Object.keys(seen) }))(
    machine({ rows, state: slots, programs: { observe: { results, updates: {} } }, relaxed, winograd }),
  )
}

/** The results of some of the rows, and their share in the loss of all. */
interface Part {
  readonly rows: number
  readonly share: number
  readonly results: Readonly<Record<string, Bits>>
}

/** The parts of the data, as often as they are asked for; what fits in one part is computed once. */
const partsOf = (s: Session, { machine: m }: Observer, mode: Mode, data: AnyData): (() => Iterable<Part>) => {
  const run = (from: number, to: number) => m.run('observe', to - from, inputsOf(s, mode, data, from, to))
  if (data.size <= s.rows) {
    const only = [{ rows: data.size, share: 1, results: run(0, data.size) }]
    return () => only
  }
  const total = countOf(s.recipe, data, 0, data.size)
  return function* () {
    for (let from = 0; from < data.size; from += s.rows) {
      const to = Math.min(from + s.rows, data.size)
      const share = total === 0 ? (to - from) / data.size : countOf(s.recipe, data, from, to) / total
      yield { rows: to - from, share, results: run(from, to) }
    }
  }
}

interface Gathered {
  readonly metrics: Metrics
  readonly layers: readonly LayerStatistics[]
  readonly gradients: Readonly<Record<string, ArrayLike<number>>>
}

/** Counts for every unit whether a row made it positive. */
const mark = (positive: Uint8Array, values: Bits): void => {
  for (let i = 0; i < values.length; i++) if ((values[i] as number) > 0) positive[i % positive.length] = 1
}

/** Local mutation: sums that grow from part to part. */
const gather = (o: Observer, parts: () => Iterable<Part>, bins: Bound): Gathered => {
  const seen = o.layers.map(({ shape }) => ({
    activation: gatherer(bins.activations),
    gradient: gatherer(bins.gradients),
    positive: new Uint8Array(sizeOf(shape)),
  }))
  let metrics: Metrics | null = null
  let rows = 0
  const sums: Record<string, number> = {}
  const gradients = o.trained.map(v => ({ path: v.path, sum: new Float64Array(sizeOf(v.shape)) }))
  const both = (pass: 'first' | 'second', { share, results }: Part): void =>
    seen.forEach(({ activation, gradient }, i) => {
      activation[pass](results[activationName(i)] as Bits)
      gradient[pass](results[slopeName(i)] as Bits, share)
    })
  for (const part of parts()) {
    both('first', part)
    const { share, results } = part
    const reported = o.reported.map(name => [name, results[metricName(name)]?.[0] as number] as const)
    for (const [name, value] of reported) sums[name] = (sums[name] ?? 0) + part.rows * value
    rows += part.rows
    metrics = share === 1 ? metricsOf(reported.filter(([name]) => isShown(name))) : null
    seen.forEach(({ positive }, i) => {
      mark(positive, results[activationName(i)] as Bits)
    })
    for (const { path, sum } of gradients) {
      const g = results[gradientName(path)] as Bits
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + share * (g[i] as number)
    }
  }
  for (const part of parts()) both('second', part)
  return {
    metrics: metrics ?? meansOf(sums, rows),
    layers: o.layers.map(({ path, kind, shape }, i) => {
      const { activation, gradient, positive } = seen[i] as (typeof seen)[0]
      const dead = positive.reduce((n, p) => n - p, positive.length) / positive.length
      return { path, kind, shape, activation: activation.result(), gradient: gradient.result(), dead }
    }),
    gradients: Object.fromEntries(gradients.map(({ path, sum }) => [path, sum])),
  }
}

const kinds = ['activations', 'gradients', 'parameters', 'updates'] as const
type Bound = { readonly [kind in Kind]: Bins }

/** The bins of every kind, or the first that are none. */
const boundBins = (given: StatisticsOptions['bins'] = {}): E.Either<DataError, Bound> => {
  const all = { activations: 30, gradients: 30, parameters: 30, updates: 30, ...given }
  for (const kind of kinds) {
    const wrong = binsComplaint(all[kind])
    if (wrong !== null) return refuse(`statistics: bins of ${kind}: ${wrong}`)
  }
  return E.right(all)
}

/** The statistics of a session's states; a mode's program is compiled when it is first asked for. */
export const statistics = (s: Session, transform: Phases['transform']) => {
  const observers = new Map<Mode, E.Either<ShapeError, Observer>>() // local mutation: kept from the first call on
  const observerOf = (mode: Mode): E.Either<ShapeError, Observer> => {
    const made = observers.get(mode) ?? observer(s, mode)
    observers.set(mode, made)
    return made
  }
  return (
    state: State,
    data: AnyData,
    { mode = 'train', bins }: StatisticsOptions = {},
  ): E.Either<StepError, Statistics> => {
    if (mode !== 'train' && mode !== 'infer')
      return refuse(`statistics: the mode is ${mode}, but must be train or infer`)
    const bound = boundBins(bins)
    if (E.isLeft(bound)) return bound
    const fitting = mode === 'train' ? batchOf(s, data) : accepts(s, data)
    if (E.isLeft(fitting)) return fitting
    const block = s.blockOf(state)
    if (E.isLeft(block)) return block
    const slots = values(state)
    if (E.isLeft(slots)) return slots
    const made = observerOf(mode)
    if (E.isLeft(made)) return made
    const o = made.right
    o.machine.writeState(block.right)
    const { metrics, layers, gradients } = gather(o, partsOf(s, o, mode, data), bound.right)
    const given = Object.fromEntries(Object.entries(gradients).map(([path, g]) => [path, { values: g }]))
    return E.map(({ updates, rate }: Updates): Statistics => {
      const parameters = o.trained.map(({ path, shape }): readonly [string, ParameterStatistics] => {
        const value = distributionOf(slots.right[path]?.values ?? [], bound.right.parameters)
        const gradient = distributionOf(gradients[path] ?? [], bound.right.gradients)
        const update = distributionOf(updates[path]?.values ?? [], bound.right.updates)
        return [path, { shape, value, gradient, update, ratio: value.norm === 0 ? null : update.norm / value.norm }]
      })
      const squares = parameters.map(([, p]) => p.gradient.norm * p.gradient.norm)
      return {
        step: state.step,
        mode,
        rows: data.size,
        metrics: { ...metrics, ...(rate !== null && { rate }) },
        layers,
        parameters: Object.fromEntries(parameters),
        gradientNorm: Math.sqrt(squares.reduce((a, b) => a + b, 0)),
      }
    })(transform(state, { metrics, gradients: given }))
  }
}
