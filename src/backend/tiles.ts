/**
 * How a call is cut for several threads: into a range of tiles for each, of which others may take (`assembly/team.ts`).
 */
import type { Parts } from '../graph/Op.js'

/** A shorter tile is not worth the signals between threads; in nanoseconds. */
export const leastTile = 10_000

/** Tiles of a call at most: some more than threads, for one of them may be held up. */
export const mostTiles = (threads: number): number => 4 * threads

/** The part of a thread's time that may go into what tiles do anew, before they become fewer. */
const tolerable = 0.02

const equal = (tiles: number): readonly number[] => Array.from({ length: tiles }, () => 1)

/** For each thread a large tile, three quarters of its share, and small ones that others may take if it is held up. */
const tapering = (threads: number): readonly number[] => Array.from({ length: threads }, () => [6, 1, 1]).flat()

type Sizes = Pick<Parts, 'grains' | 'cost' | 'again'>

/** The tiles' sizes, in proportion. */
const sizes = ({ grains, cost, again = 0 }: Sizes, threads: number, least: number): readonly number[] => {
  const usual = mostTiles(threads)
  const upTo = (tiles: number): readonly number[] => equal(Math.min(grains, tiles, Math.floor(cost / least)))
  if (usual * again <= tolerable * cost) return upTo(usual)
  return 8 * threads * Math.max(least, 2 * again) <= cost ? tapering(threads) : upTo(threads)
}

/** From which grain to which each tile goes, or nothing if the call is not cut. */
export const cuts = (parts: Sizes, threads: number, least: number): readonly (readonly [number, number])[] => {
  const taken = threads === 1 ? [] : sizes(parts, threads, least)
  const whole = taken.reduce((sum, size) => sum + size, 0)
  const tiles: (readonly [number, number])[] = []
  let [from, upTo] = [0, 0] // local mutation
  for (const size of taken) {
    upTo += size
    const to = Math.floor((upTo * parts.grains) / whole + 0.5)
    if (to > from) tiles.push([from, to])
    from = to
  }
  return tiles.length < 2 ? [] : tiles
}
