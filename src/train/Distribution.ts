/**
 * How numbers are distributed: moments and a histogram, in float64 and in the order of the numbers, so the same numbers
 * give the same bits.
 *
 *     mean = sum x / n        variance = sum (x - mean)^2 / n        norm = sqrt(sum x^2)
 *
 * All of it is over the finite numbers; the others are counted. Histograms are NumPy's (`numpy.histogram`): bin i holds
 * edges[i] <= x < edges[i + 1], the last one also its right edge. A number of bins makes that many of equal width from
 * the smallest number to the largest; where these are equal, from 0.5 below to 0.5 above; without numbers, from 0 to 1.
 */

/** How many bins, a whole number from 1 to 65,536, or their edges: at least two numbers, each larger than the last. */
export type Bins = number | readonly number[]

export interface Histogram {
  /** one more than there are bins */
  readonly edges: readonly number[]
  readonly counts: readonly number[]
  /** how many numbers lie below the first edge and above the last; none unless the edges were given */
  readonly below: number
  readonly above: number
}

export interface Distribution {
  /** how many numbers are finite */
  readonly count: number
  /** how many are NaN or infinite */
  readonly nonFinite: number
  /** NaN where nothing is finite, as are variance, minimum and maximum */
  readonly mean: number
  /** of the numbers as the whole population: divided by n */
  readonly variance: number
  readonly min: number
  readonly max: number
  readonly norm: number
  /** the share of the finite numbers that are 0 */
  readonly zeros: number
  readonly histogram: Histogram
}

const mostBins = 65_536

/** What is wrong with bins, if anything. */
export const binsComplaint = (bins: Bins): string | null => {
  if (typeof bins === 'number')
    return Number.isInteger(bins) && bins >= 1 && bins <= mostBins
      ? null
      : `${bins} bins are no whole number from 1 to ${mostBins}`
  if (bins.length < 2 || bins.length > mostBins + 1)
    return `${bins.length} edges make no bins: give 2 to ${mostBins + 1}`
  const odd = bins.findIndex((edge, i) => !Number.isFinite(edge) || (i > 0 && edge <= (bins[i - 1] as number)))
  return odd < 0 ? null : `edge ${odd} is ${bins[odd]}: edges are finite numbers, each larger than the one before it`
}

/** Edges of equal bins, as `numpy.linspace` computes them. */
const evenEdges = (low: number, high: number, count: number): readonly number[] => {
  const step = (high - low) / count
  return Array.from({ length: count + 1 }, (_, i) => (i === count ? high : i * step + low))
}

const edgesOf = (bins: Bins, { count, min, max }: { count: number; min: number; max: number }): readonly number[] => {
  if (typeof bins !== 'number') return bins
  if (count === 0) return evenEdges(0, 1, bins)
  return min === max ? evenEdges(min - 0.5, max + 0.5, bins) : evenEdges(min, max, bins)
}

/** How many edges are at most x. */
const placeOf = (edges: readonly number[], x: number): number => {
  let [low, high] = [0, edges.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((edges[middle] as number) <= x) low = middle + 1
    else high = middle
  }
  return low
}

/** Two passes over the same numbers, in as many pieces as they come in; each number counts as `x * scale`. */
export interface Gatherer {
  readonly first: (xs: ArrayLike<number>, scale?: number) => void
  /** to be called when all numbers have passed `first` */
  readonly second: (xs: ArrayLike<number>, scale?: number) => void
  readonly result: () => Distribution
}

/** Local mutation: the sums grow while the numbers pass. */
export const gatherer = (bins: Bins): Gatherer => {
  const seen = { count: 0, nonFinite: 0, zeros: 0, sum: 0, squares: 0, min: Number.POSITIVE_INFINITY, max: -Infinity }
  let spread = 0
  let edges: readonly number[] = []
  let counts: number[] = []
  let [below, above] = [0, 0]
  const begin = (): void => {
    if (counts.length > 0) return
    edges = edgesOf(bins, seen)
    counts = new Array<number>(edges.length - 1).fill(0)
  }
  return {
    first: (xs, scale = 1) => {
      for (let i = 0; i < xs.length; i++) {
        const x = (xs[i] as number) * scale
        if (!Number.isFinite(x)) {
          seen.nonFinite++
          continue
        }
        seen.count++
        if (x === 0) seen.zeros++
        seen.sum += x
        seen.squares += x * x
        if (x < seen.min) seen.min = x
        if (x > seen.max) seen.max = x
      }
    },
    second: (xs, scale = 1) => {
      begin()
      const mean = seen.sum / seen.count
      const last = counts.length
      for (let i = 0; i < xs.length; i++) {
        const x = (xs[i] as number) * scale
        if (!Number.isFinite(x)) continue
        spread += (x - mean) * (x - mean)
        const place = placeOf(edges, x)
        if (place === 0) below++
        else if (x > (edges[last] as number)) above++
        else counts[Math.min(place, last) - 1] = (counts[Math.min(place, last) - 1] as number) + 1
      }
    },
    result: () => {
      begin()
      const { count, nonFinite, zeros, sum, squares, min, max } = seen
      const or = (x: number): number => (count === 0 ? Number.NaN : x)
      return {
        count,
        nonFinite,
        mean: sum / count,
        variance: spread / count,
        min: or(min),
        max: or(max),
        norm: Math.sqrt(squares),
        zeros: zeros / count,
        histogram: { edges, counts, below, above },
      }
    },
  }
}

/** The distribution of numbers that are all at hand. */
export const distributionOf = (xs: ArrayLike<number>, bins: Bins): Distribution => {
  const g = gatherer(bins)
  g.first(xs)
  g.second(xs)
  return g.result()
}
