/**
 * Reading of an operation's attributes. They are set by the operation's own constructor, so one that is missing or of
 * another kind is a bug, and throws.
 */
import type { Attr, Attrs } from './Op.js'
import { show } from './settings.js'

interface Kinds {
  readonly number: number
  readonly numbers: readonly number[]
}

type Read<S extends { readonly [name: string]: keyof Kinds }> = { readonly [k in keyof S]: Kinds[S[k]] }

const is: { readonly [k in keyof Kinds]: (a: Attr | undefined) => boolean } = {
  number: a => typeof a === 'number',
  numbers: a => Array.isArray(a) && a.every(n => typeof n === 'number'),
}

/** A reader of these attributes, and no others: `reader({ axis: 'number' })(attrs).axis`. */
export const reader =
  <const S extends { readonly [name: string]: keyof Kinds }>(kinds: S) =>
  (attrs: Attrs): Read<S> =>
    Object.fromEntries(
      Object.entries(kinds).map(([name, kind]) => {
        const value = attrs[name]
        if (!is[kind](value)) throw new TypeError(`the attribute ${name} must be ${kind}, but it is ${show(value)}`)
        return [name, value]
      }),
    ) as Read<S>
