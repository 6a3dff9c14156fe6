/** What random recipes come to in a host, as hashes: by the interpreter, by built modules, with one thread and two. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import * as E from '#fp/Either.js'
import { type Machine, type MachineSpec, machine } from '../../src/backend/machine.js'
import { build } from '../../src/compiler/build.js'
import * as Data from '../../src/data/Data.js'
import { type EngineOptions, orThrow, Recipe, Trainer } from '../../src/index.js'
import { dataFor, recipes } from '../../src/testing/arbitraries.js'
import { inputsOf } from '../../src/train/feed.js'
import { programs } from '../../src/train/programs.js'
import type { AnyRecipe } from '../../src/train/Recipe.js'
import { session } from '../../src/train/Session.js'
import { bundled } from './build.js'

export interface Outcomes {
  readonly recipe: string
  /** the trained state and its predictions */
  readonly fitted: readonly string[]
  /** states and results of some steps: of one thread, of two, of two and a built module */
  readonly stepped: readonly string[]
  /** how many threads these had */
  readonly threads: readonly number[]
}

const most = 9
const options = { cache: null, compiler: bundled }

const digest = (parts: readonly ArrayBufferView[]): string => {
  const hash = sha256.create()
  for (const { buffer, byteOffset, byteLength } of parts) hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  return bytesToHex(hash.digest())
}

const fitted = async (recipe: AnyRecipe, engine: EngineOptions): Promise<string> => {
  const train = dataFor(recipe, 19)
  const model = await Trainer.fit(recipe, { ...engine, threads: 1 })({ train })()
  if (E.isLeft(model)) return model.left.message
  const compiled = orThrow(await model.right.compile({ ...engine, threads: 1 })())
  return `${model.right.hash} ${digest([orThrow(compiled.predict(train))])}`
}

/** Tiles are as small as can be, so that there are some to share. */
const machines = async (spec: MachineSpec): Promise<readonly Machine[]> => {
  const shared = { ...spec, threads: 2, leastTile: 1e-9 }
  const straight = orThrow(machine({ ...shared, generated: true }))
  const { binary } = orThrow(await build(straight.generated()?.source ?? '', options)())
  await orThrow(E.mapLeft((message: string) => ({ message }))(straight.adopt(binary)))
  const all = [orThrow(machine(spec)), orThrow(machine(shared)), straight]
  await Promise.all(all.map(m => m.up))
  return all
}

const outcomesOf = async (some: AnyRecipe): Promise<Outcomes> => {
  const recipe = { ...some, augment: [] }
  const data = dataFor(recipe, most)
  const { slots, inputs, train, evaluate } = orThrow(programs(recipe))
  const s = orThrow(session(recipe, most))
  const block = orThrow(s.blockOf(orThrow(s.init())))
  const all = await machines({ rows: most, state: slots, inputs, programs: { train, evaluate } })
  const stepped = all.map(m => {
    m.writeState(block)
    const results = [most, 1, 4, most].flatMap(rows => {
      const given = inputsOf({ recipe, weighted: false }, 'train', Data.take(rows)(data))
      return ['train', 'evaluate'].flatMap(program => Object.values(m.run(program, rows, given)))
    })
    return digest([...results, m.readState()])
  })
  return {
    recipe: Recipe.hash(some),
    fitted: [await fitted(some, {}), await fitted(some, { engine: 'generated', build: options })],
    stepped,
    threads: all.map(m => m.threads.threads),
  }
}

/** So many recipes that follow from a seed, the same in every host. */
export const outcomes = async (seed: number, count: number): Promise<readonly Outcomes[]> => {
  const found: Outcomes[] = []
  for (const recipe of fc.sample(recipes(), { seed, numRuns: count })) found.push(await outcomesOf(recipe))
  return found
}
