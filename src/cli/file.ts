/** Files written whole or not at all. */
import { rename, rm, writeFile } from 'node:fs/promises'
import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import { type FileError, fileError } from '../io/FileError.js'

/**
 * Writes bytes to a file beside `path` and renames it, so that nobody ever reads half a file and a full disk leaves the
 * old one in place.
 */
export const saveFile =
  (path: string, bytes: Uint8Array): TaskEither<FileError, void> =>
  async () => {
    const beside = `${path}.${process.pid}.tmp`
    try {
      await writeFile(beside, bytes, { flush: true })
      await rename(beside, path)
      return E.right(undefined)
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined)
      return E.left(fileError(`${path} could not be written: ${error instanceof Error ? error.message : error}`))
    }
  }
