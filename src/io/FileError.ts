/** A file that is not what it should be: one sentence that says where and what. */
export interface FileError {
  readonly _tag: 'FileError'
  readonly message: string
}

export const fileError = (message: string): FileError => ({ _tag: 'FileError', message })
