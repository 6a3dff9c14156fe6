import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sourceFaults } from './source.js'

const test = suite('test/lint/source')

/** May read the clock: what they measure is shown to people and reaches no result. */
const timing = ['train/clock.ts']

/** The float64 reference, and the floors that show results to people. */
const exempt = (file: string): boolean => /^(cli|report)\/|^(op|backend)\/(\w+[.])?reference([.]ts$|\/)/.test(file)

test('src/ computes the same bits in every engine', () => {
  const root = new URL('../../src/', import.meta.url)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    file => file.endsWith('.ts') && !exempt(file),
  )
  const found = files.flatMap(file =>
    sourceFaults(`src/${file}`, readFileSync(new URL(file, root), 'utf8'), timing.includes(file)),
  )
  assert.is(found.join('\n'), '')
  assert.ok(files.length > 0)
})

const refused: { readonly [text: string]: RegExp } = {
  'const a = Math.exp(1)': /^a\.ts:1: Math\.exp differs/,
  '\nconst f = Math.pow': /^a\.ts:2: Math\.pow differs/,
  'const a = Math.random()': /Math\.random/,
  'const a = Math.PI': /Math\.PI/,
  "const a = Math['exp'](1)": /other than by a named member/,
  'const { exp } = Math': /other than by a named member/,
  'const a = { m: Math }': /other than by a named member/,
  'const a = globalThis.Math.exp(1)': /other than by a named member/,
  'const a = globalThis.performance.now()': /performance is the clock/,
  'const a = 2 ** 3': /\*\* differs/,
  'let a = 2; a **= 3': /\*\* differs/,
  'const a = Date.now()': /Date is the clock/,
  'const a = new Date()': /Date is the clock/,
  'const a = performance.now()': /performance is the clock/,
  'const a = crypto.getRandomValues(b)': /crypto is a source of random bits/,
  'names.sort((a, b) => a.localeCompare(b))': /localeCompare depends on the locale/,
  'const a = { other: (x: number) => Math.exp(x) }': /Math\.exp/,
}

for (const [text, message] of Object.entries(refused))
  test(`refuses ${text.trim()}`, () => {
    const found = sourceFaults('a.ts', text)
    assert.is(found.length, 1)
    assert.match(found[0] ?? '', message)
  })

const accepted = [
  'const a = Math.max(1, Math.fround(2), Math.sqrt(3))',
  'const op = { reference: Math.exp }',
  'const op = { reference: (x: number) => Math.exp(x) ** 2 }',
  'const op = { reference(x: number) { return Math.log(x) } }',
  'function reference(x: number) { return Math.log(x) }',
  'const reference = (x: number) => Math.log(x)',
  'interface Row { readonly Date: string; at(x: Date): void }',
  '// Math.exp(x) ** 2, Date.now()',
  "const a = 'Math.exp'",
]

for (const text of accepted) test(`accepts ${text}`, () => assert.equal(sourceFaults('a.ts', text), []))

test('only a module that may read the clock reads it', () => {
  assert.equal(sourceFaults('a.ts', 'const a = performance.now()', true), [])
  assert.is(sourceFaults('a.ts', 'const a = Math.random()', true).length, 1)
})

test.run()
