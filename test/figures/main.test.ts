/** The program that draws, and the figures of README.md, which are what it draws. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { figures } from '../../examples/figures/index.js'

const test = suite('examples/figures')

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const shown = [...readme.matchAll(/examples\/figures\/svg\/([a-z-]+)[.]svg/g)].map(([, name = '']) => name)

const run = (...args: readonly string[]) => {
  const program = join(root, 'examples/figures/main.ts')
  return spawnSync(process.execPath, ['--import', 'tsx', program, ...args], { cwd: root, encoding: 'utf8' })
}

test('the figures of README.md are those that are drawn now, byte for byte, and small', () => {
  const names = [...new Set(shown)]
  const folder = mkdtempSync(join(tmpdir(), 'gradus-figures-'))
  try {
    const { status, stdout, stderr } = run('--only', names.join(), '--out', folder)
    assert.is(status, 0, stderr)
    assert.match(stdout, new RegExp(`^${names.length} figures in [0-9.]+ s$`, 'm'))
    assert.equal(readdirSync(folder).toSorted(), names.map(name => `${name}.svg`).toSorted())
    for (const name of names) {
      const now = readFileSync(join(folder, `${name}.svg`), 'utf8')
      const then = readFileSync(join(root, `examples/figures/svg/${name}.svg`), 'utf8')
      assert.ok(now === then, `${name}.svg is out of date: npm run figures, look at it, and commit it`)
      assert.ok(now.length < 60_000, `${name}.svg has ${now.length} characters`)
    }
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
