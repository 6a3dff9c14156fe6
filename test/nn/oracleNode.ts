/** The tables of nodes in which test/oracle/ writes nets. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}
type Leaves = { readonly [name: string]: Tensor }

export interface OracleNode {
  readonly kind: string
  readonly inputs: readonly number[]
  readonly [setting: string]: unknown
  readonly params?: Leaves
  readonly gradients?: Leaves
  readonly state?: Leaves
  readonly nextState?: Leaves
}
