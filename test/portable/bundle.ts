/** What the hosts run: one file each, made of the sources. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The paths of modules of this folder as files of their own, in a folder of their own. */
export const bundle = async <Name extends string>(
  ...names: readonly Name[]
): Promise<Readonly<Record<Name, string>>> => {
  const outdir = mkdtempSync(join(tmpdir(), 'gradus-portable-'))
  await build({
    entryPoints: names.map(name => ({ in: fileURLToPath(new URL(`${name}.ts`, import.meta.url)), out: name })),
    outdir,
    bundle: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    external: ['node:*'],
    alias: Object.fromEntries(['fs', 'module', 'path', 'url'].map(name => [name, `node:${name}`])),
    logLevel: 'error',
  })
  return Object.fromEntries(names.map(name => [name, join(outdir, `${name}.mjs`)])) as Record<Name, string>
}
