/**
 * Train steps of random recipes, shared out in tiles as small as can be, by the interpreter and by generated code: state,
 * losses and metrics of one thread, bit for bit, for any number of rows. The host refuses the other threads, so that
 * nobody waits for one: who computes a tile does not count.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type MachineSpec, machine } from '../../src/backend/machine.js'
import { build } from '../../src/compiler/build.js'
import * as Data from '../../src/data/Data.js'
import { dataFor, recipes } from '../../src/testing/arbitraries.js'
import { inputsOf } from '../../src/train/feed.js'
import { programs } from '../../src/train/programs.js'
import type { AnyRecipe } from '../../src/train/Recipe.js'
import { session } from '../../src/train/Session.js'
import { assertBits, expectRight } from '../support/assert.js'

const test = suite('tiles of random recipes')
const most = 9

const { getBuiltinModule } = process
const refusing = (name: string): unknown => (name === 'node:worker_threads' ? {} : getBuiltinModule(name))
test.before(() => {
  ;(process as { getBuiltinModule?: unknown }).getBuiltinModule = refusing
})
test.after(() => {
  process.getBuiltinModule = getBuiltinModule
})

const machinesOf = async (spec: MachineSpec) => {
  const shared = { ...spec, threads: 3, leastTile: 1e-9 }
  const [one, three, straight] = [spec, shared, { ...shared, generated: true }].map(s => expectRight(machine(s)))
  if (!one || !three || !straight) throw new Error('no machines')
  const { binary } = expectRight(await build(straight.generated()?.source ?? '', { cache: null })())
  await expectRight(straight.adopt(binary))
  assert.ok(straight.isGenerated())
  return [one, three, straight] as const
}

const check = async (r: AnyRecipe, winograd: 'F(2x2)' | 'F(4x4)'): Promise<void> => {
  const recipe = { ...r, augment: [] }
  const data = dataFor(recipe, most)
  const { slots, inputs, train, evaluate } = expectRight(programs(recipe))
  const [one, ...others] = await machinesOf({
    rows: most,
    state: slots,
    inputs,
    programs: { train, evaluate },
    winograd,
  })
  const s = expectRight(session(recipe, most))
  const block = expectRight(s.blockOf(expectRight(s.init())))
  for (const m of [one, ...others]) m.writeState(block)
  for (const rows of [most, 1, 4]) {
    const given = inputsOf({ recipe, weighted: false }, 'train', Data.take(rows)(data))
    for (const program of ['train', 'evaluate']) {
      const expected = one.run(program, rows, given)
      for (const m of others) {
        const got = m.run(program, rows, given)
        for (const [name, bits] of Object.entries(expected))
          assertBits(got[name] ?? bits.slice(1), bits, `${program} ${name}`)
        assertBits(m.readState(), one.readState(), `${program}, the state`)
      }
    }
  }
}

test('tiles for three threads, interpreted and generated: the bits of one', () =>
  fc.assert(fc.asyncProperty(recipes({ maxLayers: 5 }), fc.constantFrom('F(2x2)', 'F(4x4)'), check), {
    numRuns: 3,
    endOnFailure: true,
  }))

test.run()
