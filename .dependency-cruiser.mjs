/**
 * Import rules: each folder of src/ may import only what stands on a lower floor, nothing imports in a circle (types
 * included), and src/ below src/cli/ depends on no runtime. One row per floor, the lowest first; folders that share a
 * row may not import each other, except for what `beside` lists.
 */
import { readFileSync } from 'node:fs'

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

const floors = [
  ['shape', 'random', 'compiler'],
  ['graph'],
  ['op'],
  ['transform'],
  ['backend'],
  ['io', 'data'],
  ['nn', 'optim'],
  ['train'],
  ['zoo', 'vision'],
  ['cli', 'report', 'testing'],
]

/** Data sets are read through the codecs of file formats. */
const beside = { data: ['io'] }

/** What imports an optional peer. */
const peers = { 'fast-check': '^src/testing/', assemblyscript: '^src/compiler/(Compiler|compiler-worker)[.]ts$' }

/** What the package exports, and its commands. */
const entries = '^src/(index[.]ts$|cli/|testing/|compiler/compiler-worker[.]ts$)'

const folders = names => `^src/(${names.join('|')})/`

const floorRules = floors.flatMap((names, height) =>
  names.map(name => ({
    name: `floor-${name}`,
    comment: `src/${name}/ may import only what stands below it`,
    severity: 'error',
    from: { path: folders([name]) },
    to: {
      path: folders(
        floors
          .slice(height)
          .flat()
          .filter(other => other !== name && !beside[name]?.includes(other)),
      ),
    },
  })),
)

/** @type {import('dependency-cruiser').IConfiguration} */
const config = {
  forbidden: [
    ...floorRules,
    {
      name: 'known-folder',
      comment: 'a new folder of src/ needs a floor in .dependency-cruiser.mjs',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: folders(floors.flat()) },
      to: {},
    },
    {
      name: 'index-is-the-roof',
      comment: 'modules import each other, never src/index.ts',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+$' },
    },
    {
      name: 'index-stands-alone',
      comment: 'what the package exports depends on no runtime and no test library',
      severity: 'error',
      from: { path: '^src/[^/]+$' },
      to: { path: folders(['cli', 'testing']) },
    },
    {
      name: 'no-cycles',
      comment: 'type-only imports count',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-node-below-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: folders(['cli']) },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-terminal-below-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: folders(['cli']) },
      to: { path: 'node_modules/(cli-progress|cli-table3)/' },
    },
    {
      name: 'no-tests-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|examples)/' },
    },
    {
      name: 'only-dependencies-in-src',
      comment: 'an installed package has nothing else; the build scripts have',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(cli/(build|bundle|dts)[.]ts$|testing/|compiler/(Compiler|compiler-worker)[.]ts$)',
      },
      to: { path: 'node_modules/', pathNot: `node_modules/(@types|${Object.keys(dependencies).join('|')})/` },
    },
    ...Object.entries(peers).map(([name, path]) => ({
      name: `has-its-peer-${name}`,
      severity: 'error',
      from: { path },
      to: {
        path: 'node_modules/',
        pathNot: `node_modules/(@types|${[...Object.keys(dependencies), name].join('|')})/`,
      },
    })),
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '/dist/' },
    },
    {
      name: 'no-dead-module',
      comment: 'nothing reaches it from an entry of the package',
      severity: 'error',
      from: { path: entries },
      to: { path: '^src/', pathNot: entries, reachable: false },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^test/(bench/peers|portable/runtimes|oracle/(tfjs|mlx))/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}

export default config
