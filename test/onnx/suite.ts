/** The tests of the suite: one for each case that can be run, and some of the lists of those that cannot. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { casesOf, hasModel, isInstalled, modelOf, runCase } from './cases.js'
import { builders } from './operators/index.js'
import { cases as listed, operators as listedOperators } from './unsupported.js'

const reasonOf = (name: string): string | undefined =>
  Object.entries(listed).find(([, names]) => names.includes(name))?.[0]

const missing = (folder: string, name: string): readonly string[] =>
  hasModel(folder, name)
    ? modelOf(folder, name).operations.flatMap(({ kind }) => (Object.hasOwn(builders, kind) ? [] : [kind]))
    : []

const folders = ['node', 'simple', 'pytorch-operator', 'pytorch-converted', 'real'] as const

/** One test for each case whose operators are there. */
export const testFolders = (title: string, some: readonly (typeof folders)[number][]): void => {
  const test = suite(title)
  if (!isInstalled()) test.skip('apt-get install libonnx-testdata', () => {})
  else
    for (const folder of some)
      for (const name of casesOf(folder)) {
        const reason = reasonOf(name)
        const absent = missing(folder, name)
        if (reason !== undefined)
          test(`${name} is left out: ${reason}`, () => {
            assert.equal(absent, [], 'its operators are not there; it need not be listed')
            assert.throws(() => runCase(folder, name))
          })
        else if (absent.length === 0) test(name, () => runCase(folder, name))
      }
  test.run()
}

/** Whether the lists speak of what is there, and of all of it. */
export const testLists = (title: string): void => {
  const test = suite(title)
  if (!isInstalled()) test.skip('apt-get install libonnx-testdata', () => {})
  else {
    const all = folders.flatMap(folder => casesOf(folder).map(name => ({ name, absent: missing(folder, name) })))
    test('every operator is there or listed, and none is both', () => {
      const absent = new Set(all.flatMap(c => c.absent))
      assert.equal([...absent].sort(), Object.values(listedOperators).flat().sort())
    })
    test('every listed case is one of the suite', () => {
      const names = new Set(all.map(c => c.name))
      assert.equal(
        Object.values(listed)
          .flat()
          .filter(name => !names.has(name)),
        [],
      )
    })
    test('nothing is listed twice', () => {
      const names = [...Object.values(listed), ...Object.values(listedOperators)].flat()
      assert.is(new Set(names).size, names.length)
    })
    test('most of the suite is run', () => {
      const run = all.filter(c => c.absent.length === 0 && reasonOf(c.name) === undefined)
      assert.ok(run.length >= 800, `${run.length} of ${all.length} cases`)
    })
  }
  test.run()
}
