/** What `npm run quickstart` promises, on the built package; that all examples run on src/ is a check of its own. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('the quickstart')

const root = fileURLToPath(new URL('..', import.meta.url))

assert.ok(existsSync(join(root, 'dist/node/index.js')), 'dist is not there: npm run build')

const run = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'quickstart', '--', ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, lines: stdout.trimEnd().split('\n'), stderr: stderr.trimEnd() }
}

test('ends with the test accuracy, and leaves the model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-examples-'))
  try {
    const out = join(folder, 'model')
    const { status, lines, stderr } = run('--epochs', '5', '--out', out)
    assert.is(status, 0, stderr)
    const [, accuracy = 0] = /^test accuracy (0[.]\d{3})$/.exec(lines.at(-1) ?? '') ?? []
    assert.ok(Number(accuracy) > 0.85, lines.at(-1))
    assert.ok(existsSync(out))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a wrong option is one sentence and exit code 2', () => {
  for (const [args, says] of [
    [['--sed', '1'], "Unknown option '--sed'; --help lists the options."],
    [['--epochs', '0'], '--epochs must be a whole number of at least 1, but it is "0".'],
  ] as const) {
    const { status, stderr } = run(...args)
    assert.is(status, 2)
    assert.is(stderr, says)
  }
})

test.run()
