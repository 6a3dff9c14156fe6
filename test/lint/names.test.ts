/**
 * Every public name of the training tricks has a doc comment, and is shown in an example or in the README. Left out is
 * what only those need who declare their own (`define`), decode, or write expressions of a trick themselves.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('test/lint/names')

const root = fileURLToPath(new URL('../../', import.meta.url))

const namespaces: { readonly [name: string]: readonly string[] } = {
  Activation: [],
  Augment: ['define', 'definitions', 'codec'],
  Layer: ['define'],
  Init: ['define', 'definitions', 'resolve', 'fansOf', 'isSpec', 'codec', 'bindAll'],
  Loss: ['define', 'definitions', 'resolve', 'compute', 'codec', 'takesShares'],
  Penalty: ['codec', 'compute', 'total'],
  Clip: ['definitions'],
  Constraint: ['definitions'],
  Decay: ['definitions'],
  Guard: ['definitions'],
  Optimizer: ['definitions', 'codec', 'MonoidChain', 'averageSlot'],
  Schedule: ['define', 'definitions', 'codec', 'of', 'setting', 'MonoidProduct', 'MonoidTimed'],
  Metric: ['define', 'defineWith', 'definitions', 'codec'],
  Score: [],
  Stop: ['define', 'definitions', 'codec', 'bind', 'start', 'step', 'stop', 'resume', 'MonoidStop'],
}

const config = ts.getParsedCommandLineOfConfigFile(
  `${root}tsconfig.json`,
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
)
const program = ts.createProgram([`${root}src/index.ts`], config?.options ?? {})
const checker = program.getTypeChecker()
const target = (s: ts.Symbol): ts.Symbol => (s.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(s) : s)

/** The values of a namespace of the package, by name; a namespace is a module or an object. */
const membersOf = (namespace: ts.Symbol): readonly (readonly [string, ts.Symbol])[] => {
  const found = target(namespace)
  const members =
    found.flags & ts.SymbolFlags.Module
      ? checker.getExportsOfModule(found)
      : checker.getPropertiesOfType(checker.getTypeOfSymbol(found))
  return members.map(m => [m.name, target(m)] as const).filter(([, m]) => (m.flags & ts.SymbolFlags.Value) !== 0)
}

const index = program.getSourceFile(`${root}src/index.ts`)
const exported = index ? checker.getExportsOfModule(checker.getSymbolAtLocation(index) as ts.Symbol) : []
const shown = [
  readFileSync(`${root}README.md`, 'utf8'),
  ...readdirSync(`${root}examples`)
    .filter(file => file.endsWith('.ts'))
    .map(file => readFileSync(`${root}examples/${file}`, 'utf8')),
].join('\n')

for (const [namespace, inner] of Object.entries(namespaces)) {
  const found = exported.find(s => s.name === namespace)
  const members = found ? membersOf(found) : []

  test(`${namespace}: every value is documented`, () => {
    assert.ok(members.length > 0)
    const bare = members.filter(([, m]) => m.getDocumentationComment(checker).length === 0)
    assert.equal(
      bare.map(([name]) => name),
      [],
    )
  })

  test(`${namespace}: every value is shown in an example or the README`, () => {
    const names = members.map(([name]) => name)
    const hidden = names.filter(name => !new RegExp(`\\b${namespace}\\.${name}\\b`).test(shown))
    assert.equal(
      hidden.filter(name => !inner.includes(name)),
      [],
      `show them in examples/, where the others of ${namespace} are`,
    )
    assert.equal(
      inner.filter(name => !names.includes(name)),
      [],
      'there is no such name',
    )
  })
}

test.run()
