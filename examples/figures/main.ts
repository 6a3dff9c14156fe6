/**
 * Draws the pictures of a lecture on training neural networks, each computed by gradus: `npm run figures`.
 *
 *   --only NAME    only these figures, separated by commas
 *   --out DIR      the folder to write to (default examples/figures/svg)
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { draw } from './draw.js'
import { figures } from './index.js'

const names = figures.map(f => f.name)

/** Says what is wrong with the command line, and ends. */
const refuse = (message: string): never => {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const parsed = () => {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', default: names.join(',') },
        out: { type: 'string', default: fileURLToPath(new URL('svg', import.meta.url)) },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : `${error}`).split(/[.]\s/)
    return refuse(`${reason}; --help lists the options.`)
  }
}

const { only, out, help } = parsed()
if (help) {
  const width = Math.max(...names.map(name => name.length))
  process.stdout.write(
    `Draws figures as SVG, each computed by gradus.\n\n` +
      `  --only NAME    only these figures, separated by commas\n` +
      `  --out DIR      the folder to write to (default examples/figures/svg)\n` +
      `  --help         this text\n\n` +
      `${figures.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}\n`).join('')}`,
  )
  process.exit(0)
}

const wanted = only.split(',').map(name => name.trim())
const unknown = wanted.find(name => !names.includes(name))
if (unknown !== undefined) refuse(`There is no figure "${unknown}"; --help lists them.`)

mkdirSync(out, { recursive: true })
const started = performance.now()
for (const figure of figures.filter(f => wanted.includes(f.name))) {
  const from = performance.now()
  const svg = await draw(figure, await figure.data())
  const file = join(out, `${figure.name}.svg`)
  writeFileSync(file, svg)
  const seconds = ((performance.now() - from) / 1000).toFixed(1)
  console.log(`${relative('', file)}  ${(svg.length / 1000).toFixed(0)} kB, ${seconds} s`)
}
console.log(`${wanted.length} figures in ${((performance.now() - started) / 1000).toFixed(1)} s`)
