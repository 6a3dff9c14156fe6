/** A library under measurement, as its parent process sees it. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, Request } from './driver.js'

export interface Library {
  readonly name: string
  readonly version: string
  readonly threads: number
  /** milliseconds of single runs; none when the library does not do the workload */
  readonly measure: (request: Request) => Promise<readonly number[]>
  readonly close: () => void
}

const next = async (child: ChildProcess): Promise<Answer> => {
  const done = new AbortController()
  const message = once(child, 'message', done).then(([answer]) => answer as Answer)
  const gone = once(child, 'exit', done).then(([code]): Answer => ({ _tag: 'Failed', message: `ended with ${code}` }))
  const first = await Promise.race([message, gone])
  const both = Promise.allSettled([message, gone])
  done.abort()
  await both
  if (first._tag === 'Failed') throw new Error(first.message)
  return first
}

/** Starts the process of the driver at a path relative to this module. */
export const start = async (name: string, driver: string, threads = 1): Promise<Library> => {
  const url = new URL(driver, import.meta.url).href
  const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [url], {
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, BENCH_THREADS: `${threads}` },
  })
  const ready = await next(child)
  return {
    name,
    threads,
    version: ready._tag === 'Ready' ? ready.version : '',
    measure: async request => {
      child.send(request)
      const answer = await next(child)
      return answer._tag === 'Measured' ? answer.samples : []
    },
    close: () => {
      if (child.connected) child.disconnect()
    },
  }
}
