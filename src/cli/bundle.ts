/**
 * A step of `npm run build`: the entries for Node, Deno and Bun as few files in `dist/node/`, which load in a fraction
 * of the time that their 200 modules and those of the dependencies take, since each file costs milliseconds. Only the
 * peers stay where they are. Bundlers of pages are given the modules themselves (`exports` in package.json), since only
 * so can they leave out what a page does not use.
 *
 * Arrow functions become functions: inside of a module V8 parses an arrow function as a whole when the module loads,
 * but skims a function until it is first called, which spares most of that work at the start.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { deflated } from './inflate.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const { peerDependencies } = JSON.parse(read('package.json'))

const inflation: Plugin = {
  name: 'inflation',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^fflate$|\/(base64|crc32)\.js$/ }, () => ({ path: join(root, 'dist/cli/inflate.js') }))
    onLoad({ filter: /\/(kernels|relaxed)\.gen\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/(?<=wasm = ')[^']+/, deflated),
    }))
  },
}

/** The host's modules, which packages in CommonJS require: there is no `require` in the files made. */
const builtins: Plugin = {
  name: 'builtins',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^(events|readline)$/ }, ({ path }) => ({ path, namespace: 'node' }))
    onLoad({ filter: /^/, namespace: 'node' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}')`,
    }))
  },
}

const { metafile } = await build({
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
  plugins: [inflation, builtins],
  mainFields: ['module', 'main'],
  // cli-table3 requires colors where a table has some; ours have none
  external: [...Object.keys(peerDependencies), '@colors/colors', 'node:*', './dist/compiler/library.gen.js'],
  metafile: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
})

const folders = Object.keys(metafile.inputs).flatMap(
  path => /^.*\bnode_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
)
const notices = [...new Set(folders)].sort().map(folder => {
  const license = readdirSync(join(root, folder)).find(file => /^licen[sc]e/i.test(file))
  if (license === undefined) throw new Error(`${folder} has no license to pass on`)
  return `${folder.replace(/^.*node_modules\//, '')}\n\n${read(`${folder}/${license}`)}`
})
writeFileSync(join(root, 'dist/node/LICENSES'), notices.join('\n\n'))
