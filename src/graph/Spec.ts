/**
 * A choice as data: which definition (`kind`, qualified as in `gradus/dense` or `acme/gate`) and its settings.
 *
 * The definition itself rides along by reference; it is no part of JSON, equality or hash. Decoding takes the
 * definitions as an argument, so nothing is registered anywhere.
 */
import type * as t from '#io/index.js'

export interface Definition {
  readonly kind: string
  readonly config: t.Type<unknown, unknown>
}

export interface Spec<Of extends string> {
  readonly of: Of
  readonly kind: string
  readonly config: unknown
  readonly def?: Definition
}
