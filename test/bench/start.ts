/**
 * The quickstart, built and run as `npm run quickstart` does it: plain Node and the built package, in a process of its
 * own up to the first report of the run, which comes when the first step is done.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import type { Task } from './driver.js'

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const program = `${examples}start.js`

const build = (): void => {
  const source = readFileSync(`${examples}01-digits.ts`, 'utf8')
  const contents = source.replace(
    'on: bar.on',
    "on: event => event._tag === 'Progress' && process.stdout.write('stepped', () => process.exit())",
  )
  if (contents === source) throw new Error('examples/01-digits.ts does not say `on: bar.on`')
  buildSync({
    stdin: { contents, resolveDir: examples, loader: 'ts' },
    bundle: true,
    packages: 'external',
    tsconfigRaw: {},
    format: 'esm',
    outfile: program,
  })
}

/** Until a process says that it has stepped. */
const once = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.on('data', text => `${text}`.endsWith('stepped') && resolve())
    child.once('exit', code => reject(new Error(`the process ended with ${code} before its first step`)))
  })

/** Processes, one after the other. */
export const start = (): Task => {
  if (!existsSync(new URL('../../dist/node/index.js', import.meta.url)))
    throw new Error('the package is not built: npm run build')
  build()
  return {
    run: async times => {
      for (let i = 0; i < times; i++) await once()
    },
  }
}
