/** The program that draws the figures, and which of them stand in README.md. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { figures } from '../../examples/figures/index.js'
import { stands } from './support.js'

const test = suite('examples/figures')

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const shown = [...readme.matchAll(/examples\/figures\/svg\/([a-z-]+)[.]svg/g)].map(([, name = '']) => name)

const run = (...args: readonly string[]) => {
  const program = join(root, 'examples/figures/main.ts')
  return spawnSync(process.execPath, ['--import', 'tsx', program, ...args], { cwd: root, encoding: 'utf8' })
}

test('every figure of README.md is one that is drawn', () => {
  assert.ok(shown.length > 2)
  for (const name of shown)
    assert.ok(
      figures.some(f => f.name === name),
      name,
    )
})

test('writes the figures that are asked for', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-figures-'))
  try {
    const { status, stdout, stderr } = run('--only', 'ravine', '--out', folder)
    assert.is(status, 0, stderr)
    assert.match(stdout, /^1 figures in [0-9.]+ s$/m)
    assert.equal(readdirSync(folder), ['ravine.svg'])
    stands({ name: 'ravine' }, readFileSync(join(folder, 'ravine.svg'), 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('--help names every figure; a wrong option is one sentence and exit code 2', () => {
  const help = run('--help')
  assert.is(help.status, 0)
  for (const { name, about } of figures) assert.ok(help.stdout.includes(name) && help.stdout.includes(about), name)
  for (const [args, says] of [
    [['--only', 'ravin'], 'There is no figure "ravin"; --help lists them.'],
    [['--onl', 'ravine'], "Unknown option '--onl'; --help lists the options."],
  ] as const) {
    const { status, stderr } = run(...args)
    assert.is(status, 2)
    assert.is(stderr.trimEnd(), says)
  }
})

test.run()
