/**
 * A process of `threads.test.ts`: compiles on another thread, by the module `threads` whose address it is given, and
 * prints what came of it and how many threads were started and answered.
 */
import threads from 'node:worker_threads'
import type { Compiler } from '../../src/compiler/Compiler.js'
import { type CompilerWorker, inWorker } from '../../src/compiler/threads.js'
import { sum } from './sum.js'

const seen = { started: 0, answered: 0 }
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

const failing: CompilerWorker = {
  addEventListener: (type: string, listener: (event: { readonly data: unknown }) => void) => {
    if (type === 'error') setTimeout(listener, 1, { data: null })
  },
  postMessage: () => undefined,
  terminate: () => undefined,
}
const compilers: { readonly [name: string]: () => Promise<Compiler> } = {
  refusing: async () =>
    inWorker(() => {
      throw new Error('no workers here')
    }),
  failing: async () => inWorker(() => failing),
}

const [, , which = '', source = sum()] = process.argv
const compiler = (await compilers[which]?.()) ?? ((await import(which)).inBackground as Compiler)
const outcome = await compiler(source)()
process.stdout.write(
  JSON.stringify({
    ...seen,
    error: outcome._tag === 'Left' ? outcome.left.message : null,
    base64: outcome._tag === 'Right' ? Buffer.from(outcome.right).toString('base64') : '',
  }),
)
