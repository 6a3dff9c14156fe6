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

/** A module to instantiate, and what that takes. */
type Job = object

interface Worker {
  /** settles when the worker has done it, or will not */
  readonly send: (job: Job) => Promise<void>
  /** whether it has ended by itself */
  readonly gone: () => boolean
  readonly end: () => void
}
type Spawn = () => Worker

/** Byte offsets of the words at the team's place, as `assembly/team.ts` has them. */
const words = { number: 4, end: 132, modules: 136, patience: 204, lost: 208, threads: 212, helped: 256, ready: 260 }

/** Where a thread says that it has the second module. */
const readyBit = (thread: number): readonly [word: number, bit: number] => [
  words.ready / 4 + (thread >> 5),
  1 << (thread & 31),
]

/**
 * What a worker runs: instances of the same modules over the same memory, its table filled in the same order. Between
 * messages, each of which brings a module, it serves.
 */
const source = (receive: string, announce: string): string => `
let core, loaded = 0
const take = ({ module, instead, memory, names, control, thread, ready }) => {
  const made = (of, more) => new WebAssembly.Instance(of, { env: { memory, ...more }, ...(core && { core }) }).exports
  const own = made(module), exports = instead ? { ...own, ...made(instead, { table: own.table }) } : own
  core ??= exports
  const first = core.table.grow(names.length)
  names.forEach((name, i) => core.table.set(first + i, exports[name]))
  if (++loaded > 1) Atomics.or(new Int32Array(memory.buffer, control), ...ready)
  ${announce}
  core.serve(control, thread, loaded)
}
${receive}`

interface NodeWorker {
  on(event: 'message' | 'error' | 'exit', listener: () => void): void
  postMessage(message: unknown): void
  ref(): void
  unref(): void
  terminate(): unknown
}
interface NodeThreads {
  readonly Worker: new (source: string, options: object) => NodeWorker
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

/** Jobs that a worker has been sent and not answered; `busy` is told whether there are any. */
const mailbox = (post: (job: Job) => void, busy: (waits: boolean) => void) => {
  const waiting: (() => void)[] = []
  let gone = false // local mutation
  const settle = (): void => {
    waiting.shift()?.()
    busy(waiting.length > 0)
  }
  return {
    settle,
    leave: (): void => {
      gone = true
      while (waiting.length > 0) settle()
    },
    gone: () => gone,
    send: (job: Job): Promise<void> =>
      new Promise(resolve => {
        if (gone) resolve()
        else {
          waiting.push(resolve)
          busy(true)
          post(job)
        }
      }),
  }
}

const nodeSpawn =
  ({ Worker }: NodeThreads): Spawn =>
  () => {
    const text = source(
      "const { parentPort } = require('node:worker_threads'); parentPort.on('message', take)",
      "parentPort.postMessage('done')",
    )
    // for the process' environment, copied by default, Deno asks its user
    const worker = new Worker(text, { eval: true, execArgv: [], env: {}, name: 'gradus' })
    const { settle, leave, gone, send } = mailbox(
      job => worker.postMessage(job),
      waits => (waits ? worker.ref() : worker.unref()),
    )
    worker.on('message', settle)
    worker.on('error', leave)
    worker.on('exit', leave)
    return { send, gone, end: () => void worker.terminate() }
  }

const webSpawn =
  (WebWorker: NonNullable<Host['Worker']>): Spawn =>
  () => {
    const text = source('onmessage = e => take(e.data)', "postMessage('done')")
    const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
    const worker = new WebWorker(url, { name: 'gradus' })
    const { settle, leave, gone, send } = mailbox(
      job => worker.postMessage(job),
      () => undefined,
    )
    worker.onmessage = () => {
      URL.revokeObjectURL(url)
      settle()
    }
    worker.onerror = leave
    return { send, gone, end: () => worker.terminate() }
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
 * Nanoseconds of work to share for which threads start that nobody asked for. Steps with 0.35 ms to share take two
 * threads 0.95 to 1.1 times as long as one where cores share no cache, steps with 0.7 ms 0.8 to 0.95 times.
 */
const leastWork = 500_000

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
  if (automatic && shareable(asked.worthFor) < leastWork)
    return alone('a run has too little work to share for threads to be started unasked')
  const spawn = spawner()
  if (typeof spawn === 'string') return alone(spawn)
  return automatic || shareable() > 0 ? { threads, note: null } : alone('no step is long enough to be shared')
}

/** How long no tile may be done, in milliseconds, until a thread counts as lost. */
const patience = 30_000

/** Tells the threads to end when their machine is gone. */
const registry = new FinalizationRegistry<() => void>(end => end())

export interface Team {
  /** those that have not ended, the caller's among them, and why they are fewer than they should be */
  readonly threads: () => Threads
  /** settles when all threads run; work may begin before */
  readonly up: Promise<void>
  /** whether a thread was lost in the middle of a step: what the machine holds is void */
  readonly lost: () => boolean
  /** how many tiles the others than the caller have done */
  readonly helped: () => number
  /** gives the threads a second module, whose functions stand behind those in the table; settles when they have it */
  readonly extend: (module: WebAssembly.Module) => Promise<void>
  /** whether all threads that run have the functions of the second module */
  readonly ready: () => boolean
}

const refused =
  "were refused by the host or have ended; a page's Content-Security-Policy must allow workers from blob: (worker-src)"

/** Nothing where the host refuses to start a worker after all: then the others do the work. */
const tried = (spawn: Spawn | string): readonly Worker[] => {
  try {
    return typeof spawn === 'string' ? [] : [spawn()]
  } catch {
    return []
  }
}

/**
 * Starts the threads but the caller's, which end with the owner; `control` is where they speak, and the kernels of
 * `instead` stand in the place of the core's.
 */
export const gather = (
  memory: WebAssembly.Memory,
  control: number,
  threads: number,
  owner: object,
  instead: WebAssembly.Module | null,
): Team => {
  const cells = new Int32Array(memory.buffer, control, 80)
  cells[words.patience / 4] = patience
  cells[words.modules / 4] = 1
  cells[words.threads / 4] = threads
  const spawn = spawner()
  const workers = Array.from({ length: threads - 1 }, () => tried(spawn)).flat()
  const give = (module: WebAssembly.Module, other: WebAssembly.Module | null = null): Promise<void> => {
    const names = kernelNames(module)
    const sent = workers.map((w, i) =>
      w.send({ module, instead: other, memory, names, control, thread: i + 1, ready: readyBit(i + 1) }),
    )
    return Promise.all(sent).then(() => undefined)
  }
  registry.register(owner, () => {
    Atomics.store(cells, words.end / 4, 1)
    Atomics.notify(cells, words.number / 4)
    for (const worker of workers) worker.end()
  })
  return {
    threads: () => {
      const here = 1 + workers.filter(w => !w.gone()).length
      return { threads: here, note: here === threads ? null : `${threads - here} of ${threads} threads ${refused}` }
    },
    up: give(core(true), instead),
    lost: () => cells[words.lost / 4] === 1,
    helped: () => Atomics.load(cells, words.helped / 4),
    extend: module => {
      const given = give(module)
      Atomics.store(cells, words.modules / 4, 2)
      Atomics.notify(cells, words.number / 4)
      return given
    },
    ready: () =>
      workers.every((w, i) => {
        const [word, bit] = readyBit(i + 1)
        return w.gone() || (Atomics.load(cells, word) & bit) !== 0
      }),
  }
}
