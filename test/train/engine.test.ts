/** Engines: interpreted, generated and both one after the other give the same bits; what cannot be had says why. */

import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { Compile, Expr, Layer, Loss, Net, Optimizer, pipe, Recipe, State, Trainer, Zoo } from '../../src/index.js'
import { dataFor, recipes } from '../../src/testing/arbitraries.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { rows, small } from './support.js'

const test = suite('engines')
const data = rows(19)
const recipe = small()
const build = { cache: null }
const engines = ['interpreter', 'generated', 'auto'] as const

test('fit: the same bits from every engine, with one thread and with two', async () => {
  const hashes = new Set<string>()
  for (const engine of engines)
    for (const threads of [1, 2])
      hashes.add(expectRight(await Trainer.fit(recipe, { engine, threads, build })({ train: data })()).hash)
  assert.is(hashes.size, 1)
})

test('random recipes, layers and optimizers: the bits of the interpreter', async () => {
  await fc.assert(
    fc.asyncProperty(recipes(), fc.integer({ min: 9, max: 20 }), async (r, size) => {
      const train = dataFor(r, size)
      const [a, b] = await Promise.all(
        [{ engine: 'interpreter' } as const, { engine: 'generated', build } as const].map(o =>
          Trainer.fit(r, o)({ train })(),
        ),
      )
      const shown = E.match(
        (e: { readonly message: string }) => e.message,
        (m: { readonly hash: string }) => m.hash,
      )
      assert.is(a && shown(a), b && shown(b))
    }),
    { numRuns: 12 },
  )
})

test('auto begins with the interpreter and goes over in the middle of a run, without changing a bit', async () => {
  const batch = expectRight(Trainer.batches(recipe, 1)(data))
  const [plain, auto] = [
    expectRight(await Trainer.compile(recipe)()),
    expectRight(await Trainer.compile(recipe, { engine: 'auto', build })()),
  ]
  assert.equal([plain.engine.now(), auto.engine.now()], ['interpreter', 'interpreter'])
  let [a, b] = [plain.init(), auto.init()]
  for (let i = 0; i < 12; i++) {
    if (i === 5) assert.is(await auto.engine.settled, null)
    const x = batch[i % batch.length] as (typeof batch)[number]
    ;[a, b] = [expectRight(plain.step(a, x)).state, expectRight(auto.step(b, x)).state]
  }
  assert.equal([plain.engine.now(), auto.engine.now()], ['interpreter', 'generated'])
  assert.is(expectRight(State.hash(a)), expectRight(State.hash(b)))
  assert.equal(expectRight(auto.evaluate(b, data)), expectRight(plain.evaluate(a, data)))
})

test('a compiler that cannot be had: an error where the module is a must, a reason where it is not', async () => {
  const compiler = () => async () => E.left({ _tag: 'CompileError' as const, message: 'no compiler here' })
  const broken = { cache: null, compiler }
  assert.equal(expectLeft(await Trainer.compile(recipe, { engine: 'generated', build: broken })()), {
    _tag: 'CompileError',
    message: 'no compiler here',
  })
  const trainer = expectRight(await Trainer.compile(recipe, { engine: 'auto', build: broken })())
  assert.is(await trainer.engine.settled, 'no compiler here')
  assert.is(trainer.engine.now(), 'interpreter')
  assert.is(
    expectLeft(await Trainer.fit(recipe, { engine: 'generated', build: broken })({ train: data })())._tag,
    'CompileError',
  )
  const nonsense = { engine: 'turbo' as 'auto' }
  assert.match(expectLeft(await Trainer.compile(recipe, nonsense)()).message, /engine must be .* but it is turbo/)
})

test('auto stays with the interpreter where a worker never answers', async () => {
  const silent = { addEventListener: () => undefined, postMessage: () => undefined, terminate: () => undefined }
  const compiler = Compile.inWorker(() => silent, { timeout: 50 })
  const trainer = expectRight(await Trainer.compile(recipe, { engine: 'auto', build: { cache: null, compiler } })())
  const first = expectRight(trainer.step(trainer.init(), rows(7)))
  assert.match((await trainer.engine.settled) ?? '', 'has not answered within 50 ms')
  const second = expectRight(trainer.step(first.state, rows(7)))
  assert.is(trainer.engine.now(), 'interpreter')
  const plain = expectRight(await Trainer.compile(recipe)())
  const stepped = expectRight(plain.step(expectRight(plain.step(plain.init(), rows(7))).state, rows(7)))
  assert.is(expectRight(State.hash(second.state)), expectRight(State.hash(stepped.state)))
})

test('programs as text and as WebAssembly: a train step, a net, expressions', async () => {
  const x = Expr.input('x', Expr.f32(-1, 8))
  const step = expectRight(Compile.step(recipe, { rows: 7 }))
  assert.match(expectRight(Compile.assembly(step)), /export function program_train/)
  const net = expectRight(Compile.predict(recipe.net, { rows: 1 }))
  assert.match(expectRight(Compile.assembly(net)), /output @0x[0-9a-f]+/)
  const y = expectRight(Compile.exprs({ y: Expr.tanh(x) }, { rows: 3 }))
  const { binary } = expectRight(await Compile.wasm(y, build)())
  assert.equal(
    WebAssembly.Module.exports(new WebAssembly.Module(binary)).map(e => e.name),
    ['region_y', 'program_evaluate'],
  )
  assert.match(expectLeft(Compile.step(recipe, { rows: 0 })).message, /rows must be a whole number >= 1/)
  const misfit = pipe(Net.input(4), Layer.dense(3))
  const wrong = Recipe.of({
    net: misfit,
    loss: Loss.mse(),
    optimizer: Optimizer.sgd({ rate: -1 }),
    batch: 4,
    epochs: 1,
    seed: 0,
  })
  assert.ok(E.isLeft(Compile.step(wrong)))
})

test('a net with folded batch norm and kept filters is one program', () => {
  const text = expectRight(Compile.assembly(expectRight(Compile.predict(Zoo.lenet5(), { fold: true }))))
  assert.match(text, /convolve|winograd/)
})

test.run()
