/**
 * Metrics: numbers to look at, as data. A metric's meaning is an expression for every example; what is reported is the
 * mean over the examples.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Expr } from '../graph/Expr.js'
import type { Definition, Spec } from '../graph/Spec.js'
import { erase, nothing } from '../graph/settings.js'
import { encodeSpec, specCodec } from '../graph/specCodec.js'
import { abs, mul, sub } from '../op/arithmetic.js'
import { argmax, mean } from '../op/reduce.js'
import { cast, eq } from '../op/select.js'
import type { Target } from '../shape/Dims.js'

export type { Target }

export interface MetricDefinition extends Definition {
  /** the name it is reported under */
  readonly name: string
  /** whether larger is better */
  readonly rising: boolean
  readonly target: Target
  /** output [rows, ...o], label i32 [rows] for classes or f32 [rows, ...o] for values; gives f32 [rows] */
  readonly compute: (output: Expr, label: Expr) => Expr
}

export interface Metric<K extends Target> extends Spec<'metric'> {
  readonly target: K
  readonly def: MetricDefinition
}

interface MetricDef<K extends Target> extends Omit<MetricDefinition, 'config' | 'target'> {
  readonly target: K
}

/** Declares a metric without settings. */
export const define = <K extends Target>(def: MetricDef<K>): (() => Metric<K>) & { readonly def: MetricDefinition } => {
  const definition: MetricDefinition = { ...def, config: erase(nothing) }
  const metric: Metric<K> = { of: 'metric', kind: def.kind, config: null, target: def.target, def: definition }
  return Object.assign(() => metric, { def: definition })
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

/** A metric as JSON, bound to one of the definitions. */
export const codec = (among: readonly MetricDefinition[]): t.Type<Metric<Target>, unknown> => {
  const spec = specCodec('metric', among, {})
  return new t.Type<Metric<Target>, unknown>(
    'metric',
    (u): u is Metric<Target> => spec.is(u),
    (u, context) => {
      const bound = spec.validate(u, context)
      if (E.isLeft(bound)) return bound
      const { kind, config, def } = bound.right
      return def
        ? t.success<Metric<Target>>({ of: 'metric', kind, config, target: def.target, def })
        : t.failure(u, context)
    },
    encodeSpec,
  )
}

/** The definitions of this module, for decoding. */
export const definitions: readonly MetricDefinition[] = [accuracy.def, mae.def, mse.def]
