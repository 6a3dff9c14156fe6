/**
 * Data sets: immutable rows of inputs and labels, read from files or memory. Every reader is given what the data are,
 * `{ inputs, label }`, and answers with an `Either`; what it reads is untrusted, so nothing here throws on it.
 */
export { type CsvOptions, csv } from './Csv.js'
export type { DataError } from './DataError.js'
export { as, type Column, column, concat, type Data, gather, type Parts, slice, split, take } from './Dataset.js'
export { type Folds, kFold, stratifiedKFold, stratifiedSplit } from './folds.js'
export { type IdxOptions, type IdxTensor, idx, idxTensor } from './Idx.js'
export { type JsonOptions, json } from './Json.js'
export { type NumbersOf, of } from './Of.js'
export type { Nested, Numbers } from './Tensor.js'
export { balancedClassWeights, withoutWeights, withWeights } from './weights.js'
