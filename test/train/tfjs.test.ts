/**
 * Whole nets in Keras' forms (batch norm, penalties, constraints, optimizers) against TensorFlow.js, 60 steps on three
 * mini-batches in turn at a falling rate: test/oracle/tfjs.json. It computes in float32, too.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  Constraint,
  Data,
  Label,
  Layer,
  Loss,
  Net,
  Optimizer,
  Penalty,
  pipe,
  Recipe,
  Schedule,
  Trainer,
} from '../../src/index.js'
import { optimizerOf } from '../optim/tfjs.js'
import { tfjs } from '../oracle/tfjs.js'
import { assertClose, expectRight } from '../support/assert.js'
import { floats, stateWith, tensorsOf } from './support.js'

const test = suite('trainer against TensorFlow.js')

const { steps, start, batches, nets } = tfjs.training

const net = pipe(
  Net.input(6),
  Layer.dense(9, { bias: false, penalty: Penalty.l1l2({ l1: 0.001, l2: 0.01 }), name: 'first' }),
  Layer.batchNorm({ form: 'keras', name: 'norm' }),
  Layer.elu(),
  Layer.dense(7, { name: 'second' }),
  Layer.leakyRelu({ alpha: 0.3 }),
  Layer.dense(4, { penalty: Penalty.l2(0.005), name: 'third' }),
)
const given = batches.map(b =>
  expectRight(Data.of({ inputs: net.inputs, label: Label.classes(4) })({ x: b.inputs.data, y: b.labels })),
)
const near = (actual: ArrayLike<number>, expected: readonly number[], what: string) =>
  assertClose(actual, expected, { abs: 1e-5 * Math.max(0.1, ...expected.map(Math.abs)) }, what)

for (const c of nets)
  test(`${steps} steps of ${c.optimizer} ${JSON.stringify(c.config)}`, async () => {
    const rate = Schedule.exponential({ initial: c.initial, steps, decay: c.decay })
    const optimizer = Optimizer.chain(
      optimizerOf(c, rate),
      Constraint.maxNorm(1, { include: ['second/w'] }),
      Constraint.unitNorm({ include: ['third/w'] }),
    )
    const loss = Loss.softmaxCrossEntropy()
    const trainer = expectRight(
      await Trainer.compile(Recipe.of({ net, loss, optimizer, batch: 7, epochs: 1, seed: 0 }))(),
    )
    let state = stateWith(trainer, new Map(Object.entries(start).map(([path, { data }]) => [path, data])))
    const losses: number[] = []
    for (let t = 0; t < steps; t++) {
      const next = expectRight(trainer.step(state, given[t % given.length] as (typeof given)[0]))
      losses.push(next.metrics['loss'] as number)
      state = next.state
    }
    near(losses, c.losses, 'losses')
    const after = tensorsOf(trainer, state)
    assert.is(Object.keys(c.final).length, 9)
    for (const [path, { data }] of Object.entries(c.final)) near(floats(after.get(path)), data, path)
  })

test.run()
