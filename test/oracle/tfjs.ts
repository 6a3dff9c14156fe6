/** What TensorFlow.js says: tfjs.json. */
import { readFileSync } from 'node:fs'

interface Tensor {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

interface Config {
  readonly momentum?: number
  readonly form?: string
  readonly initial?: number
  readonly rho?: number
  readonly epsilon?: number
  readonly centered?: boolean
}

interface Tfjs {
  readonly recorded: readonly number[]
  readonly optimizers: readonly {
    readonly optimizer: string
    readonly config: Config
    readonly params: readonly (readonly (number | null)[])[]
  }[]
  readonly inputs: Tensor
  readonly weights: readonly number[]
  readonly classes: readonly number[]
  readonly activations: readonly {
    readonly name: string
    readonly output: readonly number[]
    readonly gradient: readonly number[]
  }[]
  readonly losses: readonly {
    readonly name: string
    readonly labels: readonly number[]
    readonly loss: number
    readonly gradient: readonly number[]
  }[]
  readonly training: {
    readonly steps: number
    readonly start: Readonly<Record<string, Tensor>>
    readonly batches: readonly { readonly inputs: Tensor; readonly labels: readonly number[] }[]
    readonly nets: readonly {
      readonly optimizer: string
      readonly config: Config
      readonly initial: number
      readonly decay: number
      readonly losses: readonly number[]
      readonly final: Readonly<Record<string, Tensor>>
    }[]
  }
}

export const tfjs: Tfjs = JSON.parse(readFileSync(new URL('tfjs.json', import.meta.url), 'utf8'))
