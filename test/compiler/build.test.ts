import asc from 'assemblyscript/asc'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { build, keyOf } from '../../src/compiler/build.js'
import { compilerOf, library, onThisThread } from '../../src/compiler/Compiler.js'
import { decode, encode } from '../../src/compiler/entry.js'
import { orThrow } from '../../src/index.js'
import { wasmFaults } from '../lint/wasm.js'
import { sum } from './sum.js'
import { assertSums, built, inMemory } from './support.js'

const test = suite('test/compiler/build')

test('a module imports the library and other modules, and runs over an imported memory', async () => {
  const { binary, cached } = await built(sum(), { cache: null })
  assert.is(cached, false)
  assertSums(binary)
  assert.equal(wasmFaults(binary), ['it imports the function core.seven'])
})

test("its memory may have the core's most pages", async () => {
  const { binary } = await built(sum(), { cache: null })
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 })
  assert.ok(new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory }, core: { seven: () => 7 } }))
})

test('the same bytes as the command asc writes', async () => {
  const { files } = orThrow(await library())
  const written: (Uint8Array | string)[] = []
  const flags =
    '--runtime stub --importMemory --noExportMemory --maximumMemory 65536 --noAssert --use abort= --enable simd --enable threads -O1'
  const { error } = await asc.main(['module.ts', '--outFile', 'module.wasm', ...flags.split(' ')], {
    readFile: name => (name === 'module.ts' ? sum() : (files[name] ?? null)),
    writeFile: (_name, contents) => void written.push(contents),
    listFiles: () => [],
  })
  assert.is(error, null)
  const { binary } = await built(sum(), { cache: null })
  assert.ok(written[0] instanceof Uint8Array && Buffer.compare(written[0], binary) === 0)
})

const refused: { readonly [what: string]: readonly [string, RegExp] } = {
  'an unknown name': [
    'export function f(): i32 { return nothing }',
    /^the generated module does not compile: .*TS2304: Cannot find name 'nothing'.*module\.ts\(1,35\)$/,
  ],
  'bad syntax': ['export function {', /^the generated module does not compile: .*TS1003: Identifier expected/],
  'an unknown file': ["import { x } from './nowhere'\nexport function f(): i32 { return x }", /nowhere/],
  'many faults': ['export function f(): i32 { a; b; c; d; return 1 }', /'a'.*; .*'b'.*; and 2 more$/],
  'a fault behind the parser': ['export function f(): i32 { return 1.5 }', /TS2322|AS200/],
}
for (const [what, [source, message]] of Object.entries(refused))
  test(`${what} is a CompileError, and nothing is kept`, async () => {
    const { cache, entries } = inMemory()
    const outcome = await build(source, { cache })()
    assert.is(outcome._tag, 'Left')
    if (outcome._tag === 'Left') assert.match(outcome.left.message, message)
    assert.is(entries.size, 0)
  })

test('a compiler that is not installed, of another version or broken is a CompileError', async () => {
  const { version } = orThrow(await library())
  const message = async (load: Parameters<typeof compilerOf>[0]): Promise<string> => {
    const outcome = await build(sum(), { cache: null, compiler: compilerOf(load) })()
    return outcome._tag === 'Left' ? outcome.left.message : ''
  }
  assert.is(
    await message(() => Promise.reject(new Error("Cannot find package 'assemblyscript'\nimported from"))),
    `the AssemblyScript compiler could not be loaded (Cannot find package 'assemblyscript'): npm install assemblyscript@${version}; a page compiles in a worker (Compile.inWorker)`,
  )
  assert.is(
    await message(async () => ({ compiler: {}, asc: { version: '0.27.0', libraryFiles: {} } })),
    `generated modules need assemblyscript ${version}, not 0.27.0: npm install assemblyscript@${version}; a page compiles in a worker (Compile.inWorker)`,
  )
  assert.match(
    await message(async () => ({ compiler: {}, asc: { version, libraryFiles: {} } })),
    'the compiler broke down',
  )
})

test('a compiler that throws or rejects is a CompileError', async () => {
  const broken = (): never => {
    throw new Error('no more')
  }
  for (const compiler of [broken, () => broken, () => () => Promise.reject(new Error('no more'))]) {
    const outcome = await build(sum(), { cache: null, compiler })()
    assert.is(outcome._tag === 'Left' ? outcome.left.message : '', 'the compiler broke down (no more)')
  }
})

