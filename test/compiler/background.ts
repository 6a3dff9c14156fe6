/**
 * A process of `threads.test.ts`: compiles on another thread, by the module `threads` whose address it is given, and
 * prints what came of it and how many threads were started and answered.
 */
import threads from 'node:worker_threads'
import * as E from '#fp/Either.js'
import type { Compiler } from '../../src/compiler/Compiler.js'
import { type CompilerWorker, type inBackground, inWorker } from '../../src/compiler/threads.js'
import { sum } from './sum.js'

const seen = { started: 0, answered: 0, ended: 0 }
class Watched extends threads.Worker {
  constructor(...args: ConstructorParameters<typeof threads.Worker>) {
    super(...args)
    seen.started += 1
    this.on('message', () => {
      seen.answered += 1
    })
  }
}
threads.Worker = Watched

const refuse = (): never => {
  throw new Error('no workers here')
}

/** A page's worker that tells of an error or not, and says what it is to say. */
const workerOf = (
  fails: boolean,
  postMessage: () => void = () => undefined,
  says: readonly unknown[] = [],
): CompilerWorker => ({
  addEventListener: (type: string, listener: (event: { readonly data: unknown }) => void) => {
    if (fails && type === 'error') setTimeout(listener, 1, { data: null })
    if (type === 'message') for (const data of says) setTimeout(listener, 1, { data })
  },
  postMessage,
  terminate: () => {
    seen.ended += 1
  },
})

/** Of others in a worker, then of the compiler. */
const talk = ['hello', null, { type: 'reload' }, { _tag: 'Right' }, { _tag: 'Left' }, E.right(Uint8Array.of(1, 2, 3))]

const [, , which = '', source = sum(), timeout] = process.argv
const options = timeout === undefined ? {} : { timeout: Number(timeout) }
const compilers: { readonly [name: string]: () => Compiler } = {
  refusing: () => inWorker(refuse, options),
  failing: () => inWorker(() => workerOf(true), options),
  deaf: () => inWorker(() => workerOf(false, refuse), options),
  talking: () => inWorker(() => workerOf(false, undefined, talk), options),
  hanging: () => inWorker(() => workerOf(false), options),
}
const module = async (): Promise<{ readonly inBackground: typeof inBackground }> => import(which)
const compiler = compilers[which]?.() ?? (await module()).inBackground(options)
const outcome = await compiler(source)()
process.stdout.write(
  JSON.stringify({
    ...seen,
    error: outcome._tag === 'Left' ? outcome.left.message : null,
    base64: outcome._tag === 'Right' ? Buffer.from(outcome.right).toString('base64') : '',
  }),
)
