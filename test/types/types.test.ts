/**
 * The words in which the compiler refuses wrong uses: every `wrong*.ts` beside this file, against messages.snap.json.
 * After a wanted change: `npm run test:update` and read the diff.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readMessages } from './messages.js'

const test = suite('test/types')

const here = fileURLToPath(new URL('.', import.meta.url))
const snapshot = `${here}messages.snap.json`
const update = process.env['UPDATE_SNAPSHOTS'] === '1'

const wrong = readdirSync(here).filter(file => /^wrong.*[.]ts$/.test(file))

const present = wrong.length > 0 ? test : test.skip
present('wrong uses are refused in the words of the snapshot', () => {
  const files = new Map(wrong.map(file => [here + file, readFileSync(here + file, 'utf8')]))
  const { messages, faults } = readMessages(files)
  assert.is(faults.join('\n'), '')
  if (update) writeFileSync(snapshot, `${JSON.stringify(messages, null, 2)}\n`)
  const expected: unknown = existsSync(snapshot) ? JSON.parse(readFileSync(snapshot, 'utf8')) : {}
  assert.equal(messages, expected)
})

/** Reads one module of text as if it stood beside this file. */
const read = (...lines: readonly string[]) => readMessages(new Map([[`${here}sample.ts`, lines.join('\n')]]))

test('reads the message of a marked line', () => {
  const { messages, faults } = read(
    "import type { Either } from '#fp/Either.js'",
    'export type Wide = Either<never, number>',
    '// @ts-expect-error text for a number',
    "export const a: number = 'text'",
  )
  assert.equal(faults, [])
  assert.equal(messages, { 'text for a number': "Type 'string' is not assignable to type 'number'." })
})

test('refuses a marked line that compiles', () => {
  const { faults } = read('// @ts-expect-error fine', 'export const a: number = 1')
  assert.equal(faults, ['fine: the line below compiles'])
})

test('refuses an error on a line without a mark', () => {
  const { faults } = read('export const a: number = 1', "export const b: number = 'text'")
  assert.equal(faults, ["test/types/sample.ts:2: Type 'string' is not assignable to type 'number'."])
})

test('refuses a name used twice', () => {
  const line = ['// @ts-expect-error same', "export const a: number = 'text'"]
  const { faults } = read(...line, ...line.map(text => text.replace(' a:', ' b:')))
  assert.equal(faults, ['same: there are two of this name'])
})

test.run()
