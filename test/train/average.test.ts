/** Models of averaged parameters: by hand, in fit, and what is said where there are none. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Data, Guard, Optimizer, Recipe, Stage, State, Stop, standard, Trainer } from '../../src/index.js'
import { assertBits, assertClose, expectLeft, expectRight } from '../support/assert.js'
import { hashOf, numbers, rows, small, tensorsOf } from './support.js'

const test = suite('averages')
const sgd = Optimizer.sgd({ rate: 0.1 })
const split = { train: Data.slice(0, 19)(rows(30)), validation: Data.slice(19)(rows(30)) }
const params = ['dense1/w', 'dense1/b', 'batchNorm1/gamma', 'dense2/w']

const valuesOf = (state: State, name: string): Float32Array => {
  const { values } = expectRight(State.values(state))[name] ?? {}
  if (!(values instanceof Float32Array)) throw new Error(`no floats ${name}`)
  return values
}

/** The states after each of some steps, and the trainer. */
const walk = async (optimizer: Optimizer.Optimizer, steps: number) => {
  const trainer = expectRight(await Trainer.compile(small({ optimizer }))())
  const states = [trainer.init()]
  for (let t = 0; t < steps; t++) {
    const last = expectRight(State.fork(states[t] as State))
    states.push(expectRight(trainer.step(last, Data.slice(4 * t, 4 * t + 4)(rows(99)))).state)
    states[t + 1] = expectRight(State.fork(states[t + 1] as State))
  }
  return { trainer, states }
}

test('the averaged state has the average of the parameters after each update', async () => {
  const { trainer, states } = await walk(Optimizer.chain(sgd, Optimizer.swa({ from: 0 })), 5)
  for (const [t, state] of states.entries()) {
    const averaged = expectRight(trainer.averaged(state))
    for (const name of params) {
      const seen = t === 0 ? states.slice(0, 1) : states.slice(1, t + 1)
      const mean = valuesOf(state, name).map(
        (_, i) => seen.reduce((s, x) => s + (valuesOf(x, name)[i] ?? 0), 0) / seen.length,
      )
      assertClose(valuesOf(averaged, name), mean, { rel: 1e-5, abs: 1e-6 }, `${name} after ${t}`)
    }
    assertBits(valuesOf(averaged, 'batchNorm1/mean'), valuesOf(state, 'batchNorm1/mean'))
    assert.is(averaged.step, t)
    const model = expectRight(trainer.model(averaged))
    if (t > 1) assert.not.equal(model.predict(numbers(6)), expectRight(trainer.model(state)).predict(numbers(6)))
    expectRight(trainer.evaluate(state, rows(5))) // not consumed
  }
})

test("lookahead's are the slow weights, the parameters of its last turn", async () => {
  const { trainer, states } = await walk(Optimizer.lookahead(sgd, { every: 3 }), 5)
  for (const [t, turn] of [0, 0, 0, 3, 3, 3].entries())
    for (const name of params)
      assertBits(
        valuesOf(expectRight(trainer.averaged(states[t] as State)), name),
        valuesOf(states[turn] as State, name),
        `${name} after ${t}`,
      )
})

test('before the first update the averages are the parameters, also behind accumulation', async () => {
  const optimizer = Optimizer.chain(Guard.skip(), Optimizer.accumulate(3, Optimizer.chain(sgd, Optimizer.ema(0.9))))
  const { trainer, states } = await walk(optimizer, 3)
  for (const [t, state] of states.entries())
    for (const name of params)
      assertBits(valuesOf(expectRight(trainer.averaged(state)), name), valuesOf(states[t] as State, name), `${t}`)
  assert.not.equal(valuesOf(states[3] as State, 'dense1/w'), valuesOf(states[0] as State, 'dense1/w'))
})

