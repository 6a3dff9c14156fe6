/** The runner against one tiny suite for each way in which uvu alone would report success (test/support/fixtures). */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const runner = fileURLToPath(new URL('run.mjs', import.meta.url))
const fixtures = '--dir=test/support/fixtures/suites'

interface Outcome {
  readonly code: number
  readonly output: string
}

/** Runs the runner; `CI` is set only when asked for. */
const run = (args: readonly string[], ci = ''): Promise<Outcome> =>
  new Promise(resolve => {
    const env = { ...process.env, CI: ci }
    execFile(process.execPath, [runner, ...args], { env }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout }),
    )
  })

/** What the runner said of one fixture: its line and all up to the next file's. */
const said = (output: string, name: string): string =>
  output.split(/^(?=(?:ok {5}|FAILED |skipped) )/m).find(part => part.includes(`/${name}.test.ts (`)) ?? ''

const lastLine = (output: string): string => output.trimEnd().split('\n').at(-1) ?? ''

const test = suite('test/run', { all: { code: -1, output: '' } as Outcome })

test.before(async state => {
  state.all = await run([fixtures, '--timeout=8000'])
})

const verdicts: { readonly [fixture: string]: readonly RegExp[] } = {
  passes: [/^ok .*\(2 of 2/],
  fails: [/^FAILED .*\(1 of 2/, /one is not two/],
  'before-throws': [/^FAILED .*\(0 of 1/, /a hook threw/],
  'after-throws': [/^FAILED /, /Error: after/],
  'after-each-throws': [/^FAILED .*\(0 of 1/],
  'throws-null': [/^FAILED .*\(0 of 2/],
  'throws-string': [/^FAILED .*\(0 of 1/],
  'not-run': [/^FAILED /, /the suite `test` is never run/, /it ran no suite/],
  'second-not-run': [/^FAILED /, /the suite `other` is never run/],
  'no-suite': [/^FAILED /, /it ran no suite/],
  empty: [/^FAILED /, /1 of its suites have no test/],
  exits: [/^FAILED /, /it ended before its tests did/],
  hangs: [/^FAILED /, /not finished after 8 s/],
  'never-settles': [/^FAILED /, /it ended before its tests did/],
  'rejects-late': [/^FAILED /, /it ended badly: exit code 1/, /Error: late/],
  only: [/^skipped .*\(1 of 2/],
  skips: [/^skipped .*\(1 of 2/],
}

for (const [fixture, patterns] of Object.entries(verdicts))
  test(`a file that ${fixture}`, ({ all }) => {
    for (const pattern of patterns) assert.match(said(all.output, fixture), pattern)
  })

test('the last line sums it all, and the exit code says so', ({ all }) => {
  assert.is(lastLine(all.output), '7 passed, 15 failed, 2 skipped')
  assert.is(all.code, 1)
})

test('all is well when all passes', async () => {
  const { code, output } = await run([fixtures, 'passes'], 'true')
  assert.is(lastLine(output), '2 passed, 0 failed, 0 skipped')
  assert.is(code, 0)
})

test('a skip fails in CI, and only there', async () => {
  const [here, ci] = await Promise.all([run([fixtures, 'skips', 'only']), run([fixtures, 'skips', 'only'], 'true')])
  assert.is(lastLine(here.output), '2 passed, 0 failed, 2 skipped')
  assert.is(here.code, 0)
  assert.is(lastLine(ci.output), '2 passed, 2 failed, 0 skipped')
  assert.is(ci.code, 1)
})

test('words that match nothing fail', async () => {
  const { code, output } = await run([fixtures, 'nonsense'])
  assert.is(lastLine(output), '0 passed, 1 failed, 0 skipped')
  assert.is(code, 1)
})

test.run()
