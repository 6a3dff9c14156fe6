/** What the figures share: the palette, axes, and the parts that pictures are made of. */
import type { TopLevelSpec } from 'vega-lite'

/** A figure: what it computes with gradus, and how that is drawn. */
export interface Figure<D> {
  /** the name of its file, without `.svg` */
  readonly name: string
  /** one sentence that says what there is to see, for those who cannot see it */
  readonly about: string
  // methods, so that a list may hold figures of different data
  data(): Promise<D>
  spec(data: D): TopLevelSpec
}

/** Okabe & Ito's palette, which the color-blind can tell apart, but for its yellow and pink. */
export const color = {
  blue: '#0072b2',
  orange: '#e69f00',
  green: '#009e73',
  red: '#d55e00',
  sky: '#56b4e9',
  ink: '#1f2430',
  gray: '#6b7280',
  faint: '#e5e7eb',
} as const

/** The title of one of several panels. */
export const panel = (text: string, ink: string = color.ink) => ({ text, color: ink, fontSize: 14, offset: 6 })

/** A field on a linear axis; the first and last number of the domain are its ends. */
export const linear = (field: string, domain: readonly number[], axis: object = {}) => ({
  field,
  type: 'quantitative' as const,
  scale: { domain: [...domain], nice: false },
  axis: { title: null, ...axis },
})

/** A field on a logarithmic axis. */
export const logarithmic = (field: string, domain: readonly number[], axis: object = {}) => ({
  field,
  type: 'quantitative' as const,
  scale: { type: 'log' as const, domain: [...domain], nice: false },
  axis: { title: null, ...axis },
})

const raised = (e: number): string => [...`${e}`].map(c => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)]).join('')
const power = (e: number): string => (e === 0 ? '1' : `10${raised(e)}`)

/** Settings of a logarithmic axis that is labeled at these powers of ten. */
export const powers = (...exponents: readonly number[]) => ({
  values: exponents.map(e => 10 ** e),
  labelExpr: `(${JSON.stringify(Object.fromEntries(exponents.map(e => [e, power(e)])))})[round(log(datum.value) / LN10)]`,
})

/** Where the marks of a layer are. */
type Encoding<X, Y> = { readonly x: X; readonly y: Y }

/** A line through points of the fields that `at` names. */
export const line = <X, Y, E extends object>(
  points: readonly object[],
  at: Encoding<X, Y> & E,
  ink: string,
  settings: object = {},
) => ({
  data: { values: [...points] },
  mark: { type: 'line' as const, color: ink, clip: true, ...settings },
  encoding: at,
})

/** Words at a point, instead of a legend. */
export const words = <X, Y>(
  point: object | undefined,
  at: Encoding<X, Y>,
  text: string | string[],
  ink: string,
  settings: object = {},
) => ({
  data: { values: point ? [point] : [] },
  mark: { type: 'text' as const, text, color: ink, align: 'left' as const, dx: 8, lineHeight: 17, ...settings },
  encoding: at,
})

/** Dots at points. */
export const dots = <X, Y>(points: readonly object[], at: Encoding<X, Y>, ink: string, settings: object = {}) => ({
  data: { values: [...points] },
  mark: { type: 'point' as const, filled: true, opacity: 1, color: ink, ...settings },
  encoding: at,
})

/** Lines across the whole panel where the field has these values. */
export const rules = (axis: 'x' | 'y', values: readonly number[], settings: object = {}) => ({
  data: { values: values.map(value => ({ value })) },
  mark: { type: 'rule' as const, color: color.gray, strokeDash: [4, 4], ...settings },
  encoding: { [axis]: { field: 'value', type: 'quantitative' as const } },
})

/** Numbers from `from` to `to`, `count` of them. */
export const range = (from: number, to: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1))

type Point = readonly [x: number, y: number]

/**
 * The points that a line through all of them needs, to within `tolerance` of the extents in x and y (Douglas & Peucker
 * 1973).
 */
export const thin = (points: readonly Point[], tolerance = 0.001): readonly Point[] => {
  const extent = (axis: 0 | 1): number => {
    const all = points.map(p => p[axis])
    return Math.max(...all) - Math.min(...all) || 1
  }
  const [width, height] = [extent(0), extent(1)]
  const kept = (part: readonly Point[]): readonly Point[] => {
    const [a, b] = [part[0], part[part.length - 1]]
    if (!a || !b || part.length < 3) return part.slice(0, -1)
    const [dx, dy] = [(b[0] - a[0]) / width, (b[1] - a[1]) / height]
    const off = part.map(
      ([x, y]) => Math.abs(((x - a[0]) / width) * dy - ((y - a[1]) / height) * dx) / Math.hypot(dx, dy),
    )
    const far = off.indexOf(Math.max(...off))
    return (off[far] ?? 0) > tolerance ? [...kept(part.slice(0, far + 1)), ...kept(part.slice(far))] : [a]
  }
  return [...kept(points), ...points.slice(-1)]
}
