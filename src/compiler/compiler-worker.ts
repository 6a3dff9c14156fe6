/** What a thread or a page's worker runs that compiles: it takes the text of a module and answers with the outcome. */
import { compilerOf } from './Compiler.js'

/** Named here so that a bundler finds them. */
const compiler = compilerOf(async () => {
  const [program, asc] = await Promise.all([import('assemblyscript'), import('assemblyscript/asc')])
  return { compiler: program, asc }
})

interface Port {
  on(event: 'message', listener: (source: string) => void): void
  postMessage(message: unknown): void
}
interface Host {
  readonly process?: { getBuiltinModule?(name: string): unknown }
  addEventListener(type: 'message', listener: (event: { readonly data: string }) => void): void
  postMessage(message: unknown): void
}

const host = globalThis as unknown as Host
const node = host.process?.getBuiltinModule?.('node:worker_threads') as { readonly parentPort: Port | null } | undefined
const port = node?.parentPort

const answer = async (source: string): Promise<void> => (port ?? host).postMessage(await compiler(source)())

if (port) port.on('message', answer)
else host.addEventListener('message', ({ data }) => answer(data))
