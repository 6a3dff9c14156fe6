/**
 * One number or one class label out of untrusted data. These run once for every field of a file, so they answer
 * with the number, or with a string that says what is wrong, rather than with an `Either`.
 */
import { quote } from './DataError.js'
import type { Class, Label } from './Label.js'

/** The number, or the complaint. */
export type Read = (raw: unknown) => number | string

const DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i
const NOT_FINITE = /^\s*([+-]?(nan|inf|infinity))\s*$/i

const describe = (raw: unknown): string =>
  typeof raw === 'string' ? quote(raw) : raw === null || typeof raw !== 'object' ? String(raw) : 'a list or an object'

// Complaints are written in one place, behind the check: V8 makes the text of a number that two branches use before
// both of them, for every number.

const notFinite = (raw: unknown): string => {
  if (typeof raw !== 'number') return `${describe(raw)} is not a number`
  return `${raw} ${Number.isFinite(raw) ? 'is too large for a 32-bit float' : 'is not allowed: every value must be finite'}`
}

/** A number that float32 can hold: neither NaN nor infinite, not even after rounding. */
export const finite: Read = raw => (typeof raw === 'number' && Number.isFinite(Math.fround(raw)) ? raw : notFinite(raw))

/** The same from text, in decimal or scientific notation, with spaces around it. */
export const finiteText = (raw: string): number | string => {
  if (DECIMAL.test(raw)) return finite(Number(raw))
  const special = NOT_FINITE.exec(raw)
  return special === null ? `${quote(raw)} is not a number` : `${special[1]} is not allowed: every value must be finite`
}

const noClass = (classes: number, raw: number): string =>
  `the label ${raw} is ${Number.isInteger(raw) ? `out of range: ${classes} classes are labeled 0 to ${classes - 1}` : 'not an integer'}`

const classNumber = (classes: number, raw: number): number | string =>
  Number.isInteger(raw) && raw >= 0 && raw < classes ? raw : noClass(classes, raw)

/** Text whose number, once read, is an integer: `3`, `3.0`, `3e0`. */
const isInteger = (raw: string): boolean => DECIMAL.test(raw) && Number.isInteger(Number(raw))

/**
 * Reads class labels: integers in [0, classes), or names. Text is looked up among the names first; text that is an
 * integer counts as a number, unless a name is itself an integer.
 */
export const classReader = (label: Class<number>): Read => {
  const ids = new Map((label.names ?? []).map((name, id) => [name, id]))
  const namesAreNumbers = (label.names ?? []).some(isInteger)
  return raw => {
    if (typeof raw === 'number') return classNumber(label.classes, raw)
    if (typeof raw !== 'string') return `the label ${describe(raw)} is neither a number nor a name`
    const id = ids.get(raw) ?? ids.get(raw.trim())
    if (id !== undefined) return id
    if (isInteger(raw) && !namesAreNumbers) return classNumber(label.classes, Number(raw))
    return ids.size === 0
      ? `the label ${quote(raw)} is not an integer`
      : `the label ${quote(raw)} is none of the names ${[...ids.keys()].slice(0, 10).map(quote).join(', ')}`
  }
}

/** Numbers a row has for its label. */
export const labelSize = (label: Label): number =>
  label.target === 'class' ? 1 : label.shape.reduce((n, d) => n * d, 1)
