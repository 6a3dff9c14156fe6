/** The hosts beside this Node: npm ci --prefix test/portable/runtimes; apt-get install chromium. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const path = (relative: string): string => fileURLToPath(new URL(`runtimes/node_modules/${relative}`, import.meta.url))

export const runtimes = [
  { name: 'Node 24', command: path('.bin/node'), args: [] },
  { name: 'Deno', command: path('.bin/deno'), args: ['run', '--allow-read', '--allow-env'] },
  { name: 'Bun', command: path('.bin/bun'), args: [] },
]

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const puppeteer = path('puppeteer-core/lib/esm/puppeteer/puppeteer-core.js')
const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

export const hasChromium = chromium !== undefined && existsSync(puppeteer)

export interface Page {
  readonly goto: (url: string) => Promise<unknown>
  readonly evaluate: <A>(script: string) => Promise<A>
}
interface Browser {
  readonly newPage: () => Promise<Page>
  readonly close: () => Promise<void>
}

/** Uses an empty page of a server, cross-origin isolated or not, under a policy or none, that has the given files. */
export const inChromium = async <A>(
  served: Readonly<Record<string, string>>,
  isolated: boolean,
  use: (page: Page) => Promise<A>,
  policy?: string,
): Promise<A> => {
  const server = createServer(({ url = '' }, response) => {
    const file = served[url]
    response.setHeader('Content-Type', file?.endsWith('.mjs') ? 'text/javascript' : 'text/html')
    if (policy !== undefined) response.setHeader('Content-Security-Policy', policy)
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    }
    response.end(file ? readFileSync(file) : '<!doctype html><title>gradus</title>')
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const address = server.address()
  const profile = mkdtempSync(join(tmpdir(), 'gradus-profile-'))
  const { default: driver } = (await import(puppeteer)) as {
    readonly default: { readonly launch: (options: object) => Promise<Browser> }
  }
  const browser = await driver.launch({ executablePath: chromium, headless: true, userDataDir: profile, args: flags })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`)
    return await use(page)
  } finally {
    await browser.close()
    server.close()
    rmSync(profile, { recursive: true, force: true })
  }
}
