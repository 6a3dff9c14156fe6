/** The folder as the cache: damage, rivals, limits, refusals. */
import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { keyOf } from '../../src/compiler/build.js'
import type { Cache } from '../../src/compiler/Cache.js'
import { encode } from '../../src/compiler/entry.js'
import { filesIn } from '../../src/compiler/files.js'
import { cacheOf, type Host } from '../../src/compiler/hostCache.js'
import { orThrow } from '../../src/index.js'
import { bundle } from './bundle.js'
import { sum } from './sum.js'
import { assertSums, built } from './support.js'

const test = suite('test/compiler/files')

const root = mkdtempSync(join(tmpdir(), 'gradus-compiler-'))
test.after(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
const fresh = (): string => join(root, String(folders++))

const open = (folder: string, limit = { entries: 256, bytes: 1 << 26 }): Cache =>
  filesIn(fs, folder, () => `${process.pid}-${folders++}`, limit)

const binary = Uint8Array.from({ length: 1000 }, (_, i) => i * i)
const key = orThrow(await keyOf(sum())())
const whole = encode(key, binary)

/** Compiles nothing: what is made is known. */
const compiler = () => async () => ({ _tag: 'Right', right: binary }) as const

const place = (folder: string): string => join(folder, `${key}.gradus`)

test('what is put is found, by another process too, and nothing else lies about', async () => {
  const folder = fresh()
  assert.is(await open(folder).get(key), null)
  assert.equal(await built(sum(), { cache: open(folder), compiler }), { binary, cached: false })
  assert.equal(await built(sum(), { cache: open(folder), compiler }), { binary, cached: true })
  assert.equal(readdirSync(folder), [`${key}.gradus`])
})

/** A rebuild over something in the entry's place: the right bytes, and a whole entry afterwards. */
const assertRebuilt = async (folder: string, what: string): Promise<void> => {
  assert.equal(await built(sum(), { cache: open(folder), compiler }), { binary, cached: false }, what)
  assert.equal(await built(sum(), { cache: open(folder), compiler }), { binary, cached: true }, what)
  assert.equal(readdirSync(folder), [`${key}.gradus`], what)
}

const random = (seed: number) => {
  let s = seed
  return (n: number): number => {
    s = (Math.imul(s, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((s / 2 ** 32) * n)
  }
}

test('a damaged entry is built anew', async () => {
  const folder = fresh()
  mkdirSync(folder)
  const below = random(1)
  const flips = Array.from({ length: 60 }, () => {
    const bit = below(8 * whole.length)
    return whole.map((x, i) => (i === bit >> 3 ? x ^ (1 << (bit & 7)) : x))
  })
  const lengths = [0, 1, 7, 8, 9, 39, 40, 41, whole.length >> 1, whole.length - 1]
  const foreign = [Buffer.from('{"not":"ours"}'), Buffer.from(binary), Buffer.alloc(5000), encode('other', binary)]
  const longer = Buffer.concat([whole, Buffer.from([0])])
  for (const bytes of [...flips, ...lengths.map(n => whole.subarray(0, n)), ...foreign, longer]) {
    writeFileSync(place(folder), bytes)
    await assertRebuilt(folder, `${bytes.length} bytes`)
  }
})

test('a folder, a dangling link or a link to a folder in its place is replaced', async () => {
  const folder = fresh()
  mkdirSync(join(place(folder), 'deep'), { recursive: true })
  writeFileSync(join(place(folder), 'deep/file'), 'x')
  await assertRebuilt(folder, 'a folder')
  const outside = fresh()
  mkdirSync(outside)
  writeFileSync(join(outside, 'kept'), 'x')
  for (const target of [join(root, 'nothing'), outside]) {
    rmSync(place(folder), { force: true })
    symlinkSync(target, place(folder))
    await assertRebuilt(folder, target)
  }
  assert.equal(readdirSync(outside), ['kept'])
})

const onLinux = existsSync('/proc/self') ? test : test.skip
onLinux('a file that calls itself empty is not read: it may never end', async () => {
  const folder = fresh()
  mkdirSync(folder)
  symlinkSync('/proc/version', place(folder))
  const readFile = () => Promise.reject(new Error('it was read'))
  assert.is(await filesIn({ ...fs, readFile }, folder, () => '1').get(key), null)
  await assertRebuilt(folder, 'of the kernel')
})

test('a folder that cannot be made, written or read is no cache', async () => {
  const file = fresh()
  writeFileSync(file, 'x')
  for (const folder of [file, join(file, 'below'), '\0'])
    assert.equal(await built(sum(), { cache: open(folder), compiler }), { binary, cached: false }, folder)
  const denied = Object.assign(new Error('EACCES'), { code: 'EACCES' })
  const refuse = (): Promise<never> => Promise.reject(denied)
  const folder = fresh()
  for (const call of ['mkdir', 'readFile', 'readdir', 'rename', 'rm', 'stat', 'writeFile']) {
    const cache = filesIn({ ...fs, [call]: refuse }, folder, () => '1')
    assert.equal((await built(sum(), { cache, compiler })).binary, binary, call)
    assert.equal((await built(sum(), { cache, compiler })).binary, binary, call)
    rmSync(folder, { recursive: true, force: true })
  }
  if (process.getuid?.() === 0) return
  mkdirSync(folder)
  chmodSync(folder, 0o500)
  assert.equal(await built(sum(), { cache: open(folder), compiler }), { binary, cached: false })
  chmodSync(folder, 0o700)
})

const name = (i: number): string => i.toString(16).padStart(64, '0')

test('no more than so many entries and bytes are kept: the oldest go, and nothing of others', async () => {
  const folder = fresh()
  mkdirSync(folder)
  writeFileSync(join(folder, 'notes.txt'), 'of the user')
  writeFileSync(join(folder, `${name(99)}.gradus.bak`), 'of the user')
  const cache = open(folder, { entries: 4, bytes: 1000 })
  const put = async (i: number, size: number): Promise<void> => {
    await cache.put(name(i), new Uint8Array(size))
    if (existsSync(join(folder, `${name(i)}.gradus`))) utimesSync(join(folder, `${name(i)}.gradus`), i, i)
  }
  const kept = (): readonly number[] =>
    readdirSync(folder)
      .filter(f => f.endsWith('.gradus'))
      .map(f => Number.parseInt(f, 16))
      .sort((a, b) => a - b)
  for (let i = 1; i <= 6; i++) await put(i, 100)
  assert.equal(kept(), [3, 4, 5, 6])
  await put(7, 750)
  assert.equal(kept(), [5, 6, 7])
  await put(8, 1000)
  assert.equal(kept(), [8])
  await put(9, 1001)
  assert.equal(kept(), [8])
  assert.equal(await cache.get(name(9)), null)
  // an entry whose clock runs ahead does not push out the one just written
  utimesSync(join(folder, `${name(8)}.gradus`), 5e9, 5e9)
  await put(10, 600)
  assert.equal(kept(), [10])
  assert.equal(readFileSync(join(folder, 'notes.txt'), 'utf8'), 'of the user')
  assert.ok(existsSync(join(folder, `${name(99)}.gradus.bak`)))
})

test('what a writer that died left is cleared after an hour', async () => {
  const folder = fresh()
  mkdirSync(folder)
  const [old, young] = [1, 2].map(i => join(folder, `${key}.${i}-x.tmp`)) as [string, string]
  for (const path of [old, young]) writeFileSync(path, 'half')
  utimesSync(old, 1, 1)
  await open(folder).put(key, whole)
  assert.equal([existsSync(old), existsSync(young)], [false, true])
})

test('processes that fill one cache at once with the same keys all have right modules', async () => {
  const folder = fresh()
  const script = join(fresh(), 'rival.js')
  await bundle(dirname(script), { rival: 'test/compiler/rival.ts' })
  const env = { ...process.env, GRADUS_CACHE: folder }
  const run = async (): Promise<readonly { bias: number; cached: boolean; base64: string }[]> => {
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env })
    return JSON.parse(stdout)
  }
  const rivals = (await Promise.all([run(), run(), run()])).flat()
  const after = await run()
  assert.is(rivals.length, 12)
  for (const { bias, base64 } of [...rivals, ...after]) assertSums(Uint8Array.from(Buffer.from(base64, 'base64')), bias)
  assert.ok(after.every(a => a.cached))
  assert.is(readdirSync(folder).length, 4)
  assert.ok(readdirSync(folder).every(f => f.endsWith('.gradus')))
})

const hostOf = (env: Record<string, string>, platform = 'linux'): Host => ({
  process: { env, platform, pid: 1, getBuiltinModule: name => process.getBuiltinModule(name) },
})

/** Where a host's cache writes, as a path from the test's folder; null without a cache. */
const writesTo = async (env: Record<string, string>, platform?: string): Promise<string | null> => {
  const base = fresh()
  mkdirSync(base)
  const here = Object.fromEntries(Object.entries(env).map(([k, v]) => [k, v.replace('BASE', base)]))
  const cache = await cacheOf(hostOf(here, platform))
  if (cache === null) return null
  await cache.put(key, whole)
  const [found = ''] = readdirSync(base, { recursive: true, encoding: 'utf8' }).filter(f => f.endsWith('.gradus'))
  return found.replace(`${key}.gradus`, '')
}

test("the folder is the user's own for caches, unless GRADUS_CACHE names one", async () => {
  assert.is(await writesTo({ HOME: 'BASE' }), '.cache/gradus/')
  assert.is(await writesTo({ HOME: 'BASE', XDG_CACHE_HOME: 'BASE/xdg' }), 'xdg/gradus/')
  assert.is(await writesTo({ HOME: 'BASE' }, 'darwin'), 'Library/Caches/gradus/')
  assert.is(await writesTo({ LOCALAPPDATA: 'BASE/local' }, 'win32'), 'local/gradus/Cache/')
  assert.is(await writesTo({ HOME: 'BASE', GRADUS_CACHE: 'BASE/mine' }), 'mine/')
  assert.is(await writesTo({ HOME: 'BASE', GRADUS_CACHE: 'off' }), null)
  assert.is(await writesTo({}), null)
  assert.is(await writesTo({ HOME: 'home' }), null)
  assert.is(await writesTo({ HOME: 'BASE', XDG_CACHE_HOME: 'caches' }), '.cache/gradus/')
  assert.is(await cacheOf({}), null)
})

onLinux('a folder that its file system makes for nobody is no cache', async () => {
  const env = { GRADUS_CACHE: '/proc/nothing/deep' }
  const cache = await cacheOf(hostOf(env))
  assert.equal(await built(sum(), { cache, compiler, cacheTimeout: 60_000 }), { binary, cached: false })
})

test('folders above the cache are made only where a host grants that', async () => {
  for (const granted of [true, false]) {
    const above = fresh()
    const folder = join(above, 'cache')
    const query = async (d: object) => {
      const { name, path = folder } = d as { readonly name: string; readonly path?: string }
      return { state: name !== 'write' || granted || path === folder ? 'granted' : 'prompt' }
    }
    const cache = await cacheOf({ ...hostOf({ GRADUS_CACHE: folder }), Deno: { permissions: { query } } })
    assert.equal(await built(sum(), { cache, compiler }), { binary, cached: false })
    assert.is(existsSync(above), granted)
  }
})

test('a host that grants nothing has no cache, and is not asked', async () => {
  const granting = (...names: readonly string[]): Host => ({
    ...hostOf({ GRADUS_CACHE: fresh() }),
    Deno: {
      permissions: {
        query: async d => ({ state: names.includes((d as { name: string }).name) ? 'granted' : 'prompt' }),
      },
    },
  })
  assert.ok(await cacheOf(granting('env', 'read', 'write')))
  for (const some of [[], ['env'], ['env', 'read'], ['env', 'write'], ['read', 'write']])
    assert.is(await cacheOf(granting(...some)), null, some.join())
})

test.run()
