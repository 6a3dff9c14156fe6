/**
 * The child process of `runFile`: runs the suites of one test file through uvu and sends what happened to its parent.
 * uvu's own exit code is not trusted: it is 0 when a hook throws, when a test throws no Error, when `.only` hides tests.
 */
import { pathToFileURL } from 'node:url'

globalThis.UVU_DEFER = 1
globalThis.UVU_INDEX = 0
globalThis.UVU_QUEUE = [[null]]
const { exec } = await import('uvu')
await import(pathToFileURL(process.argv[2]).href)

const report = { type: 'report', suites: 0, empty: 0, passed: 0, total: 0, skipped: 0 }
const counted = run => async () => {
  const result = await run()
  const [, passed, skipped, total] = result
  report.suites += 1
  if (total + skipped === 0) report.empty += 1
  report.passed += passed
  report.total += total
  report.skipped += skipped
  return result
}
globalThis.UVU_QUEUE = [[null, ...globalThis.UVU_QUEUE[0].slice(1).map(counted)]]
await exec()
process.send?.(report)
