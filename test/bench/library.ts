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

/** A library that takes longer for one answer is ended, and fails at this workload. */
const mostSeconds = 120

/** The answer of a process, or an error, after which the process has ended, when it comes too late. */
const timely = async (child: ChildProcess): Promise<Answer> => {
  const late = setTimeout(() => child.kill('SIGKILL'), 1000 * mostSeconds)
  try {
    return await next(child)
  } catch (error) {
    throw child.signalCode === 'SIGKILL' ? new Error(`no answer in ${mostSeconds} s`) : error
  } finally {
    clearTimeout(late)
  }
}

/** Starts the process of the driver at a path relative to this module, and anew after it ended. */
export const start = async (name: string, driver: string, threads = 1): Promise<Library> => {
  const url = new URL(driver, import.meta.url).href
  const run = async (): Promise<{ readonly child: ChildProcess; readonly ready: Answer }> => {
    const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [url], {
      stdio: ['ignore', 2, 2, 'ipc'],
      env: { ...process.env, BENCH_THREADS: `${threads}` },
    })
    return { child, ready: await timely(child) }
  }
  let { child, ready } = await run() // local mutation: the process at work
  return {
    name,
    threads,
    version: ready._tag === 'Ready' ? ready.version : '',
    measure: async request => {
      if (!child.connected) ({ child, ready } = await run())
      child.send(request)
      const answer = await timely(child)
      return answer._tag === 'Measured' ? answer.samples : []
    },
    close: () => {
      if (child.connected) child.disconnect()
    },
  }
}
