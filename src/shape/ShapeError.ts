/**
 * What does not fit in an expression, a net or an optimizer: a shape, rank or dtype, or a setting that is not possible.
 * `path` names the layer, operation or stage, `message` is one sentence.
 */
export interface ShapeError {
  readonly _tag: 'ShapeError'
  readonly path: string
  readonly message: string
}

export const shapeError = (path: string, message: string): ShapeError => ({ _tag: 'ShapeError', path, message })
