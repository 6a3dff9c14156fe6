/** The f64 kernels at points drawn where they are used, against exact values. */
import { type Compiled, compile } from '../../support/asc.js'
import * as exact from './exact.js'
import { generator } from './generator.js'

interface Sampled {
  /** the largest error in ULPs that the points of `npm run ulps` showed, rounded up to 2 decimals */
  readonly most: number
  /** arguments from three numbers in [0, 1) */
  readonly point: (u: number, v: number, w: number) => readonly number[]
  readonly exact: (x: number, y: number) => exact.Exact
}

/** x and y with x^y = 2^log2. */
const power = (u: number, v: number, log2: number): readonly number[] => {
  const x = within(1, 2, u) * 2 ** Math.floor(within(-300, 300, v))
  return [x, log2 / Math.log2(x)]
}
const within = (low: number, high: number, u: number): number => low + (high - low) * u

export const scalars = {
  exp: {
    most: 0.84,
    point: (u, v) => [v < 0.5 ? within(-745, 709.7, u) : within(-1, 1, u)],
    exact: exact.exp,
  },
  log: {
    most: 0.76,
    point: (u, v, w) => [w < 0.5 ? within(1, 2, u) * 2 ** Math.floor(within(-1022, 1024, v)) : within(0.5, 2, u)],
    exact: exact.log,
  },
  cos: {
    most: 0.72,
    // near a zero of cos, near a multiple of pi, anywhere
    point: (u, v, w) => [
      w < 0.3 ? (Math.floor(31000 * u) + 0.5) * Math.PI : within(w < 0.6 ? -4 : -1e5, w < 0.6 ? 4 : 1e5, v),
    ],
    exact: exact.cos,
  },
  pow: {
    most: 23.86,
    point: (u, v, w) => power(u, v, 1000 * (2 * w - 1)),
    exact: exact.pow,
  },
  /** decays of step counters, and whatever lies within 2^-32 and 2^32 */
  nearPow: {
    most: 1.11,
    point: (u, v, w) =>
      w < 0.5
        ? [within(0.5, 1, u), Math.floor(within(0, 20000, v)) / 20000 / (w < 0.1 ? 1 : within(0.001, 1, u))]
        : power(u, v, 64 * (2 * w - 1.5)),
    exact: exact.pow,
  },
} satisfies Readonly<Record<string, Sampled>>

/** So many `npm run ulps` takes. */
export const points = 50_000

export type Scalar = keyof typeof scalars
export const scalarNames = Object.keys(scalars) as readonly Scalar[]

export const scalarKernels = (): Promise<Compiled> =>
  compile(`import * as op from './assembly/elementwise/index'
export function exp(x: f64, y: f64): f64 { return op.exp_f64(x) }
export function log(x: f64, y: f64): f64 { return op.log_f64(x) }
export function cos(x: f64, y: f64): f64 { return op.cos_f64(x) }
export function pow(x: f64, y: f64): f64 { return op.pow_f64(x, y) }
export function nearPow(x: f64, y: f64): f64 { return op.pow_f64(x, y) }`)

/** The largest error over so many points, which are the first of one fixed sequence, and where. */
export const sample = ({ call }: Compiled, name: Scalar, count: number) => {
  const next = generator(4)
  const unit = (): number => next() / 2 ** 32 + next() / 2 ** 64
  const { point, exact: truth }: Sampled = scalars[name]
  let worst = { most: 0, at: [0, 0] as readonly number[] }
  for (let i = 0; i < count; i++) {
    const [x = 0, y = 0] = point(unit(), unit(), unit())
    const actual = call(name)(x, y)
    const value = truth(x, y)
    // what a double cannot hold is compared elsewhere
    if (!Number.isFinite(actual) || actual === 0) continue
    const error = exact.ulps64(actual, value)
    if (error > worst.most) worst = { most: error, at: [x, y] }
  }
  return worst
}
