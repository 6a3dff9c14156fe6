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
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('the package')
const root = fileURLToPath(new URL('..', import.meta.url))

const use = `
import { Data, Label, Layer, Loss, Net, Optimizer, Recipe, Trainer, orThrow, pipe } from 'gradus'
import { saveFile } from 'gradus/cli'
import { checkNet } from 'gradus/testing'

const net = pipe(Net.input(2), Layer.dense(8), Layer.tanh(), Layer.dense(2))
const loss = Loss.softmaxCrossEntropy()
const recipe = Recipe.of({ net, loss, optimizer: Optimizer.adam({ rate: 0.05 }), batch: 8, epochs: 40, seed: 1 })
const x = Array.from({ length: 128 }, (_, i) => Math.sin(12.9898 * i))
const y = x.slice(0, 64).map((_, i) => (Number(x[2 * i]) > Number(x[2 * i + 1]) ? 1 : 0))
const train = orThrow(Data.of({ inputs: net.inputs, label: Label.classes(2) })({ x, y }))
const { history } = orThrow(await Trainer.fit(recipe)({ train })())
const losses = history.map(e => e.train.loss)
const checked = checkNet(net)
if (checked._tag === 'Left') throw new Error(JSON.stringify(checked.left))
console.log(JSON.stringify({ first: losses[0], last: losses[39], saveFile: typeof saveFile }))
`

/** Runs node, or a command, in a folder; its output, if it ended well. */
const run = (command: string, args: readonly string[], cwd: string): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  assert.is(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

test('its three entries train, save and check, in JavaScript and in TypeScript', () => {
  assert.ok(existsSync(join(root, 'dist/index.js')), 'dist is not there: npm run build')
  const folder = mkdtempSync(join(tmpdir(), 'gradus-package-'))
  try {
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root)
    const [packed = ''] = readdirSync(folder)
    run('tar', ['xzf', packed], folder)
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'))
    const modules = join(folder, 'node_modules')
    for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
      mkdirSync(dirname(join(modules, name)), { recursive: true })
      symlinkSync(join(root, 'node_modules', name), join(modules, name))
    }
    symlinkSync(join(folder, 'package'), join(modules, 'gradus'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'use.js'), use)
    writeFileSync(join(folder, 'use.ts'), `${use}\nlosses satisfies readonly number[]`)
    const { first, last, saveFile } = JSON.parse(run(process.execPath, ['use.js'], folder))
    assert.ok(last < 0.3 && first > 0.5, `${first} to ${last}`)
    assert.is(saveFile, 'function')
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const strict = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022']
    run(process.execPath, [compiler, ...strict, '--preserveSymlinks', 'use.ts'], folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
