/**
 * npm test: the checks, the test files and the examples, two at a time; the last line is
 * `N passed, N failed, N skipped`, and the exit code is 1 when anything failed. In CI a skip is a failure.
 *
 *   node test/run.mjs [options] [words]     only what has one of the words in its name
 *   --checks          all but the unit tests
 *   --unit            nothing but the unit tests
 *   --dir=<folder>    the test files of another folder, and nothing else
 *   --timeout=<ms>    the time limit of a test file (default 180000)
 */
import { relative, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parse } from 'uvu/parse'
import { checks, examples, kernels } from './support/checks.mjs'
import { runFile } from './support/runFile.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    checks: { type: 'boolean', default: false },
    unit: { type: 'boolean', default: false },
    dir: { type: 'string' },
    timeout: { type: 'string', default: '180000' },
  },
})
const { CI } = process.env
const strict = CI !== undefined && CI !== '' && CI !== 'false' && CI !== '0'

const testFiles = async () => {
  const dir = resolve(root, values.dir ?? 'test')
  const { suites } = await parse(dir, '[.]test[.]m?[jt]s$', {
    ignore: ['fixtures', '^bench/peers', '^oracle/tfjs', '^portable/runtimes'],
  })
  return suites.map(({ file }) => ({
    name: relative(root, file),
    run: () => runFile(file, { timeout: Number(values.timeout) }),
  }))
}

const isCheck = name => /^test\/(lint|types)\//.test(name)

const tasks = async () => {
  const files = await testFiles()
  if (values.dir !== undefined || values.unit) return files
  return values.checks
    ? [...checks, ...files.filter(({ name }) => isCheck(name)), ...examples]
    : [...checks, ...files, ...examples]
}

const sum = { passed: 0, failed: 0, skipped: 0 }

const perform = async ({ name, run }) => {
  const start = performance.now()
  const { passed, failed, skipped, output } = await run()
  const refused = strict ? skipped : 0
  sum.passed += passed
  sum.failed += failed + refused
  sum.skipped += skipped - refused
  const mark = failed + refused > 0 ? 'FAILED ' : skipped > 0 ? 'skipped' : 'ok     '
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const lines = [`${mark} ${name} (${passed} of ${passed + failed + skipped}, ${seconds} s)`]
  if (refused > 0) lines.push(`${refused} skipped, which CI does not allow`)
  if (output !== '') lines.push(output)
  console.log(lines.join('\n'))
}

// leaving by process.exit ends the children too
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

const wanted = (await tasks()).filter(({ name }) => words.length === 0 || words.some(word => name.includes(word)))
if (values.dir === undefined) await perform(kernels)
if (wanted.length === 0) {
  console.log(`FAILED  nothing has ${words.join(' or ') || 'a test'} in its name`)
  sum.failed += 1
}
const queue = wanted.values()
const worker = async () => {
  for (const task of queue) await perform(task)
}
await Promise.all([worker(), worker()])

console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
process.exitCode = sum.failed > 0 ? 1 : 0
