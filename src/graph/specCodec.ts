/**
 * Codecs of specs, which name a definition.
 *
 * A spec as JSON is `{ of, kind, config }`. Settings may hold further specs (the rate of an optimizer is a schedule);
 * decoding binds each of them, from the inside out, to the definition of its kind among those given, and only then
 * lets the outer definition's codec look at the settings. Law: decode . encode = id.
 */
import * as E from '#fp/Either.js'
import * as t from '#io/index.js'
import type { Definition, Spec } from './Spec.js'
import { isRecord, show } from './settings.js'

/** Definitions by what they define: `{ stage: [...], schedule: [...] }`. */
export interface Definitions {
  readonly [of: string]: readonly Definition[]
}

/** A spec bound to its definition. */
export type Bound<Of extends string, D extends Definition> = Spec<Of> & { readonly def?: D }

/** Lists and objects nest at most this deep in input that is decoded. */
const maxDepth = 64

/** A spec without its definition, as JSON. */
export const encodeSpec = ({ of, kind, config, def }: Spec<string>): unknown => ({
  of,
  kind,
  config: def ? def.config.encode(config) : config,
})

const at = (context: t.Context, key: string, actual: unknown): t.Context =>
  t.appendContext(context, key, t.unknown, actual)

const validateSpec = <Of extends string, D extends Definition>(
  of: Of,
  definitions: readonly D[],
  all: Definitions,
  u: unknown,
  context: t.Context,
): t.Validation<Bound<Of, D>> => {
  if (!isRecord(u) || u['of'] !== of || typeof u['kind'] !== 'string')
    return t.failure(u, context, `must be a ${of} { "of": "${of}", "kind", "config" }, but it is ${show(u)}`)
  const { kind } = u
  const [def, second] = definitions.filter(d => d.kind === kind)
  if (!def) return t.failure(u, context, `no definition of the ${of} ${show(kind)} was given`)
  if (second) return t.failure(u, context, `two definitions of the ${of} ${show(kind)} were given`)
  if (context.length > maxDepth) return t.failure(u, context, `nests deeper than ${maxDepth} levels`)
  const inner = bindWithin(all, u['config'], context)
  const config = E.isLeft(inner) ? inner : def.config.validate(inner.right, context)
  return E.isLeft(config) ? config : t.success({ of, kind, config: config.right, def })
}

/** Settings with every spec inside them bound to its definition. */
const bindWithin = (all: Definitions, u: unknown, context: t.Context): t.Validation<unknown> => {
  if (typeof u !== 'object' || u === null) return t.success(u)
  if (context.length > maxDepth) return t.failure(u, context, `nests deeper than ${maxDepth} levels`)
  const bound: (readonly [string, unknown])[] = []
  for (const [key, value] of Object.entries(u)) {
    const of = isRecord(value) && typeof value['of'] === 'string' ? value['of'] : ''
    const definitions = Object.hasOwn(all, of) ? all[of] : undefined
    const inner = definitions
      ? validateSpec(of, definitions, all, value, at(context, key, value))
      : bindWithin(all, value, at(context, key, value))
    if (E.isLeft(inner)) return inner
    bound.push([key, inner.right])
  }
  return t.success(Array.isArray(u) ? bound.map(([, value]) => value) : Object.fromEntries(bound))
}

/**
 * Specs of one sort, bound to one of `definitions`; those within their settings to one of `all`. A kind defined twice
 * or not at all, settings out of range and nesting without end are errors.
 */
export const specCodec = <Of extends string, D extends Definition>(
  of: Of,
  definitions: readonly D[],
  all: Definitions,
): t.Type<Bound<Of, D>, unknown> =>
  new t.Type<Bound<Of, D>, unknown>(
    of,
    (u): u is Bound<Of, D> =>
      isRecord(u) && u['of'] === of && definitions.some(d => d === u['def'] && d.config.is(u['config'])),
    (u, context) => validateSpec(of, definitions, all, u, context),
    encodeSpec,
  )
