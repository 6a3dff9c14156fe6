/** A shape, rank or dtype that does not fit; `path` names the layer or operation, `message` is one sentence. */
export interface ShapeError {
  readonly _tag: 'ShapeError'
  readonly path: string
  readonly message: string
}

export const shapeError = (path: string, message: string): ShapeError => ({ _tag: 'ShapeError', path, message })
