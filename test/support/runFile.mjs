/** Runs one uvu test file in a process of its own and judges it strictly. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runNode } from './process.mjs'

const child = fileURLToPath(new URL('suite.mjs', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Names of suites that a test file makes and never runs. */
export const neverRun = text =>
  [...text.matchAll(/^(?:const|let)\s+(\w+)\s*=\s*suite\b/gm)]
    .map(([, name]) => name)
    .filter(name => !new RegExp(`\\b${name}\\.run\\(\\)`).test(text))

/** What is wrong with a finished file, as sentences; none when it passed. */
const faults = ({ ok, why, messages }, unrun) => {
  const report = messages.find(message => message.type === 'report')
  const failed = report === undefined ? 0 : report.total - report.passed
  const found = unrun.map(name => `the suite \`${name}\` is never run`)
  if (report === undefined) found.push(`it ended before its tests did (${why})`)
  else if (report.suites === 0) found.push('it ran no suite')
  else if (report.empty > 0) found.push(`${report.empty} of its suites have no test`)
  if (failed > 0)
    found.push(
      `${failed} of ${report.total} did not pass (when no test is named: a hook threw, or something but an Error)`,
    )
  else if (report !== undefined && !ok) found.push(`its tests passed, but it ended badly: ${why}`)
  return { found, report, failed }
}

/** Runs the file at the absolute path `file`: `{ passed, failed, skipped, output }`, output only when it failed. */
export const runFile = async (file, { timeout }) => {
  const result = await runNode(['--import', 'tsx', child, file], { cwd: root, timeout })
  const { found, report, failed } = faults(result, neverRun(readFileSync(file, 'utf8')))
  const bad = found.length > 0
  return {
    passed: report?.passed ?? 0,
    failed: bad ? Math.max(failed, 1) : 0,
    skipped: report?.skipped ?? 0,
    output: bad ? [result.output.trimEnd(), ...found].filter(line => line !== '').join('\n') : '',
  }
}
