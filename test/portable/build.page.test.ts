/** Modules built at run time in Chromium, kept in the page's database: the same bytes as here. */
import { readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { build } from '../../src/compiler/build.js'
import { sum } from '../compiler/sum.js'
import { expectRight } from '../support/assert.js'
import type { Outcome } from './build.js'
import { bundle } from './bundle.js'
import { hasChromium, inChromium } from './hosts.js'
import { fitted } from './job.js'

const test = suite('portable builds in a page')

const files = await bundle('build', 'build-worker')
test.after(() => rmSync(dirname(files.build), { recursive: true }))

const csv = fileURLToPath(new URL('../../examples/data/digits.csv.gz', import.meta.url))
/** What the interpreter trains. */
const expected = await fitted(readFileSync(csv), 1)
const bytes = [...expectRight(await build(sum(3), { cache: null })()).binary]

const assertBuilt = (outcome: Outcome | undefined, cached: boolean): void =>
  assert.equal(outcome, { error: null, cached, bytes })

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
