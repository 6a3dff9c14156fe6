/** Same recipe, same data: same bits, however the run is cut into pieces. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Batches, Data, Model, Optimizer, type Recipe, State, standard, Trainer } from '../../src/index.js'
import { assertBits, expectRight } from '../support/assert.js'
import { hashOf, numbers, rows, small } from './support.js'

const test = suite('determinism')
const data = rows(19) // four batches of 5, 5, 5, 4
const recipe = small()
const sizes = expectRight(Batches.sizes(recipe.batching, data.size, recipe.batch))
const steps = recipe.epochs * sizes.length
const fitted = async (r = recipe, watch: Parameters<typeof Trainer.fit>[1] = {}) =>
  expectRight(await Trainer.fit(r, watch)({ train: data })())
const compile = async (r: Recipe<readonly [6], readonly [3], 'class'> = recipe) =>
  expectRight(await Trainer.compile(r)())
const trainer = await compile()

/** The batch of each step, cut by hand as the recipe's seed orders the rows. */
const batches = Array.from({ length: recipe.epochs }, (_, epoch) => {
  const order = Batches.order(recipe.seed, epoch, data.size)
  return sizes.map((size, i) => {
    const from = sizes.slice(0, i).reduce((a, b) => a + b, 0)
    return expectRight(Data.gather(order.subarray(from, from + size))(data))
  })
}).flat()

const walk = (from: State, first: number, end: number, t = trainer): State => {
  let state = from
  for (const batch of batches.slice(first, end)) state = expectRight(t.step(state, batch)).state
  return state
}

const whole = await fitted()
const path: State[] = [trainer.init()]
for (let i = 0; i < steps; i++) path.push(walk(expectRight(State.fork(path[i] as State)), i, i + 1))

test('equal recipes give equal states, other seeds others', async () => {
  assert.is((await fitted()).hash, whole.hash)
  assert.is(hashOf((await compile()).init()), hashOf(trainer.init()))
  const other = await fitted(small({ seed: 8 }))
  assert.is.not(other.hash, whole.hash)
  assert.is.not(hashOf((await compile(small({ seed: 8 }))).init()), hashOf(trainer.init()))
  assert.is((await fitted(small({ seed: -(2 ** 53 - 1) }))).history.length, 3)
})

test('steps by hand over the same batches give the bits of fit', () => {
  assert.equal(sizes, [5, 5, 5, 4])
  assert.is(hashOf(walk(trainer.init(), 0, steps)), whole.hash)
})

test('the order of the batches matters, so the comparison can fail', () => {
  const state = batches
    .slice(0, 4)
    .reverse()
    .reduce((s, b) => expectRight(trainer.step(s, b)).state, trainer.init())
  assert.is.not(hashOf(state), hashOf(path[4] as State))
})

test('a run saved at any step and restored elsewhere ends in the same bits', async () => {
  const elsewhere = await compile()
  fc.assert(
    fc.property(fc.integer({ min: 0, max: steps }), fc.integer({ min: 0, max: steps }), (a, b) => {
      const [n, m] = [Math.min(a, b), Math.max(a, b)]
      const restored = expectRight(elsewhere.restore(expectRight(trainer.save(path[n] as State))))
      assert.is(restored.step, n)
      assert.is(hashOf(restored), hashOf(path[n] as State))
      assert.is(hashOf(walk(restored, n, m, elsewhere)), hashOf(path[m] as State))
    }),
    { numRuns: 30 },
  )
})

test('fit goes on from every step, in the middle of an epoch too', async () => {
  for (let n = 0; n <= steps; n++) {
    const from = expectRight(trainer.save(path[n] as State))
    const rest = await fitted(recipe, { from })
    assert.is(rest.hash, whole.hash, `from step ${n}`)
    assertBits(rest.state, whole.state)
    assert.is(rest.history.length, recipe.epochs - Math.floor(n / sizes.length))
  }
})

test('the saved bytes of fit are those of the state stepped by hand', () => {
  assertBits(whole.state, expectRight(trainer.save(path[steps] as State)))
})