test('the peer that the package asks for is the version that modules are built with', async () => {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } })
  const { version } = orThrow(await library())
  assert.is(manifest.peerDependencies.assemblyscript, version)
  assert.is(asc.version, version)
})

test('what is cached has the same bytes, and is not compiled again', async () => {
  const { cache, entries } = inMemory()
  let compiled = 0
  const compiler: typeof onThisThread = source => {
    compiled += 1
    return onThisThread(source)
  }
  const first = await built(sum(), { cache, compiler })
  const second = await built(sum(), { cache, compiler })
  assert.equal([first.cached, second.cached, compiled], [false, true, 1])
  assert.equal(second.binary, first.binary)
  assert.equal([...entries.keys()], [orThrow(await keyOf(sum())())])
  assertSums((await built(sum(2), { cache, compiler })).binary, 2)
  assert.equal([entries.size, compiled], [2, 2])
})

test('a cache that fails or holds what is not whole is none', async () => {
  const { binary } = await built(sum(), { cache: null })
  const refuse = (): Promise<never> => Promise.reject(new Error('no'))
  assert.equal(await built(sum(), { cache: { get: refuse, put: refuse } }), { binary, cached: false })
  const { cache, entries } = inMemory()
  const key = orThrow(await keyOf(sum())())
  entries.set(key, encode(orThrow(await keyOf(sum(2))()), binary))
  assert.equal(await built(sum(), { cache }), { binary, cached: false })
  assert.equal(await built(sum(), { cache }), { binary, cached: true })
})

test('a cache that hangs is done without, and not written to', async () => {
  const { binary } = await built(sum(), { cache: null })
  const never = new Promise<never>(() => undefined)
  const puts: string[] = []
  const put = (k: string): Promise<never> => {
    puts.push(k)
    return never
  }
  const hung = { cache: { get: () => never, put }, cacheTimeout: 20 }
  assert.equal(await built(sum(), hung), { binary, cached: false })
  assert.equal(puts, [])
  const full = { cache: { get: () => Promise.reject(new Error('no')), put }, cacheTimeout: 20 }
  assert.equal(await built(sum(), full), { binary, cached: false })
  assert.is(puts.length, 1)
  for (const cacheTimeout of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    const outcome = await build(sum(), { cache: null, cacheTimeout })()
    assert.match(outcome._tag === 'Left' ? outcome.left.message : '', `but it is ${cacheTimeout}`)
  }
})

test('what is being built is not built a second time at once', async () => {
  const { cache, entries } = inMemory()
  const texts: string[] = []
  const compiler: typeof onThisThread = source => {
    texts.push(source)
    return onThisThread(source)
  }
  const [one, two, other] = await Promise.all([
    built(sum(3), { cache, compiler }),
    built(sum(3), { cache, compiler }),
    built(sum(4), { cache, compiler }),
  ])
  assert.equal(texts, [sum(3), sum(4)])
  assert.equal(two, one)
  assert.is.not(two.binary.buffer, one.binary.buffer)
  assertSums(other.binary, 4)
  entries.clear()
  await Promise.all([built(sum(3), { cache, compiler }), built(sum(3), { cache: null, compiler })])
  assert.is(texts.length, 4)
  const faulty = [1, 2].map(() => build('export function {', { cache, compiler })())
  assert.equal(
    (await Promise.all(faulty)).map(o => o._tag),
    ['Left', 'Left'],
  )
  assert.is(texts.length, 5)
})

const bytes = fc.uint8Array({ maxLength: 200 }).map(b => Uint8Array.from(b))
const key = fc.string()

test('an entry: decode after encode is the identity', () => {
  fc.assert(fc.property(key, bytes, (k, b) => assert.equal(decode(k, encode(k, b)), b)))
})

test('an entry that was flipped, cut, extended, foreign or of another key is null', () => {
  fc.assert(
    fc.property(key, bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (k, b, at, change) => {
      const entry = encode(k, b)
      const flipped = entry.map((x, i) => (i === at % entry.length ? x ^ change : x))
      assert.is(decode(k, flipped), null)
      assert.is(decode(k, entry.subarray(0, at % entry.length)), null)
      assert.is(decode(k, Uint8Array.from([...entry, change])), null)
      assert.is(decode(`${k}x`, entry), null)
      assert.is(decode(k, b), null)
    }),
  )
})

test.run()
