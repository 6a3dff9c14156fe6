/**
 * The f32 kernels of one argument whose error is measured over all 2^32 bit patterns: the float64 reference of each,
 * the largest error found and where, and how its domain is covered.
 */

export type Unary = (x: number) => number

/** What holds for every float from `from` to `to`, both of one sign, by growing magnitude. */
export interface Piece {
  readonly from: number
  readonly to: number
  /** compared with the reference at every float; or proved to be x itself, or one value */
  readonly is: 'swept' | 'x' | number
}

export interface Measured {
  readonly reference: Unary
  /** the largest error in ULPs of the exact result, rounded up to 4 decimals, and an x that has it */
  readonly most: number
  readonly at: number
  /** all floats but NaN, +0 first; the negative ones are left out of an odd function */
  readonly pieces: readonly Piece[]
  /** f(-x) is f(x) with the other sign, to the bit */
  readonly odd?: true
}

const last = 3.4028234663852886e38
const { NaN: nan } = Number
const inf = Infinity
/** The float after or before x > 0. */
export const neighbor = (x: number, steps: number): number => {
  const bits = new Uint32Array(Float32Array.of(x).buffer)
  bits[0] = (bits[0] as number) + steps
  return new Float32Array(bits.buffer)[0] as number
}
/** Pieces that follow one another: each begins behind the one before it. */
const along = (sign: 1 | -1, ...ends: readonly (readonly [to: number, is: Piece['is']])[]): readonly Piece[] => {
  let from = 0
  return ends.map(([to, is]) => {
    const piece = { from: sign * from, to: sign * to, is }
    from = to === inf ? inf : neighbor(to, 1)
    return piece
  })
}

/** 2 / sqrt(pi) e^(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...), whose terms have one sign. */
const erf: Unary = x => {
  if (Math.abs(x) > 6) return Math.sign(x)
  let [term, total] = [x, x]
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    total += term
  }
  return 1.1283791670955126 * total * Math.exp(-x * x)
}

export const functions = {
  exp: {
    reference: Math.exp,
    most: 0.9992,
    at: -5.850566387176514,
    pieces: [
      ...along(1, [2 ** -25, 1], [89, 'swept'], [inf, inf]),
      ...along(-1, [2 ** -26, 1], [104, 'swept'], [inf, 0]),
    ],
  },
  expm1: {
    reference: Math.expm1,
    most: 1.5677,
    at: 0.38342201709747314,
    pieces: [
      ...along(1, [2 ** -26, 'x'], [89, 'swept'], [inf, inf]),
      ...along(-1, [2 ** -26, 'x'], [50, 'swept'], [inf, -1]),
    ],
  },
  elu: {
    reference: (x: number) => (x <= 0 ? Math.expm1(x) : x),
    most: 0.933,
    at: -0.2875243127346039,
    pieces: [...along(1, [inf, 'x']), ...along(-1, [2 ** -26, 'x'], [50, 'swept'], [inf, -1])],
  },
  log: {
    reference: Math.log,
    most: 0.8399,
    at: 1.4133185148239136,
    pieces: [...along(1, [0, -inf], [last, 'swept'], [inf, inf]), ...along(-1, [0, -inf], [inf, nan])],
  },
  log1p: {
    reference: Math.log1p,
    most: 0.8651,
    at: 0.40803995728492737,
    pieces: [
      ...along(1, [2 ** -26, 'x'], [last, 'swept'], [inf, inf]),
      ...along(-1, [2 ** -26, 'x'], [neighbor(1, -1), 'swept'], [1, -inf], [inf, nan]),
    ],
  },
  tanh: {
    reference: Math.tanh,
    most: 1.198,
    at: 0.6261073350906372,
    pieces: along(1, [2 ** -13, 'x'], [10, 'swept'], [inf, 1]),
    odd: true,
  },
  logistic: {
    reference: x => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
    most: 1.7489,
    at: -1.0999345779418945,
    pieces: [
      ...along(1, [2 ** -24, 0.5], [30, 'swept'], [inf, 1]),
      ...along(-1, [2 ** -26, 0.5], [104, 'swept'], [inf, 0]),
    ],
  },
  erf: {
    reference: x => (x === 0 ? x : erf(x)),
    most: 1.2623,
    at: 1.0103260278701782,
    pieces: along(1, [4, 'swept'], [inf, 1]),
    odd: true,
  },
  rsqrt: {
    reference: x => 1 / Math.sqrt(x),
    most: 1.4904,
    at: 1.1827658286835154e-38,
    pieces: [...along(1, [last, 'swept'], [inf, 0]), ...along(-1, [0, -inf], [inf, nan])],
  },
} satisfies Readonly<Record<string, Measured>>
