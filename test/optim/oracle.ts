/** The gradients, rates and trajectories of test/oracle/optimizers.json. */
import { readFileSync } from 'node:fs'
import * as Schedule from '../../src/optim/Schedule.js'
import type { Leaf } from './support.js'

export interface Case {
  readonly optimizer: string
  readonly source: string
  readonly config: {
    readonly momentum?: number
    readonly form?: string
    readonly nesterov?: boolean
    readonly weight_decay?: number
    readonly alpha?: number
    readonly eps?: number
    readonly initial_accumulator_value?: number
    readonly centered?: boolean
    readonly rho?: number
    readonly epsilon?: number
    readonly betas?: readonly [number, number]
    readonly momentum_decay?: number
  }
  readonly rate: 'constant' | 'exponential'
  readonly params: readonly (readonly number[])[]
}

interface Oracle {
  readonly start: { readonly p: Leaf; readonly q: Leaf }
  readonly gradients: { readonly p: Leaf; readonly q: Leaf }
  readonly recorded: readonly number[]
  readonly cases: readonly Case[]
}

export const oracle: Oracle = JSON.parse(readFileSync(new URL('../oracle/optimizers.json', import.meta.url), 'utf8'))
export const rates = { constant: 0.1, exponential: Schedule.exponential({ initial: 0.1, steps: 10, decay: 0.1 }) }

const rows = ({ shape, data }: Leaf): readonly (readonly number[])[] => {
  const size = data.length / (shape[0] ?? 1)
  return Array.from({ length: shape[0] ?? 0 }, (_, t) => data.slice(t * size, (t + 1) * size))
}

export const start: readonly Leaf[] = [oracle.start.p, oracle.start.q]
/** Of every step, those of p and of q. */
export const gradients = rows(oracle.gradients.p).map((p, t) => [p, rows(oracle.gradients.q)[t] ?? []])
