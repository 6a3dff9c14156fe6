/** Rows with weights, and a plain recipe for them. */
import { pipe } from '#fp/function.js'
import { Data, Layer, Net, Optimizer } from '../../src/index.js'
import { expectRight } from '../support/assert.js'
import { numbers, rows } from './support.js'

export const weighed = (n: number, weights = numbers(n, 5).map(Math.abs)) =>
  expectRight(Data.withWeights(weights)(rows(n)))
export const linear = pipe(Net.input(6), Layer.dense(3))
export const descent = { net: linear, optimizer: Optimizer.sgd({ rate: 0.5 }) }
