/** Modules built at run time in Node 24, Deno and Bun, with the host's own cache: the same bytes as here. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { assertSums } from '../compiler/support.js'
import type { Outcome } from './build.js'
import { bundle } from './bundle.js'
import { runtimes } from './hosts.js'
import { fitted } from './job.js'

const test = suite('portable builds')

const files = await bundle('build-terminal')
test.after(() => rmSync(dirname(files['build-terminal']), { recursive: true }))

const csv = fileURLToPath(new URL('../../examples/data/digits.csv.gz', import.meta.url))
/** What the interpreter trains. */
const expected = await fitted(readFileSync(csv), 1)

/**
 * Builds twice in a process whose cache is an empty folder, and trains with a built module and two threads, to the bits
 * of the interpreter; also how many entries the cache has then.
 */
const terminal = async (command: string, ...args: readonly string[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-cache-'))
  try {
    const env = { ...process.env, GRADUS_CACHE: folder }
    const all = [...args, files['build-terminal'], csv]
    const { stdout } = await promisify(execFile)(command, all, { env, timeout: 60_000 })
    const seen = JSON.parse(stdout) as { readonly outcomes: readonly Outcome[]; readonly hash: string }
    assert.is(seen.hash, expected)
    return { ...seen, entries: readdirSync(folder).length }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const own = await terminal(process.execPath)
const { bytes = [] } = own.outcomes[0] ?? {}

const assertBuilt = (outcome: Outcome | undefined, cached: boolean): void =>
  assert.equal(outcome, { error: null, cached, bytes })

test('this Node', () => {
  assert.is(own.outcomes[0]?.error, null)
  assertSums(Uint8Array.from(bytes), 3)
  for (const [i, outcome] of own.outcomes.entries()) assertBuilt(outcome, i === 1)
  assert.is(own.entries, 2)
})

for (const { name, command, args } of runtimes) {
  const here = existsSync(command) ? test : test.skip
  here(name, async () => {
    const { outcomes, entries } = await terminal(command, ...args, ...(name === 'Deno' ? ['--allow-write'] : []))
    for (const [i, outcome] of outcomes.entries()) assertBuilt(outcome, i === 1)
    assert.is(entries, 2)
    if (name !== 'Deno') return
    const denied = await terminal(command, ...args)
    for (const outcome of denied.outcomes) assertBuilt(outcome, false)
    assert.is(denied.entries, 0)
  })
}

test.run()
