/**
 * Everything `npm test` runs besides the test files. A check runs a command and counts as one test; what has nothing
 * to look at is skipped. An example is run with the arguments of its line `// test: --epochs 1`, if it has one, and
 * is skipped when its last line of output starts with `skipped:`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runNode } from './process.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = path => join(root, 'node_modules', path)
const minutes = 60_000

const outcome = (verdict, output) => ({ passed: 0, failed: 0, skipped: 0, [verdict]: 1, output })

const check = (name, args, needs = []) => ({
  name,
  run: async () => {
    const missing = needs.filter(path => !existsSync(join(root, path)))
    if (missing.length > 0) return outcome('skipped', `${missing.join(', ')}: not there`)
    const { ok, why, output } = await runNode(args, { cwd: root, timeout: 5 * minutes })
    return ok ? outcome('passed', '') : outcome('failed', `${output.trimEnd()}\n${why}`)
  },
})

/** Builds what the others import, so it goes first. */
export const kernels = check('kernels', ['--import', 'tsx', 'src/cli/build.ts'], ['src/cli/build.ts'])

export const checks = [
  check('format and lint', [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.']),
  check('imports', [
    bin('dependency-cruiser/bin/dependency-cruise.mjs'),
    ...['--config', '.dependency-cruiser.mjs', 'src', 'test', 'examples'],
  ]),
  check('types', [bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json']),
]

const example = file => ({
  name: `examples/${file}`,
  run: async () => {
    const path = join(root, 'examples', file)
    const args = /^\/\/ test: (.*)$/m.exec(readFileSync(path, 'utf8'))?.[1]?.split(' ') ?? []
    const { ok, why, output } = await runNode(['--import', 'tsx', path, ...args], { cwd: root, timeout: 5 * minutes })
    const text = output.trimEnd()
    if (!ok) return outcome('failed', `${text}\n${why}`)
    const last = text.slice(text.lastIndexOf('\n') + 1)
    return last.startsWith('skipped:') ? outcome('skipped', last) : outcome('passed', '')
  },
})

export const examples = existsSync(join(root, 'examples'))
  ? readdirSync(join(root, 'examples'))
      .filter(file => /^\d+-.*[.]ts$/.test(file))
      .sort()
      .map(example)
  : []
