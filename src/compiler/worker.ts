/** What a thread or a page's worker runs that compiles: it takes the text of a module and answers with the outcome. */
import { onThisThread } from './Compiler.js'

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

const answer = async (source: string): Promise<void> => (port ?? host).postMessage(await onThisThread(source)())

if (port) port.on('message', answer)
else host.addEventListener('message', ({ data }) => answer(data))
