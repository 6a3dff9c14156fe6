/** Optimizers with another learning rate. */
import * as E from '#fp/Either.js'
import { isRecord } from '../graph/settings.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import type { Optimizer } from './chain.js'
import { definitions } from './rates.js'
import type { Schedule } from './schedules/define.js'
import { inner, type Stage } from './stages/define.js'

/** Whether the stage changes the rate by how the loss goes. */
const isPlateau = ({ def }: Stage): boolean => def?.kind === 'gradus/plateau' && definitions.includes(def)

/** The stage, and how many rates in it and in the stages among its settings were replaced. */
const replaced = (stage: Stage, rate: Schedule): { readonly stage: Stage; readonly count: number } => {
  const { def, config } = stage
  if (!def || !isRecord(config)) return { stage, count: 0 }
  const old = def.rate(config)
  let count = 0 // local mutation: of the settings below
  const put = (u: unknown): unknown => {
    if (old !== null && u === old) {
      count++
      return rate
    }
    if (Array.isArray(u)) return u.filter(x => !inner({ x }).some(isPlateau)).map(put)
    const [own] = inner({ own: u })
    if (!own) return u
    const made = replaced(own, rate)
    count += made.count
    return made.stage
  }
  const settings = Object.fromEntries(Object.entries(config).map(([key, u]) => [key, put(u)]))
  return { stage: { ...stage, config: settings }, count }
}

/**
 * The optimizer with this schedule in the place of every learning rate, also of stages for some of the parameters, and
 * without `plateau`. A `Left` where there is no learning rate, or one that is no setting of its stage.
 */
export const withRate = (optimizer: Optimizer, rate: Schedule): E.Either<ShapeError, Optimizer> => {
  const made = optimizer.filter(s => !isPlateau(s)).map(stage => replaced(stage, rate))
  const fixed = made.find(({ stage, count }) => count === 0 && stage.def && stage.def.rate(stage.config) !== null)
  if (fixed) return E.left(shapeError('optimizer', `the rate of "${fixed.stage.kind}" is none of its settings`))
  if (made.every(m => m.count === 0)) return E.left(shapeError('optimizer', 'there is no learning rate to vary'))
  return E.right(made.map(m => m.stage))
}
