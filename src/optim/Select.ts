/**
 * Which parameters a setting is for, as data: patterns of their paths.
 *
 * A path is split at `/`, and so is a pattern. In a pattern `*` stands for any characters within a part, `?` for one,
 * and a part `**` for any number of parts, none included: `**` followed by `/b` finds every bias, `hidden/**` all of
 * the scope `hidden`, and `out/*` the parameters of the layer `out`.
 */
import * as t from '#io/index.js'
import { type Expr, invalid } from '../graph/Expr.js'
import { that } from '../graph/settings.js'

/** Parameters that at least one pattern of `include` finds and none of `exclude`. */
export interface Select {
  /** default: all */
  readonly include?: readonly string[]
  /** default: none */
  readonly exclude?: readonly string[]
}

/** A selection with its defaults, as settings hold it. */
export type Selection = Required<Select>

/** The selection with its defaults filled in. */
export const of = ({ include, exclude }: Select): Selection => ({ include: include ?? ['**'], exclude: exclude ?? [] })

/** Biases, scales and shifts of normalization, slopes of PReLU: what decay and trust ratios commonly exempt. */
export const biasesAndScales: readonly string[] = ['**/b', '**/gamma', '**/beta', '**/alpha']

const maxLength = 200

const patterns = that(
  `a list of patterns of at most ${maxLength} characters`,
  (u): u is readonly string[] =>
    Array.isArray(u) && u.every(x => typeof x === 'string' && x.length > 0 && x.length <= maxLength),
)

/** The codecs of a selection's fields, for settings that have more. */
export const props = { include: patterns, exclude: patterns }
/** A selection as settings. */
export const codec: t.Type<Selection, unknown> = t.exact(t.type(props))

/**
 * Whether all items can be consumed by all parts of a pattern, where `many` parts consume any number of items and the
 * others one that `one` accepts: dynamic programming, so that no pattern takes longer than items times parts.
 */
const consumes = <A>(
  parts: readonly A[],
  items: readonly A[],
  many: (part: A) => boolean,
  one: (part: A, item: A) => boolean,
): boolean => {
  // local mutation: reach[i] tells whether the parts so far can consume the first i items
  let reach = items.map(() => false)
  reach.unshift(true)
  for (const part of parts) {
    const next: boolean[] = []
    for (let i = 0; i <= items.length; i++)
      next.push(
        many(part)
          ? reach[i] === true || next[i - 1] === true
          : i > 0 && reach[i - 1] === true && one(part, items[i - 1] as A),
      )
    reach = next
  }
  return reach[items.length] === true
}

const matchesPart = (pattern: string, part: string): boolean =>
  consumes(
    [...pattern],
    [...part],
    p => p === '*',
    (p, c) => p === '?' || p === c,
  )

/** Whether a pattern finds a path. */
export const matches = (pattern: string, path: string): boolean =>
  consumes(pattern.split('/'), path.split('/'), p => p === '**', matchesPart)

/** Whether a parameter is selected. */
export const includes = ({ include, exclude }: Selection, path: string): boolean =>
  include.some(p => matches(p, path)) && !exclude.some(p => matches(p, path))

/** An error for a pattern of `include` that finds nothing; null if all find something, or there are no parameters. */
const lost = ({ include }: Selection, paths: readonly string[]): Expr | null => {
  const bad = paths.length === 0 ? undefined : include.find(p => !paths.some(path => matches(p, path)))
  if (bad === undefined) return null
  const some = paths.length > 3 ? `${paths.slice(0, 3).join(', ')}, ...` : paths.join(', ')
  return invalid('optimizer', `the pattern "${bad}" finds none of the parameters ${some}`)
}

/**
 * `f` of what belongs to the selected parameters, everything else as it is; an `Invalid` where a pattern of `include`
 * finds no parameter.
 */
export const mapSelected = (
  selection: Selection,
  paths: readonly string[],
  values: readonly Expr[],
  f: (value: Expr, i: number) => Expr,
): readonly Expr[] => {
  const bad = lost(selection, paths)
  return values.map((v, i) => bad ?? (includes(selection, paths[i] ?? '') ? f(v, i) : v))
}
