/** A limit to how many steps a guard may skip. */
import * as t from '#io/index.js'
import { numberThat } from '../../graph/settings.js'
import { define, type Stop, type StopDefinition } from './define.js'

const count = numberThat('a whole number >= 0', n => Number.isInteger(n) && n >= 0)

const maker = define({
  kind: 'gradus/skipped',
  config: t.exact(t.type({ most: count })),
  state: count,
  start: 0,
  step: (_, _before, { skipped }) => ({ state: skipped, best: false }),
  stop: ({ most }, skipped, epoch) => (skipped > most ? `${skipped} steps of epoch ${epoch} were skipped` : null),
})

/**
 * Stops after an epoch in which `Guard.skip` skipped more than `most` >= 0 steps, by default none: a run that diverges
 * ends with the last parameters that were finite, or with the best ones where another rule restores them.
 */
export const skipped = (o: { readonly most?: number } = {}): Stop => maker({ most: o.most ?? 0 })

/** The definitions of this module, for decoding. */
export const definitions: readonly StopDefinition[] = [maker.def]
