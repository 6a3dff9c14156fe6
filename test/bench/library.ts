/** A library under measurement, as its parent process sees it. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, Request } from './driver.js'

export interface Library {
  readonly name: string
  readonly version: string
  /** milliseconds of single runs; none when the library does not do the workload */
  readonly measure: (request: Request) => Promise<readonly number[]>
  readonly close: () => void
}

const next = async (child: ChildProcess, name: string): Promise<Answer> => {
  const done = new AbortController()
  const gone = once(child, 'exit', done).then(
    ([code]): Answer => ({
      _tag: 'Failed',
      message: `its process ended with ${code}`,
    }),
  )
  const message = once(child, 'message', done).then(([answer]) => answer as Answer)
  const first = await Promise.race([gone, message])
  const rest = Promise.allSettled([gone, message])
  done.abort()
  await rest
  if (first._tag === 'Failed') throw new Error(`${name}: ${first.message}`)
  return first
}

/** Starts the process of the driver at a path relative to this module. */
export const start = async (name: string, driver: string): Promise<Library> => {
  const url = new URL(driver, import.meta.url).href
  const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [url], { stdio: ['ignore', 2, 2, 'ipc'] })
  const ready = await next(child, name)
  return {
    name,
    version: ready._tag === 'Ready' ? ready.version : '',
    measure: async request => {
      child.send(request)
      const answer = await next(child, name)
      return answer._tag === 'Measured' ? answer.samples : []
    },
    close: () => child.disconnect(),
  }
}
