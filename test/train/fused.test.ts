/** Fused regions are loops of the same operations in the same order: the same bits as one kernel an operation. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { mapMemory } from '../../src/backend/layout.js'
import { machine } from '../../src/backend/machine.js'
import type { MachineSpec } from '../../src/backend/spec.js'
import { Clip, Init, Layer, Loss, Metric, Net, Optimizer, Recipe, Schedule } from '../../src/index.js'
import { elaborated, programs } from '../../src/train/programs.js'
import type { AnyRecipe } from '../../src/train/Recipe.js'
import { assertBits, expectRight } from '../support/assert.js'
import { classes, numbers, optimizer } from './support.js'

const test = suite('fused = unfused')

const block = (units: number) =>
  [Layer.dense(units, { init: Init.he() }), Layer.batchNorm(), Layer.elu(), Layer.dropout(0.3)] as const
const net = pipe(Net.input(6), ...block(37), ...block(18), Layer.dense(5))
const plain = pipe(Net.input(6), Layer.dense(33), Layer.relu(), Layer.dense(17), Layer.gelu(), Layer.dense(5))
const shared = { batch: 9, epochs: 1, seed: 3 }
const softmax = { ...shared, loss: Loss.softmaxCrossEntropy(), metrics: [Metric.accuracy()] }
const values = { ...shared, optimizer, net: plain, metrics: [Metric.mae(), Metric.mse()] }

const recipes: readonly (readonly [string, AnyRecipe])[] = [
  ['clipped Nesterov momentum', Recipe.of({ ...softmax, net, optimizer })],
  ['Adam', Recipe.of({ ...softmax, net, optimizer: Optimizer.adam() })],
  ['sgd', Recipe.of({ ...softmax, net: plain, optimizer: Optimizer.sgd({ rate: 0.1 }) })],
  [
    'keras momentum',
    Recipe.of({ ...softmax, net: plain, optimizer: Optimizer.momentum({ rate: 0.1, form: 'keras' }) }),
  ],
  [
    'clipping by value, then by norm, and tf1 Adam',
    Recipe.of({
      ...softmax,
      net,
      optimizer: Optimizer.chain(
        Clip.byValue(0.1),
        Clip.byNorm(0.2),
        Optimizer.adam({ form: 'tf1', rate: Schedule.warmup(4) }),
      ),
    }),
  ],
  ['mse', Recipe.of({ ...values, loss: Loss.mse() })],
  ['huber', Recipe.of({ ...values, loss: Loss.huber() })],
  ['sigmoid cross-entropy', Recipe.of({ ...values, loss: Loss.sigmoidCrossEntropy() })],
]

const make = (s: MachineSpec) => expectRight(machine(s))
const unitsOf = (s: MachineSpec): number => expectRight(mapMemory(s)).programs.get('train')?.plan.units.length ?? 0

for (const [name, recipe] of recipes)
  test(name, () => {
    const p = expectRight(programs(recipe))
    const { train, evaluate } = p
    const predict = { results: { output: expectRight(elaborated(recipe, 'infer')).output }, updates: {} }
    const spec = { rows: 9, state: p.slots, programs: { train, evaluate, predict } }
    const [fused, unfused] = [make(spec), make({ ...spec, fused: false })]
    const units = [true, false].map(on => unitsOf({ ...spec, fused: on })) as [number, number]
    assert.ok(units[0] < units[1], `${units}: nothing is fused`)
    const start = new Uint8Array(fused.stateBytes)
    for (const [slot, { offset, type }] of fused.slots) {
      const n = type.shape.reduce((a, b) => a * b, 1)
      if (type.dtype === 'f32' && !slot.startsWith('optimizer/'))
        new Float32Array(start.buffer, offset, n).set(
          numbers(n, slot.length).map(x => (slot.endsWith('variance') ? x * x + 0.1 : x)),
        )
      if (type.dtype === 'i32') new Int32Array(start.buffer, offset, n).set([1234, -987].slice(0, n))
    }
    for (const m of [fused, unfused]) m.writeState(start)
    for (let t = 0; t < 12; t++) {
      const rows = 1 + ((t * 4) % 9)
      const label = recipe.loss.target === 'class' ? classes(rows, 5) : numbers(5 * rows, t)
      const inputs = { x: numbers(6 * rows, t), '/label': label }
      for (const program of ['train', 'evaluate', 'predict']) {
        const [a, b] = [fused.run(program, rows, inputs), unfused.run(program, rows, inputs)]
        assert.equal(Object.keys(a), Object.keys(b))
        for (const [result, bits] of Object.entries(a))
          assertBits(bits, b[result] as typeof bits, `${program} ${result}`)
      }
      assertBits(fused.readState(), unfused.readState(), `state after step ${t}`)
    }
    assert.ok(fused.readState().some((x, i) => x !== start[i]))
  })

test.run()
