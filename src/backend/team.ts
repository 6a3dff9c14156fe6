/**
 * The threads that help a machine: workers over its shared memory, where the host has them. They start when they
 * start, sleep while there is nothing to do, hold up neither the process nor its end, and end with the machine. What
 * they do stands in `assembly/team.ts`.
 */
import { core, kernelNames } from './kernels.js'
import type { ThreadCount } from './spec.js'

/** How many threads there are, the caller's among them, and why they are not as many as asked for, or as the cores. */
export interface Threads {
  readonly threads: number
  readonly note: string | null
}

export const alone = (note: string | null = null): Threads => ({ threads: 1, note })

/** A module to instantiate, and what it takes. */
type Job = object

interface Worker {
  /** settles when it runs, or will not */
  readonly up: Promise<void>
  /** whether it has ended by itself */
  readonly gone: () => boolean
  readonly send: (job: Job) => void
  readonly end: () => void
}
type Spawn = (job: Job) => Worker

/**
 * What a worker runs: instances of the same modules over the same memory, its table filled in the same order. Between
 * messages, each of which brings a module, it serves.
 */
const source = (receive: string, announce: string): string => `
let core, loaded = 0
const take = ({ module, memory, names, control, thread }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, ...(core && { core }) })
  core ??= exports
  const first = core.table.grow(names.length)
  names.forEach((name, i) => core.table.set(first + i, exports[name]))
  if (++loaded === 1) ${announce}
  core.serve(control, thread, loaded)
}
${receive}`

interface NodeThreads {
  readonly Worker: new (
    source: string,
    options: object,
  ) => {
    once(event: 'message' | 'error' | 'exit', listener: () => void): void
    postMessage(message: unknown): void
    unref(): void
    terminate(): unknown
  }
}
interface WebWorker {
  onmessage: (() => void) | null
  onerror: (() => void) | null
  postMessage(message: unknown): void
  terminate(): void
}
interface Host {
  readonly process?: { getBuiltinModule?(name: string): unknown }
  readonly Worker?: new (url: string, options: object) => WebWorker
  readonly document?: unknown
  readonly crossOriginIsolated?: boolean
  readonly navigator?: { readonly hardwareConcurrency?: number }
}

const nodeSpawn =
  ({ Worker }: NodeThreads): Spawn =>
  job => {
    const text = source(
      "const { parentPort, workerData } = require('node:worker_threads'); parentPort.on('message', take); take(workerData)",
      "parentPort.postMessage('up')",
    )
    const worker = new Worker(text, { eval: true, workerData: job, execArgv: [], name: 'gradus' })
    let gone = false // local mutation
    worker.once('exit', () => {
      gone = true
    })
    const up = new Promise<void>(resolve => {
      const settle = (): void => {
        worker.unref()
        resolve()
      }
      worker.once('message', settle)
      worker.once('error', settle)
      worker.once('exit', settle)
    })
    return { up, gone: () => gone, send: more => worker.postMessage(more), end: () => void worker.terminate() }
  }

const webSpawn =
  (WebWorker: NonNullable<Host['Worker']>): Spawn =>
  job => {
    const text = source('onmessage = e => take(e.data)', "postMessage('up')")
    const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
    const worker = new WebWorker(url, { name: 'gradus' })
    let gone = false // local mutation
    const up = new Promise<void>(resolve => {
      const settle = (): void => {
        URL.revokeObjectURL(url)
        resolve()
      }
      worker.onmessage = settle
      worker.onerror = () => {
        gone = true
        settle()
      }
    })
    const send = (more: Job): void => worker.postMessage(more)
    send(job)
    return { up, gone: () => gone, send, end: () => worker.terminate() }
  }

/** How this host starts threads, or why it cannot. */
const spawner = (): Spawn | string => {
  const host = globalThis as Host
  const node = host.process?.getBuiltinModule?.('node:worker_threads') as NodeThreads | undefined
  if (node) return nodeSpawn(node)
  if (host.document !== undefined)
    return "a page's main thread may not wait for other threads: run the trainer in a worker"
  if (host.crossOriginIsolated === false)
    return 'threads need a page that is cross-origin isolated (headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)'
  return host.Worker ? webSpawn(host.Worker) : 'the host has no workers'
}

