/** Inputs by name: those of a net, of a data set and of a program. */
import type { Inputs, Shape } from './Dims.js'

/** The name of an input that is the only one. */
export const soleInput = 'input'

export const isSole = (inputs: Inputs): inputs is Shape => Array.isArray(inputs)
