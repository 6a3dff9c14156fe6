/**
 * The same bits everywhere: in this Node, Node 24, Deno, Bun and Chromium, with one thread and several. What is not
 * installed is skipped, which CI does not allow: npm ci --prefix test/portable/runtimes; apt-get install chromium.
 */
import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle } from './bundle.js'
import { hasChromium, inChromium, type Page, runtimes } from './hosts.js'
import type { Outcome } from './job.js'

const test = suite('portable')

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const csv = path('../../examples/data/digits.csv.gz')
const counts = [1, 2, 3]
const limit = 60_000

const files = await bundle('job', 'terminal', 'worker')
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

for (const { name, command, args } of runtimes) {
  const here = existsSync(command) ? test : test.skip
  here(name, async () => assertOutcomes(await terminal(command, ...args)))
}

const served = { '/job.mjs': files.job, '/worker.mjs': files.worker, '/csv': csv }

/** What a page, isolated or not, computes in a worker and by itself. */
const train = (isolated: boolean, policy?: string) => {
  const use = async (page: Page) => {
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
  }
  return inChromium(served, isolated, use, policy)
}

const inBrowser = hasChromium ? test : test.skip
inBrowser('Chromium, isolated: threads in a worker, one on the page itself', async () => {
  const { worker, page } = await train(true)
  assertOutcomes(worker)
  assert.is(page.hash, expected)
  assert.is(page.threads.threads, 1)
  assert.match(page.threads.note ?? '', 'run the trainer in a worker')
})

inBrowser('Chromium, not isolated: one thread, and why', async () => {
  const { worker } = await train(false)
  for (const { hash, threads } of worker) assert.is(hash, expected, `${threads.threads}`)
  assert.match(worker[1]?.threads.note ?? '', 'cross-origin isolated')
})

inBrowser('Chromium, isolated, under a policy without workers from blob: one thread, and why', async () => {
  const { worker } = await train(true, "worker-src 'self'")
  for (const { hash, threads } of worker) {
    assert.is(hash, expected)
    assert.is(threads.threads, 1)
  }
  assert.match(worker[1]?.threads.note ?? '', 'worker-src')
})

test.run()
