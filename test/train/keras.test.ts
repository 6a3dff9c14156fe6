/** Whole nets with batch norm and smoothed labels against Keras, 60 steps on three batches in turn at a falling rate. */
import { suite } from 'uvu'
import { Data, Label, Layer, Loss, Net, pipe, Recipe, Trainer } from '../../src/index.js'
import { keras, optimizerOf } from '../optim/libraries.js'
import { rates } from '../optim/oracle.js'
import { assertClose, expectRight } from '../support/assert.js'
import { floats, stateWith, tensorsOf } from './support.js'

const test = suite('trainer against Keras')

const near = (actual: ArrayLike<number>, expected: readonly number[], what: string) =>
  assertClose(actual, expected, { abs: 1e-5 * Math.max(0.1, ...expected.map(Math.abs)) }, what)

for (const { optimizer, config, smoothing, momentum, start, batches, losses, final, inferred } of keras.nets)
  test(`60 steps of ${optimizer}, labels smoothed by ${smoothing}`, async () => {
    const net = pipe(
      Net.input(6),
      Layer.dense(9, { bias: false, name: 'first' }),
      Layer.batchNorm({ form: 'keras', momentum, name: 'norm' }),
      Layer.gelu(),
      Layer.dense(4, { name: 'second' }),
    )
    const recipe = Recipe.of({
      net,
      loss: Loss.softmaxCrossEntropy({ smoothing }),
      optimizer: optimizerOf({ optimizer, config }, rates.exponential),
      batch: 7,
      epochs: 1,
      seed: 0,
    })
    const trainer = expectRight(await Trainer.compile(recipe)())
    const given = batches.map(b =>
      expectRight(Data.of({ inputs: net.inputs, label: Label.classes(4) })({ x: b.x.data, y: b.labels })),
    )
    let state = stateWith(trainer, new Map(Object.entries(start).map(([path, { data }]) => [path, data])))
    const seen = losses.map((_, t) => {
      const next = expectRight(trainer.step(state, given[t % given.length] as (typeof given)[0]))
      state = next.state
      return next.metrics['loss'] as number
    })
    near(seen, losses, 'losses')
    const after = tensorsOf(trainer, state)
    for (const [path, { data }] of Object.entries(final)) near(floats(after.get(path)), data, path)
    const model = expectRight(trainer.model(state))
    near(expectRight(model.predict(given[0] as (typeof given)[0])), inferred.data, 'inferred')
  })

test.run()
