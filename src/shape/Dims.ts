export type Shape = readonly number[]
export type Inputs = Shape | { readonly [name: string]: Shape }
