/**
 * Compiling on another thread, so that the caller's goes on: one that starts for a module and ends with it. Where it
 * does not start, the module is compiled on the calling thread, as without it; where it does not answer, or runs out of
 * memory, it is not.
 */
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import * as TE from '#fp/TaskEither.js'
import { type CompileError, type Compiler, compileError, onThisThread } from './Compiler.js'
import { checkTimeout } from './timeout.js'

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

export interface ThreadOptions {
  /** milliseconds until a thread that has not answered is ended: default two minutes, at most 2,147,483,647 */
  readonly timeout?: number
}

/** What the calling thread, which shares the process' memory, is not to try in turn. */
const outOfMemory: Outcome = E.left(
  compileError(
    'the thread that compiles ran out of memory: give the process more (Node: --max-old-space-size), or leave the steps to the interpreter',
  ),
)

const unanswered = (timeout: number): Outcome =>
  E.left(
    compileError(
      `the thread that compiles has not answered within ${timeout} ms: give it more (timeout), or look whether it runs gradus/compiler-worker`,
    ),
  )

/** Why the calling thread, in the place of one that failed, compiles nothing either. */
const onCaller = ({ message }: CompileError): CompileError =>
  compileError(`the thread that compiles did not start or broke down, and on the calling thread ${message}`)

/** Whether it is what `compiler-worker.ts` answers: others may speak in a worker, too. */
const isOutcome = (heard: unknown): heard is Outcome => {
  const { _tag, left, right } = Object(heard) as {
    readonly _tag?: unknown
    readonly left?: Partial<CompileError> | null
    readonly right?: unknown
  }
  return _tag === 'Right' ? ArrayBuffer.isView(right) : _tag === 'Left' && typeof left?.message === 'string'
}

/** What a thread answers; null when it fails. */
const answer = (start: Start, source: string, timeout: number): Promise<Outcome | null> =>
  new Promise(resolve => {
    const thread = start(outcome => end(outcome))
    const late = setTimeout(() => end(unanswered(timeout)), timeout)
    const end = (outcome: Outcome | null): void => {
      clearTimeout(late)
      resolve(outcome)
      void thread.terminate()
    }
    E.tryCatch(
      () => thread.postMessage(source),
      () => end(null),
    )
  })

const compileOn =
  (start: Start, { timeout = 120_000 }: ThreadOptions): Compiler =>
  source =>
    pipe(
      TE.fromEither(checkTimeout('timeout', timeout)),
      TE.chain(
        ms => async () =>
          (await answer(start, source, ms).catch(() => null)) ?? E.mapLeft(onCaller)(await onThisThread(source)()),
      ),
    )

/**
 * A page's worker compiles, which imports `gradus/compiler-worker` and nothing else:
 * `inWorker(() => new Worker(new URL('./compiler.worker.js', import.meta.url), { type: 'module' }))`. One that does not
 * answer in time is a `Left`; for one that does not start, the calling thread compiles.
 */
export const inWorker = (start: () => CompilerWorker, options: ThreadOptions = {}): Compiler =>
  compileOn(hear => {
    const worker = start()
    worker.addEventListener('message', ({ data }) => {
      if (isOutcome(data)) hear(data)
    })
    worker.addEventListener('error', () => hear(null))
    return worker
  }, options)

/**
 * What the thread runs stands beside this module under its own name, also where the package's build, or a bundler of
 * programs for Node, has put modules together.
 */
const beside = /[^/]+([.]m?[jt]s)$/

/**
 * A thread of Node, Deno or Bun compiles. It keeps the process alive until it has: some seconds. Elsewhere, and in a
 * bundle that has no `gradus/compiler-worker` beside it as `compiler-worker.js`, the calling thread does.
 */
export const inBackground = (options: ThreadOptions = {}): Compiler => {
  const threads = (globalThis as Host).process?.getBuiltinModule?.('node:worker_threads') as
    | { readonly Worker: new (source: string, options: object) => NodeWorker }
    | undefined
  if (!threads || !beside.test(import.meta.url)) return onThisThread
  const script = `import(${JSON.stringify(import.meta.url.replace(beside, 'compiler-worker$1'))})`
  return compileOn(hear => {
    const worker = new threads.Worker(script, { eval: true, name: 'gradus compiler' })
    worker.on('message', heard => {
      if (isOutcome(heard)) hear(heard)
    })
    worker.on('error', error =>
      hear((error as { readonly code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY' ? outOfMemory : null),
    )
    worker.on('exit', () => hear(null))
    return worker
  }, options)
}
