/** decode . encode = id, through JSON text, for settings, nets, recipes and whatever has a codec. */
import * as E from '#fp/Either.js'
import type * as t from '#io/index.js'
import { explain } from '../graph/settings.js'
import { type Checked, fault, passed } from './Fault.js'

/** Plain data as text: without definitions, keys in order. */
const text = (u: unknown): string =>
  JSON.stringify(u, (key, v: unknown) => {
    if (key === 'def') return undefined
    if (typeof v === 'number' && (Object.is(v, -0) || !Number.isFinite(v))) return Object.is(v, -0) ? '-0' : `${v}`
    return typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v
  }) ?? 'undefined'

const short = (s: string): string => (s.length > 200 ? `${s.slice(0, 200)}...` : s)

/**
 * Whether a value comes back from JSON as it was, and encodes as before. Values are compared as plain data, or by
 * `show`, which gives the text in which values that differ must differ.
 */
export const checkRoundTrip = <A>(
  path: string,
  codec: t.Type<A, unknown>,
  value: A,
  show: (a: A) => string = text,
): Checked => {
  const json = JSON.stringify(codec.encode(value))
  if (json === undefined) return fault(path, 'it encodes to nothing that JSON can hold')
  const decoded = codec.decode(JSON.parse(json))
  if (E.isLeft(decoded)) return fault(path, `its JSON ${short(json)} is refused: ${explain(decoded.left)}`)
  const [before, after] = [show(value), show(decoded.right)]
  if (before !== after) return fault(path, `${short(before)} comes back from JSON as ${short(after)}`)
  const again = JSON.stringify(codec.encode(decoded.right))
  return again === json ? passed : fault(path, `its JSON ${short(json)} is encoded again as ${short(again)}`)
}
