/** What the hosts run: one file each, made of the sources. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const entries = ['job', 'terminal', 'worker'] as const

/** The files' paths, in a folder of their own. */
export const bundle = async (): Promise<Readonly<Record<(typeof entries)[number], string>>> => {
  const outdir = mkdtempSync(join(tmpdir(), 'gradus-portable-'))
  await build({
    entryPoints: entries.map(name => fileURLToPath(new URL(`${name}.ts`, import.meta.url))),
    outdir,
    bundle: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    external: ['node:*'],
    logLevel: 'error',
  })
  const [job, terminal, worker] = entries.map(name => join(outdir, `${name}.mjs`))
  return { job: job as string, terminal: terminal as string, worker: worker as string }
}
