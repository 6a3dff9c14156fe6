/**
 * Metrics: numbers to look at, as data. A metric's meaning is an expression for every example; what is reported is the
 * mean over the examples.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import { type Expr, invalid } from '../graph/Expr.js'
import type { Definition, Spec } from '../graph/Spec.js'
import { erase, explain, isRecord, nothing, size } from '../graph/settings.js'
import { encodeSpec, specCodec } from '../graph/specCodec.js'
import { abs, mul, sub } from '../op/arithmetic.js'
import { reshape, sum } from '../op/broadcast.js'
import { iota } from '../op/gather.js'
import { argmax, mean } from '../op/reduce.js'
import { cast, eq, le, lt, not, select } from '../op/select.js'
import type { Target } from '../shape/Dims.js'
import { showType } from '../shape/TensorType.js'

export type { Target }

/** A metric that can be reported, its settings filled in. */
export interface Meaning {
  /** the name it is reported under */
  readonly name: string
  /** whether larger is better */
  readonly rising: boolean
  /** output [rows, ...o], label i32 [rows] for classes or f32 [rows, ...o] for values; gives f32 [rows] */
  readonly compute: (output: Expr, label: Expr) => Expr
}

/** What decoding asks for: a kind of metric, and what one of its settings means. */
export interface MetricDefinition extends Definition {
  readonly target: Target
  readonly bind: (config: unknown) => Meaning
}

export interface Metric<K extends Target> extends Spec<'metric'> {
  readonly target: K
  readonly def: MetricDefinition & Meaning
}

interface Kind<K extends Target> {
  /** qualified: `gradus/accuracy`, `acme/overlap` */
  readonly kind: string
  readonly target: K
}

/** What `define` takes. */
export interface MetricDef<K extends Target> extends Kind<K>, Meaning {}

/** What `defineWith` takes. */
export interface MetricDefWith<C, K extends Target> extends Kind<K> {
  readonly config: t.Type<C, unknown>
  /** of settings that `config` accepts; two settings of one kind in a recipe need two names */
  readonly bind: (config: C) => Meaning
}

const refused = (kind: string, why: string): Meaning => ({
  name: kind,
  rising: true,
  compute: () => invalid(`metric/${kind}`, why),
})

/**
 * Declares a metric with settings; the result makes metrics of settings, and `.def` is what decoding asks for. A metric
 * of settings that `config` refuses becomes an `Invalid` expression.
 */
export const defineWith = <C, K extends Target>({
  kind,
  target,
  config,
  bind,
}: MetricDefWith<C, K>): ((settings: C) => Metric<K>) & { readonly def: MetricDefinition } => {
  const def: MetricDefinition = {
    kind,
    target,
    config: erase(config),
    bind: settings => {
      const decoded = config.decode(settings)
      return E.isLeft(decoded) ? refused(kind, explain(decoded.left)) : bind(decoded.right)
    },
  }
  const of = (settings: C): Metric<K> => ({
    of: 'metric',
    kind,
    config: settings,
    target,
    def: { ...def, ...def.bind(settings) },
  })
  return Object.assign(of, { def })
}

/** Declares a metric without settings. */
export const define = <K extends Target>({
  kind,
  target,
  name,
  rising,
  compute,
}: MetricDef<K>): (() => Metric<K>) & { readonly def: MetricDefinition & Meaning } => {
  const meaning: Meaning = { name, rising, compute }
  const metric = defineWith({ kind, target, config: nothing, bind: () => meaning })(null)
  return Object.assign(() => metric, { def: metric.def })
}

/** The mean over all axes but the first. */
const perExample = (x: Expr): Expr => (x.type.shape.length > 1 ? mean(x, x.type.shape.map((_, i) => i).slice(1)) : x)

/** The share of examples whose largest output is at the label; of equal outputs the first counts. */
export const accuracy = define({
  kind: 'gradus/accuracy',
  name: 'accuracy',
  target: 'class',
  rising: true,
  compute: (output, label) => cast(eq(argmax(output), label), 'f32'),
})

const topKOf = defineWith({
  kind: 'gradus/topK',
  target: 'class',
  config: t.type({ k: size }),
  bind: ({ k }) => ({
    name: `top${k}`,
    rising: true,
    compute: (output, label) => {
      const [, classes] = output.type.shape
      if (classes === undefined || output.type.shape.length !== 2)
        return invalid('topK', `expects one number for each class a row, but the net ends in ${showType(output.type)}`)
      if (k > classes) return invalid('topK', `k is ${k}, but there are only ${classes} classes`)
      const at = eq(reshape(label, [-1, 1]), reshape(iota(classes), [1, classes]))
      const own = reshape(sum(select(at, output, 0), [1]), [-1, 1])
      const before = sum(cast(not(le(output, own)), 'f32'), [1])
      return cast(lt(before, k), 'f32')
    },
  }),
})

/**
 * The share of examples with the label among the k largest outputs, reported as `top5` for k = 5: fewer than k outputs
 * are larger than the label's, so of equal outputs all count, as in TensorFlow's in_top_k. An output that is not a
 * number counts as larger, and an example whose own output is none is no hit.
 *
 * @param k - a whole number from 1 to the number of classes
 */
export const topK = (k: number): Metric<'class'> => topKOf({ k })

/** The mean absolute error. */
export const mae = define({
  kind: 'gradus/mae',
  name: 'mae',
  target: 'values',
  rising: false,
  compute: (output, label) => perExample(abs(sub(output, label))),
})

/** The mean squared error. */
export const mse = define({
  kind: 'gradus/mse',
  name: 'mse',
  target: 'values',
  rising: false,
  compute: (output, label) => {
    const d = sub(output, label)
    return perExample(mul(d, d))
  },
})

/** A metric as JSON `{ of, kind, config }`, bound to one of the definitions. Law: decode . encode = id. */
export const codec = (among: readonly MetricDefinition[]): t.Type<Metric<Target>, unknown> => {
  const spec = specCodec('metric', among, {})
  return new t.Type<Metric<Target>, unknown>(
    'metric',
    (u): u is Metric<Target> => {
      if (!isRecord(u) || u['of'] !== 'metric') return false
      const { def, config } = u
      return isRecord(def) && among.some(d => d.bind === def['bind'] && d.config.is(config))
    },
    (u, context) => {
      const bound = spec.validate(u, context)
      if (E.isLeft(bound)) return bound
      const { kind, config, def } = bound.right
      return def
        ? t.success<Metric<Target>>({
            of: 'metric',
            kind,
            config,
            target: def.target,
            def: { ...def, ...def.bind(config) },
          })
        : t.failure(u, context)
    },
    encodeSpec,
  )
}

/** The definitions of this module, for decoding. */
export const definitions: readonly MetricDefinition[] = [accuracy.def, topKOf.def, mae.def, mse.def]
