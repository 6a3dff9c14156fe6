/** What would be published, as its users have it: packed, unpacked beside its dependencies, imported, type-checked. */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runtimes } from './portable/hosts.js'

const test = suite('the package')
const root = fileURLToPath(new URL('..', import.meta.url))

const packed = gzipSync('0.5,1\n-2,0\n'.repeat(99)).toString('base64')

/** A program whose entries are the package's, or modules at an address. */
const use = (entry: (name: string) => string): string => `
import * as gradus from '${entry('index')}'
import * as cli from '${entry('cli')}'
import * as testing from '${entry('testing')}'

const { Data, Label, Layer, Loss, Net, Optimizer, Recipe, Trainer, orThrow, pipe } = gradus
const net = pipe(Net.input(2), Layer.dense(8), Layer.tanh(), Layer.dense(2))
const loss = Loss.softmaxCrossEntropy()
const recipe = Recipe.of({ net, loss, optimizer: Optimizer.adam({ rate: 0.05 }), batch: 8, epochs: 40, seed: 1 })
const x = Array.from({ length: 128 }, (_, i) => Math.fround(((7919 * i) % 128) / 64 - 1))
const y = x.slice(0, 64).map((_, i) => (Number(x[2 * i]) > Number(x[2 * i + 1]) ? 1 : 0))
const train = orThrow(Data.of({ inputs: net.inputs, label: Label.classes(2) })({ x, y }))
const { history, hash } = orThrow(await Trainer.fit(recipe)({ train })())
const losses = history.map(e => e.train.loss)
const checked = testing.checkNet(net)
if (checked._tag === 'Left') throw new Error(JSON.stringify(checked.left))
const file = Uint8Array.from(atob('${packed}'), c => c.charCodeAt(0))
const damaged = [file.slice(0, -9), file.map((b, i) => (i === 20 ? b ^ 1 : b)), Uint8Array.of(...file, ...file)]
const read = Data.csv({ inputs: [1], label: Label.classes(2) })
const files = [file, ...damaged].map(bytes => read(bytes)).map(e => (e._tag === 'Left' ? e.left.message : e.right.size))
const names = [gradus, cli, testing].map(all => Object.keys(all).sort())
console.log(JSON.stringify({ first: losses[0], last: losses[39], hash, files, names }))
`

/** Compiles on another thread, and says how many were started and answered. */
const background = `
import threads from 'node:worker_threads'
import { Compile, Expr, orThrow } from 'gradus'

const seen = { started: 0, answered: 0 }
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args)
    seen.started += 1
    this.on('message', () => { seen.answered += 1 })
  }
}
const compiled = orThrow(await Compile.inBackground()('export function two(): i32 { return 2 }')())
console.log(JSON.stringify({ ...seen, magic: compiled[1] }))
`

/** Runs node, or a command, in a folder; its output, if it ended well. */
const run = (command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  assert.is(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

assert.ok(existsSync(join(root, 'dist/node/index.js')), 'dist is not there: npm run build')
const folder = mkdtempSync(join(tmpdir(), 'gradus-package-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))
run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root)
run('tar', ['xzf', ...readdirSync(folder)], folder)
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'))
const modules = join(folder, 'node_modules')
for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
  mkdirSync(dirname(join(modules, name)), { recursive: true })
  symlinkSync(join(root, 'node_modules', name), join(modules, name))
}
symlinkSync(join(folder, 'package'), join(modules, 'gradus'))
const entries: { readonly [name: string]: string } = { index: 'gradus', cli: 'gradus/cli', testing: 'gradus/testing' }
const files = {
  'package.json': '{ "type": "module" }',
  'use.js': use(name => entries[name] ?? ''),
  'use.ts': `${use(name => entries[name] ?? '')}\nlosses satisfies readonly number[]`,
  'modules.js': use(name => (name === 'index' ? './package/dist/index.js' : `./package/dist/${name}/index.js`)),
  'background.js': background,
  'empty.js': `import 'gradus'; import 'gradus/cli'`,
}
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)

const used = run(process.execPath, ['use.js'], folder)

test('its three entries train, save and check, in JavaScript and in TypeScript', () => {
  const { first, last } = JSON.parse(used)
  assert.ok(last < first / 100, `${first} to ${last}`)
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const strict = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022']
  run(process.execPath, [compiler, ...strict, '--preserveSymlinks', 'use.ts'], folder)
})

test('what Node loads is what the modules are, that pages are given: the same names and bits', () => {
  assert.is(run(process.execPath, ['modules.js'], folder), used)
})

for (const { name, command, args } of runtimes) {
  const here = existsSync(command) ? test : test.skip
  here(`${name}: the same`, () => assert.is(run(command, [...args, 'use.js'], folder), used))
}

test('Node loads it as few files and no other package: it carries what it needs, with the licenses', () => {
  const coverage = join(folder, 'coverage')
  run(process.execPath, ['empty.js'], folder, { NODE_V8_COVERAGE: coverage })
  const [report = ''] = readdirSync(coverage)
  const { result } = JSON.parse(readFileSync(join(coverage, report), 'utf8')) as { result: { url: string }[] }
  const urls = result.map(({ url }) => url).filter(url => url.startsWith('file:'))
  const own = urls.filter(url => url.includes('/package/dist/'))
  assert.ok(own.length > 0 && own.length <= 8, own.join('\n'))
  assert.not.match(urls.join('\n'), /\/node_modules\//)
  const licenses = readFileSync(join(folder, 'package/dist/node/LICENSES'), 'utf8')
  for (const name of ['fp-ts', 'io-ts', '@noble/hashes', 'canonicalize', 'd3-dsv', 'cli-table3'])
    assert.ok(licenses.includes(`${name}\n\n${readFileSync(join(modules, name, 'LICENSE'), 'utf8')}`), name)
  assert.match(licenses, '\nstring-width\n\nMIT License') // what cli-table3 needs
})

test('a thread of Node compiles, which finds its file', () => {
  assert.equal(JSON.parse(run(process.execPath, ['background.js'], folder)), { started: 1, answered: 1, magic: 0x61 })
})

test("a page's bundle has what it uses", async () => {
  const sizeOf = async (name: string): Promise<number> => {
    const { outputFiles } = await build({
      stdin: { contents: `import { ${name} } from 'gradus'; console.log(${name})`, resolveDir: folder },
      ...{ bundle: true, minify: true, format: 'esm', write: false, external: ['module'], logLevel: 'error' },
    })
    return outputFiles?.[0]?.contents.length ?? 0
  }
  const [some, most] = [await sizeOf('Schedule'), await sizeOf('Trainer')]
  assert.ok(some < 50_000 && most > 500_000, `${some} ${most}`)
})

test.run()
