/** Scripts for a Node alone: through the tests' loader the compiler's 14 MB of text take 10 s to load. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Bundles sources of the project into a folder that it makes, as modules by their names, beside what is installed. */
export const bundle = async (folder: string, sources: Readonly<Record<string, string>>): Promise<void> => {
  mkdirSync(folder)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  await build({
    entryPoints: Object.fromEntries(Object.entries(sources).map(([name, path]) => [name, join(root, path)])),
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['assemblyscript'],
  })
}