test('where only some parameters are averaged, the others are themselves', async () => {
  const some = Stage.only({ include: ['dense1/**'] }, Optimizer.ema(0.5))
  const { trainer, states } = await walk(Optimizer.chain(sgd, some), 4)
  const [last, all] = [states[4] as State, await walk(Optimizer.chain(sgd, Optimizer.ema(0.5)), 4)]
  const averaged = expectRight(trainer.averaged(last))
  assertBits(valuesOf(averaged, 'dense2/w'), valuesOf(last, 'dense2/w'))
  const whole = expectRight(all.trainer.averaged(all.states[4] as State))
  assertBits(valuesOf(averaged, 'dense1/w'), valuesOf(whole, 'dense1/w'))
  assert.not.equal(valuesOf(averaged, 'dense1/w'), valuesOf(last, 'dense1/w'))
})

test('nothing changes but the parameter that is averaged', async () => {
  for (const name of params) {
    const { trainer, states } = await walk(Optimizer.chain(sgd, Stage.only({ include: [name] }, Optimizer.ema(0.5))), 3)
    const last = states[3] as State
    const [before, after] = [tensorsOf(trainer, last), tensorsOf(trainer, expectRight(trainer.averaged(last)))]
    const changed = [...before].filter(([k, { bytes }]) => Buffer.compare(bytes, after.get(k)?.bytes ?? bytes) !== 0)
    assert.equal(
      changed.map(([k]) => k),
      [name],
    )
  }
})

test('fit judges, keeps and gives back the averages', async () => {
  const optimizer = Optimizer.chain(Optimizer.momentum({ rate: 0.3 }), Optimizer.ema(0.8))
  const plain = small({ optimizer, epochs: 6, stop: Stop.keepBest({ mode: 'max' }) })
  const recipe = { ...plain, average: true } as const
  const fitted = expectRight(await Trainer.fit(recipe)(split)())
  const best = fitted.history.findLast(e => e.best)
  const byHand = small({ optimizer, epochs: 6 })
  const trainer = expectRight(await Trainer.compile(byHand)())
  const judged: object[] = []
  let kept: State | null = null
  await Trainer.fit(byHand, {
    on: e => {
      if (e._tag !== 'Epoch') return
      const averaged = expectRight(trainer.averaged(expectRight(trainer.restore(expectRight(e.checkpoint())))))
      judged.push(expectRight(trainer.evaluate(averaged, split.validation)))
      if (e.epoch === best?.epoch) kept = averaged
    },
  })(split)()
  assert.equal(
    fitted.history.map(e => e.validation),
    judged,
  )
  assert.ok(best && best.epoch > 1 && kept)
  assert.is(fitted.hash, hashOf(kept))
  assertBits(fitted.save(), expectRight(trainer.model(kept)).save())
  assert.equal(expectRight(fitted.evaluate(split.validation)), best.validation)
  assert.not.equal(fitted.hash, expectRight(await Trainer.fit(plain)(split)()).hash)
  const files: Uint8Array[] = []
  const on = (e: { readonly _tag: string }) =>
    void (
      'checkpoint' in e &&
      e._tag === 'Epoch' &&
      files.push(expectRight((e as { checkpoint: () => never }).checkpoint()))
    )
  await Trainer.fit(recipe, { on })(split)()
  for (const from of files) assert.is(expectRight(await Trainer.fit(recipe, { from })(split)()).hash, fitted.hash)
})

test('a recipe that does not ask for averages is as it was; one that asks in vain is refused', async () => {
  const optimizer = Optimizer.chain(sgd, Optimizer.ema(0.9))
  const plain = small({ optimizer })
  assert.is('average' in plain, false)
  assert.is(Recipe.hash(small({ optimizer, average: false })), Recipe.hash(plain))
  const asked = small({ optimizer, average: true })
  assert.not.equal(Recipe.hash(asked), Recipe.hash(plain))
  const codec = Recipe.codec(standard)
  for (const r of [plain, asked])
    assert.equal(expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(r))))), r)
  const json = codec.encode(plain) as object
  for (const average of [false, 1, 'yes', null]) expectLeft(codec.decode({ ...json, average }))
  const vain = small({ average: true })
  for (const left of [
    expectLeft(await Trainer.fit(vain)(split)()),
    expectLeft(await Trainer.compile(vain)()),
    expectLeft(
      expectRight(await Trainer.compile(small())()).averaged(expectRight(await Trainer.compile(small())()).init()),
    ),
  ])
    assert.match(left.message, /keeps no average.*Optimizer\.ema/)
})

test.run()