for (const batching of ['dropLast', 'keepRemainder'] as const)
  test(`fit by ${batching} has the bits of its batches taken by hand`, async () => {
    const r = small({ batching, epochs: 2 })
    const cut = expectRight(Batches.sizes(batching, data.size, r.batch))
    assert.equal(cut, batching === 'dropLast' ? [4, 4, 4, 4] : [4, 4, 4, 4, 3])
    const t = await compile(r)
    let state = t.init()
    for (let epoch = 0; epoch < 2; epoch++) {
      const order = Batches.order(r.seed, epoch, data.size)
      let at = 0
      for (const size of cut) {
        state = expectRight(t.step(state, expectRight(Data.gather(order.subarray(at, at + size))(data)))).state
        at += size
      }
    }
    assert.is(hashOf(state), (await fitted(r)).hash)
  })

test('forks, snapshots, evaluations and models between the steps change nothing', () => {
  const action = fc.constantFrom('fork', 'hash', 'save', 'model', 'evaluate', 'stepFork', 'swap', 'init')
  fc.assert(
    fc.property(fc.array(fc.tuple(action, fc.boolean()), { maxLength: 25 }), actions => {
      let state = trainer.init()
      let twin = expectRight(State.fork(state))
      for (const [what, move] of actions) {
        if (what === 'fork') twin = expectRight(State.fork(state))
        else if (what === 'hash') hashOf(state)
        else if (what === 'save') expectRight(trainer.save(state))
        else if (what === 'model') expectRight(trainer.model(state))
        else if (what === 'evaluate') expectRight(trainer.evaluate(state, data))
        else if (what === 'stepFork' && twin.step < steps) twin = walk(twin, twin.step, twin.step + 1)
        else if (what === 'swap') [state, twin] = [twin, state]
        else if (what === 'init') trainer.init()
        if (move && state.step < steps) state = walk(state, state.step, state.step + 1)
        assert.is(hashOf(state), hashOf(path[state.step] as State))
        assert.is(hashOf(twin), hashOf(path[twin.step] as State))
      }
    }),
    { numRuns: 20 },
  )
})

test('bytes and integers among the inputs train as the same numbers in floats', async () => {
  const ints = Int32Array.from(numbers(6 * 19), x => Math.floor(50 * (x + 1)))
  const as = { inputs: [6], label: data.label } as const
  const run = async (x: Int32Array | Uint8Array | Float32Array) =>
    expectRight(await Trainer.fit(recipe)({ train: expectRight(Data.of(as)({ x, y: data.labels })) })()).hash
  const wanted = await run(Float32Array.from(ints))
  assert.is(await run(Uint8Array.from(ints)), wanted, 'bytes')
  assert.is(await run(ints), wanted, 'integers')
})

test("a row's prediction does not depend on the rows it comes with", async () => {
  const model = expectRight(trainer.model(path[steps] as State))
  const x = numbers(6 * 600, 3)
  const all = expectRight(model.predict(x))
  for (let batch = 1; batch <= 7; batch++)
    for (const from of [0, 1, 254, 255, 256, 511, 593]) {
      const part = expectRight(model.predict(x.subarray(6 * from, 6 * (from + batch))))
      assertBits(part, all.slice(3 * from, 3 * (from + batch)), `${batch} rows from ${from}`)
    }
  for (const batch of [37, 255, 256, 257, 300])
    assertBits(expectRight(model.predict(x.subarray(0, 6 * batch))), all.slice(0, 3 * batch), `${batch} rows`)
  const loaded = expectRight(Model.load(standard)(model.save()))
  assertBits(expectRight(loaded.predict(x)), all)
})

test('the evaluation of rows is the mean over them, whatever the batch', async () => {
  const state = path[steps] as State
  const one = await compile(small({ batch: 1 }))
  const other = expectRight(one.restore(expectRight(trainer.save(state))))
  const [a, b] = [expectRight(trainer.evaluate(state, data)), expectRight(one.evaluate(other, data))]
  assert.ok(Math.abs((a['loss'] as number) - (b['loss'] as number)) < 1e-6)
  assert.ok(Math.abs((a['accuracy'] as number) - (b['accuracy'] as number)) < 1e-6)
})

test('an optimizer with other slots has another hash', async () => {
  const adam = await fitted(small({ optimizer: Optimizer.adam() }))
  assert.is.not(adam.hash, whole.hash)
})

test.run()
