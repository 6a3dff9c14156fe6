/**
 * Compiling on another thread, so that the caller's goes on: one that starts for a module and ends with it. Where it
 * does not start, the module is compiled on the calling thread, as without it.
 */
import type * as E from '#fp/Either.js'
import { type CompileError, type Compiler, onThisThread } from './Compiler.js'

type Outcome = E.Either<CompileError, Uint8Array<ArrayBuffer>>

/** A page's worker, as far as it is used here. */
export interface CompilerWorker {
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'error', listener: (event: object) => void): void
  postMessage(message: unknown): void
  terminate(): unknown
}

interface NodeWorker {
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): void
  postMessage(message: unknown): void
  terminate(): unknown
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): unknown }
}

/** Starts a thread that runs `compiler-worker.ts`; tells what it answers, or null when it fails. */
type Start = (hear: (outcome: Outcome | null) => void) => Pick<CompilerWorker, 'postMessage' | 'terminate'>

const compileOn =
  (start: Start): Compiler =>
  source =>
  async () => {
    const outcome = await new Promise<Outcome | null>(resolve => {
      try {
        const thread = start(heard => {
          resolve(heard)
          void thread.terminate()
        })
        thread.postMessage(source)
      } catch {
        resolve(null)
      }
    })
    return outcome ?? onThisThread(source)()
  }

/**
 * A page's worker compiles, which imports `gradus/compiler-worker` and nothing else:
 * `inWorker(() => new Worker(new URL('./compiler.worker.js', import.meta.url), { type: 'module' }))`.
 */
export const inWorker = (start: () => CompilerWorker): Compiler =>
  compileOn(hear => {
    const worker = start()
    worker.addEventListener('message', ({ data }) => hear(data as Outcome))
    worker.addEventListener('error', () => hear(null))
    return worker
  })

/**
 * What the thread runs stands beside this module under its own name, also where the package's build, or a bundler of
 * programs for Node, has put modules together.
 */
const beside = /[^/]+([.]m?[jt]s)$/

/**
 * A thread of Node, Deno or Bun compiles. It keeps the process alive until it has: some seconds. Elsewhere, and in a
 * bundle that has no `gradus/compiler-worker` beside it as `compiler-worker.js`, the calling thread does.
 */
export const inBackground: Compiler = source => {
  const threads = (globalThis as Host).process?.getBuiltinModule?.('node:worker_threads') as
    | { readonly Worker: new (source: string, options: object) => NodeWorker }
    | undefined
  if (!threads || !beside.test(import.meta.url)) return onThisThread(source)
  const script = `import(${JSON.stringify(import.meta.url.replace(beside, 'compiler-worker$1'))})`
  return compileOn(hear => {
    const worker = new threads.Worker(script, { eval: true, name: 'gradus compiler' })
    worker.on('message', heard => hear(heard as Outcome))
    worker.on('error', () => hear(null))
    worker.on('exit', () => hear(null))
    return worker
  })(source)
}
