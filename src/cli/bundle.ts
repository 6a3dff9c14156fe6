/**
 * A step of `npm run build`: the entries for Node, Deno and Bun as few files in `dist/node/`, which load in a fraction
 * of the time that their 200 modules take. The dependencies that compute are put into them, since each file costs
 * milliseconds; those of terminals and the peers stay where they are. Bundlers of pages are given the modules themselves
 * (`exports` in package.json), since only so can they leave out what a page does not use.
 *
 * Arrow functions become functions: inside of a module V8 parses an arrow function as a whole when the module loads,
 * but skims a function until it is first called, which spares most of that work at the start.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { deflated } from './inflate.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const inside = ['fp-ts', 'io-ts', '@noble/hashes', 'canonicalize', 'd3-dsv']
const { dependencies, peerDependencies } = JSON.parse(read('package.json'))
const outside = Object.keys({ ...dependencies, ...peerDependencies }).filter(name => !inside.includes(name))

const inflation: Plugin = {
  name: 'inflation',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^fflate$|\/(base64|crc32)\.js$/ }, () => ({ path: join(root, 'dist/cli/inflate.js') }))
    onLoad({ filter: /\/(kernels|relaxed)\.gen\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/(?<=wasm = ')[^']+/, deflated),
    }))
  },
}

await build({
  absWorkingDir: root,
  entryPoints: {
    index: 'dist/index.js',
    cli: 'dist/cli/index.js',
    testing: 'dist/testing/index.js',
    'compiler-worker': 'dist/compiler/compiler-worker.js',
  },
  outdir: 'dist/node',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  supported: { arrow: false },
  minify: true,
  plugins: [inflation],
  external: [...outside, 'node:*', './dist/compiler/library.gen.js'],
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
})

const notices = inside.map(name => `${name}\n\n${read(`node_modules/${name}/LICENSE`)}`)
writeFileSync(join(root, 'dist/node/LICENSES'), notices.join('\n\n'))