export const mostThreads = 64

/** Threads that nobody asked for: more do not help where memory is the limit, and others want the cores as well. */
const usualThreads = 4

/**
 * Nanoseconds of work to share for which threads start that nobody asked for. To start one costs the caller 1 to 2 ms
 * and another core 30 to 40, which two threads win back in some hundred runs of this length.
 */
const leastWork = 300_000

/** The threads that the host runs at once. */
const cores = (): number => {
  const { process, navigator } = globalThis as Host
  const os = process?.getBuiltinModule?.('node:os') as { availableParallelism?(): number } | undefined
  return os?.availableParallelism?.() ?? navigator?.hardwareConcurrency ?? 1
}

/**
 * As many threads as asked for, if the host can start others; `shareable` says how many nanoseconds of one thread a run
 * of so many rows, or of the most, has to share.
 */
export const available = (asked: ThreadCount, shareable: (rows?: number) => number): Threads => {
  const automatic = typeof asked !== 'number'
  const threads = automatic ? Math.min(cores(), usualThreads) : asked
  if (threads === 1) return alone(automatic ? 'the host has one core' : null)
  const spawn = spawner()
  if (typeof spawn === 'string') return alone(spawn)
  if (!automatic) return shareable() > 0 ? { threads, note: null } : alone('no step is long enough to be shared')
  return shareable(asked.worthFor) >= leastWork
    ? { threads, note: null }
    : alone('a run has too little work to share for threads to be started unasked')
}

/** Byte offsets of the words at the team's place, as `assembly/team.ts` has them. */
const words = { number: 4, end: 132, modules: 136, patience: 204, lost: 208, helped: 256, ready: 260 }

/** How long no tile may be done, in milliseconds, until a thread counts as lost. */
const patience = 30_000

/** Tells the threads to end when their machine is gone. */
const registry = new FinalizationRegistry<() => void>(end => end())

export interface Team {
  /** settles when all threads run; work may begin before */
  readonly up: Promise<void>
  /** whether a thread was lost in the middle of a step: what the machine holds is void */
  readonly lost: () => boolean
  /** how many tiles the others than the caller have done */
  readonly helped: () => number
  /** gives the threads a second module, whose functions stand behind those in the table */
  readonly extend: (module: WebAssembly.Module) => void
  /** whether all threads that run have the functions of the second module */
  readonly ready: () => boolean
}

/** Nothing where the host refuses to start a worker after all: then the others do the work. */
const tried = (spawn: Spawn, job: object): readonly Worker[] => {
  try {
    return [spawn(job)]
  } catch {
    return []
  }
}

/** Starts the threads but the caller's, which end with the owner; `control` is where they speak. */
export const gather = (memory: WebAssembly.Memory, control: number, threads: number, owner: object): Team => {
  const cells = new Int32Array(memory.buffer, control, 80)
  cells[words.patience / 4] = patience
  cells[words.modules / 4] = 1
  const spawn = spawner()
  const module = core(true)
  const names = kernelNames(module)
  const workers = Array.from({ length: threads - 1 }, (_, i) => ({
    module,
    memory,
    names,
    control,
    thread: i + 1,
  })).flatMap(job => (typeof spawn === 'string' ? [] : tried(spawn, job)))
  registry.register(owner, () => {
    Atomics.store(cells, words.end / 4, 1)
    Atomics.notify(cells, words.number / 4)
    for (const worker of workers) worker.end()
  })
  return {
    up: Promise.all(workers.map(w => w.up)).then(() => undefined),
    lost: () => cells[words.lost / 4] === 1,
    helped: () => Atomics.load(cells, words.helped / 4),
    extend: more => {
      for (const [i, worker] of workers.entries())
        worker.send({ module: more, memory, names: kernelNames(more), control, thread: i + 1 })
      Atomics.add(cells, words.modules / 4, 1)
      Atomics.notify(cells, words.number / 4)
    },
    ready: () => Atomics.load(cells, words.ready / 4) + workers.filter(w => w.gone()).length >= workers.length,
  }
}
