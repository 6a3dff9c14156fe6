/**
 * How the rows to train on come to the machine: all of them lie in its memory and are fetched by their order, or, where
 * the recipe augments them, one batch after another is put there.
 */
import type { Machine, Resident } from '../backend/machine.js'
import * as Batches from '../data/Batches.js'
import { type AnyData, batchesOf, type Feed, residentOf } from './feed.js'

export interface Supply {
  /** the data set `train` of the machine */
  readonly resident: Resident
  /** how many steps may be run at once */
  readonly most: number
  /** begins an epoch, counted from 0, at a row of its order */
  readonly begin: (machine: Machine, epoch: number, row: number) => void
  /** before every run of steps: of how many rows each */
  readonly next: (machine: Machine, rows: number) => void
}

/** @param most - rows of the largest batch */
export const supply = (feed: Feed, data: AnyData, most: number): Supply => {
  const { augment, seed } = feed.recipe
  if (!augment)
    return {
      resident: residentOf(feed, data),
      most: Number.POSITIVE_INFINITY,
      begin: (machine, epoch, row) => machine.order(Batches.order(seed, epoch, data.size).subarray(row)),
      next: () => undefined,
    }
  const batchAt = batchesOf(feed.recipe, data)
  const inTurn = Int32Array.from({ length: most }, (_, i) => i)
  const staged = (epoch: number, rows: Int32Array): Resident => residentOf(feed, batchAt(epoch, rows))
  let place: { readonly epoch: number; readonly order: Int32Array; readonly row: number } = {
    epoch: 0,
    order: inTurn,
    row: 0,
  } // local mutation: where the epoch's next batch begins
  return {
    resident: staged(0, inTurn),
    most: 1,
    begin: (_, epoch, row) => {
      place = { epoch, order: Batches.order(seed, epoch, data.size), row }
    },
    next: (machine, rows) => {
      const { epoch, order, row } = place
      place = { epoch, order, row: row + rows }
      machine.place('train', staged(epoch, order.subarray(row, row + rows)).columns)
      machine.order(inTurn.subarray(0, rows))
    },
  }
}
