/**
 * A claim of a paper as a value: how one seed is measured, and what is expected of the numbers of all seeds. The bounds
 * are the paper's or a closed form's, fixed before anything was measured.
 */

/** What a number has to be. Its words and its test are one value, so that the table says what was tested. */
export interface Bound {
  readonly words: string
  readonly test: (x: number) => boolean
}

export const exactly = (y: number): Bound => ({ words: `= ${y}`, test: x => x === y })
export const below = (y: number): Bound => ({ words: `< ${y}`, test: x => x < y })
export const above = (y: number): Bound => ({ words: `> ${y}`, test: x => x > y })
export const within = (low: number, high: number): Bound => ({
  words: `in [${low}, ${high}]`,
  test: x => x >= low && x <= high,
})

export interface Expectation<M> {
  readonly what: string
  readonly of: (measured: M) => number
  readonly is: Bound
  /** whether every seed's number has to be so (default) or their median */
  readonly over?: 'every seed' | 'median'
}

interface ClaimOf<M> {
  /** one word, for `--only` */
  readonly name: string
  readonly source: string
  readonly measure: (seed: number) => Promise<M>
  readonly expected: readonly Expectation<M>[]
}

/** An expectation and what was measured, one number a seed. */
export interface Finding {
  readonly claim: string
  readonly source: string
  readonly expected: string
  readonly measured: readonly number[]
  readonly holds: boolean
}

export interface Claim {
  readonly name: string
  readonly source: string
  /** measures each seed; `started` is told which one is next */
  readonly findings: (seeds: readonly number[], started?: (seed: number) => void) => Promise<readonly Finding[]>
}

/** The middle number, or the mean of the two in the middle. */
export const median = (all: readonly number[]): number => {
  const sorted = [...all].sort((a, b) => a - b)
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1]
  return ((sorted[low] ?? Number.NaN) + (sorted[high] ?? Number.NaN)) / 2
}

const findingOf = <M>({ name, source }: ClaimOf<M>, e: Expectation<M>, seeds: readonly M[]): Finding => {
  const measured = seeds.map(e.of)
  const judged = e.over === 'median' ? [median(measured)] : measured
  return {
    claim: name,
    source,
    expected: `${e.what} ${e.is.words}${e.over === 'median' ? ' (median)' : ''}`,
    measured,
    holds: judged.length > 0 && judged.every(e.is.test),
  }
}

export const claim = <M>(c: ClaimOf<M>): Claim => ({
  name: c.name,
  source: c.source,
  findings: async (seeds, started) => {
    const measured: M[] = []
    for (const seed of seeds) {
      started?.(seed)
      measured.push(await c.measure(seed))
    }
    return c.expected.map(e => findingOf(c, e, measured))
  },
})
