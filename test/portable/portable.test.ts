/**
 * The same bits everywhere: in this Node, Node 24, Deno, Bun and Chromium, with one thread and several. What is not
 * installed is skipped, which CI does not allow: npm ci --prefix test/portable/runtimes; apt-get install chromium.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle } from './bundle.js'
import type { Outcome } from './job.js'

const test = suite('portable')

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const csv = path('../../examples/data/digits.csv.gz')
const counts = [1, 2, 3]
const limit = 60_000

const files = await bundle()
test.after(() => rmSync(dirname(files.job), { recursive: true }))

const terminal = async (command: string, ...args: readonly string[]): Promise<readonly Outcome[]> => {
  const all = [...args, files.terminal, csv, ...counts.map(String)]
  const { stdout } = await promisify(execFile)(command, all, { timeout: limit })
  return JSON.parse(stdout) as readonly Outcome[]
}

const own = await terminal(process.execPath)
const [{ hash: expected } = { hash: '' }] = own

const assertOutcomes = (outcomes: readonly Outcome[]): void => {
  assert.is(outcomes.length, counts.length)
  outcomes.forEach(({ hash, threads }, i) => {
    assert.equal(threads, { threads: counts[i], note: null })
    assert.is(hash, expected, `${counts[i]} threads`)
  })
}

test('this Node', () => {
  assert.match(expected, /^[0-9a-f]{64}$/)
  assertOutcomes(own)
})

const runtimes = [
  { name: 'Node 24', bin: 'node', args: [] },
  { name: 'Deno', bin: 'deno', args: ['run', '--allow-read', '--allow-env'] },
  { name: 'Bun', bin: 'bun', args: [] },
]
for (const { name, bin, args } of runtimes) {
  const command = path(`runtimes/node_modules/.bin/${bin}`)
  const here = existsSync(command) ? test : test.skip
  here(name, async () => assertOutcomes(await terminal(command, ...args)))
}

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const puppeteer = path('runtimes/node_modules/puppeteer-core/lib/esm/puppeteer/puppeteer-core.js')
const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

interface Page {
  readonly goto: (url: string) => Promise<unknown>
  readonly evaluate: <A>(script: string) => Promise<A>
}
interface Browser {
  readonly newPage: () => Promise<Page>
  readonly close: () => Promise<void>
}

/** What the page of a server, isolated or not, computes in a worker and by itself. */
const inChromium = async (isolated: boolean) => {
  const served: Readonly<Record<string, string>> = { '/job.mjs': files.job, '/worker.mjs': files.worker, '/csv': csv }
  const server = createServer(({ url = '' }, response) => {
    const file = served[url]
    response.setHeader('Content-Type', file?.endsWith('.mjs') ? 'text/javascript' : 'text/html')
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
    const bytes = `new Uint8Array(await (await fetch('/csv')).arrayBuffer())`
    return {
      worker: await page.evaluate<readonly Outcome[]>(`(async () => {
        const worker = new Worker('/worker.mjs', { type: 'module' })
        const answer = new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data)
          worker.onerror = ({ message }) => reject(new Error(message))
        })
        worker.postMessage({ csv: ${bytes}, counts: ${JSON.stringify(counts)} })
        return answer
      })()`),
      page: await page.evaluate<Outcome>(`(async () => (await import('/job.mjs')).train(${bytes}, 2))()`),
    }
  } finally {
    await browser.close()
    server.close()
    rmSync(profile, { recursive: true, force: true })
  }
}

const inBrowser = chromium && existsSync(puppeteer) ? test : test.skip
inBrowser('Chromium, isolated: threads in a worker, one on the page itself', async () => {
  const { worker, page } = await inChromium(true)
  assertOutcomes(worker)
  assert.is(page.hash, expected)
  assert.is(page.threads.threads, 1)
  assert.match(page.threads.note ?? '', 'run the trainer in a worker')
})

inBrowser('Chromium, not isolated: one thread, and why', async () => {
  const { worker } = await inChromium(false)
  for (const { hash, threads } of worker) assert.is(hash, expected, `${threads.threads}`)
  assert.match(worker[1]?.threads.note ?? '', 'cross-origin isolated')
})

test.run()
