/** Modules built at run time in Node 24, Deno, Bun and Chromium, with the host's own cache: the same bytes as here. */
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
import { hasChromium, inChromium, runtimes } from './hosts.js'
import { fitted } from './job.js'

const test = suite('portable builds')

const files = await bundle('build', 'build-terminal', 'build-worker')
test.after(() => rmSync(dirname(files.build), { recursive: true }))

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

const inBrowser = hasChromium ? test : test.skip
inBrowser("Chromium: in a worker, kept in the page's database", async () => {
  const served = { '/build.mjs': files.build, '/worker.mjs': files['build-worker'], '/csv': csv }
  await inChromium(served, false, async page => {
    const call = <A>(what: string): Promise<A> =>
      page.evaluate<A>(`(async () => (await import('/build.mjs')).${what})()`)
    assertBuilt(await call<Outcome>(`make(3, '/worker.mjs')`), false)
    const bytes = `new Uint8Array(await (await fetch('/csv')).arrayBuffer())`
    assert.is(await call<string>(`trained(${bytes}, 1, '/worker.mjs')`), expected)
    assertBuilt(await call<Outcome>(`make(3, '/nowhere.mjs')`), true)
    const damages = ['b.map((x, i) => i === 60 ? x ^ 1 : x)', 'b.slice(0, 50)', 'new Uint8Array(0)', '({ foreign: b })']
    for (const damage of damages) {
      assert.is(await call<number>(`damageDatabase(b => ${damage})`), 2)
      assertBuilt(await call<Outcome>('make(3)'), false)
      assertBuilt(await call<Outcome>('make(3)'), true)
    }
    await call<number>('damageDatabase(b => 0)')
    const { error } = await call<Outcome>(`make(3, '/nowhere.mjs')`)
    assert.match(error ?? '', /could not be loaded .* a page compiles in a worker/)
    const kept = (lengths: readonly number[]) => call(`keptOf(${JSON.stringify(lengths)})`)
    assert.equal(await kept([100, 200, 300, 400]), [null, 200, 300, 400])
    assert.equal(await kept([100, 200, 300, 600]), [null, null, 300, 600])
    assert.equal(await kept([100, 200, 300, 1001]), [100, 200, 300, null])
    for (const row of ['{ ...a, size: 3n }', '{ ...a, key: {} }', '{ order: a.order }']) {
      assert.is(await call<number>(`damageDatabase(a => (${row}), 'arrivals')`), 3)
      assert.equal(await kept([100, 200, 300, 400]), [null, 200, 300, 400])
    }
    assert.is(await call('gives(1000)'), true)
    assert.is(await call('gives(1001)'), false)
  })
})

inBrowser("Chromium: another's module under the key, another's database, none at all", async () => {
  await inChromium({ '/build.mjs': files.build }, false, async page => {
    const call = <A>(what: string, before = ''): Promise<A> =>
      page.evaluate<A>(`(async () => { ${before}; return (await import('/build.mjs')).${what} })()`)
    for (const bias of [3, 4]) assert.not(await call<boolean>(`make(${bias}).then(o => o.cached)`))
    for (const bias of [3, 4]) assert.ok(await call<boolean>(`make(${bias}).then(o => o.cached)`))
    assert.is(await call<number>('damageDatabase(b => (first ??= b))', 'let first'), 2)
    const cached = [await call<Outcome>('make(3)'), await call<Outcome>('make(4)')].filter(o => o.cached)
    assert.is(cached.length, 1)
    assertBuilt(await call<Outcome>('make(3)'), true)
    for (const [version, store] of [
      [5, null],
      [1, null],
      [1, 'modules'],
    ] as const) {
      await call(`replaceDatabase(${version}, ${JSON.stringify(store)})`)
      for (let i = 0; i < 2; i++) assertBuilt(await call<Outcome>('make(3)'), false)
    }
    const denied = `Object.defineProperty(window, 'indexedDB', { get() { throw new Error('denied') } })`
    assertBuilt(await call<Outcome>('make(3)', denied), false)
  })
})

test.run()
