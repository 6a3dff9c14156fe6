/** Checkpoints as files in a folder, the last ones kept. */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import { type FileError, fileError } from '../io/FileError.js'
import type { Sink } from '../train/Monitor.js'
import { saveFile } from './file.js'

export interface FolderOptions {
  /** made where it is missing */
  readonly folder: string
  /** how many files are kept, the latest; whole, >= 1 */
  readonly keep: number
  /** what the files' names begin with: `<name>-<step>.safetensors`; default `checkpoint` */
  readonly name?: string
}

export interface Folder {
  /** for `Monitor.checkpoints` */
  readonly sink: Sink
  /** the bytes of the file written last, for `Watch.from`; null where there is none */
  readonly latest: TaskEither<FileError, Uint8Array<ArrayBuffer> | null>
}

const why = (error: unknown): string => (error instanceof Error ? error.message : `${error}`)

/**
 * Files for checkpoints, each written whole or not at all. Once a new one is there, the oldest beyond `keep` are removed:
 * by the time they were written, not by their step, so a run that starts anew in a used folder never loses its own.
 * Other files are left alone.
 */
export const checkpointFolder = ({ folder, keep, name = 'checkpoint' }: FolderOptions): Folder => {
  const stepOf = (file: string): number | null => {
    const digits = file.startsWith(`${name}-`)
      ? /^(\d+)[.]safetensors$/.exec(file.slice(name.length + 1))?.[1]
      : undefined
    return digits === undefined ? null : Number(digits)
  }
  /** The checkpoints of the folder, the oldest first. */
  const found = async (): Promise<readonly string[]> => {
    const files = (await readdir(folder)).flatMap(file => {
      const step = stepOf(file)
      return step === null ? [] : [{ path: join(folder, file), step }]
    })
    const dated = await Promise.all(files.map(async f => ({ ...f, time: (await stat(f.path)).mtimeMs })))
    return dated.sort((a, b) => a.time - b.time || a.step - b.step).map(f => f.path)
  }
  return {
    sink:
      ({ step, bytes }) =>
      async () => {
        if (!Number.isSafeInteger(keep) || keep < 1)
          return E.left(fileError(`checkpointFolder: keep must be a whole number >= 1, but it is ${keep}`))
        const path = join(folder, `${name}-${step}.safetensors`)
        try {
          await mkdir(folder, { recursive: true })
        } catch (error) {
          return E.left(fileError(`${folder} could not be made: ${why(error)}`))
        }
        const saved = await saveFile(path, bytes)()
        if (E.isLeft(saved)) return saved
        try {
          const others = (await found()).filter(f => f !== path)
          await Promise.all(others.slice(0, Math.max(0, others.length + 1 - keep)).map(f => rm(f, { force: true })))
          return E.right(undefined)
        } catch (error) {
          return E.left(fileError(`old checkpoints in ${folder} could not be removed: ${why(error)}`))
        }
      },
    latest: async () => {
      try {
        await mkdir(folder, { recursive: true })
        const last = (await found()).at(-1)
        return E.right(last === undefined ? null : Uint8Array.from(await readFile(last)))
      } catch (error) {
        return E.left(fileError(`the checkpoints in ${folder} could not be read: ${why(error)}`))
      }
    },
  }
}
