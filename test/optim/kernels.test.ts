/** Optimizers on the kernels, as a training step runs them, against the float64 references of the operations. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { machine } from '../../src/backend/machine.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import { add } from '../../src/op/arithmetic.js'
import * as Clip from '../../src/optim/Clip.js'
import * as Constraint from '../../src/optim/Constraint.js'
import * as Decay from '../../src/optim/Decay.js'
import * as Guard from '../../src/optim/Guard.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Schedule from '../../src/optim/Schedule.js'
import * as Stage from '../../src/optim/Stage.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertClose, expectRight } from '../support/assert.js'
import { leaves, numbersOf, paths, run, waves } from './fixture.js'
import type { Bindings } from './support.js'

const test = suite('optimizers on the kernels')

/** The states after every gradient, as `run` of the fixture, by the compiler and the kernels. */
const runKernels = (optimizer: Optimizer.Optimizer, gradients: typeof waves): readonly Bindings[] => {
  const [slots, scalars] = [Stage.slotsOf(optimizer), Stage.scalarsOf(optimizer)]
  const like = (name: string) => leaves.map(({ shape }, i) => param(`${name} ${i}`, tensorType('f32', shape)))
  const params = like('p')
  const step = param('step', tensorType('f64'))
  const numbers = scalars.map(({ name }) => param(name, tensorType('f64')))
  const stepped = Stage.run(optimizer, {
    gradients: params.map((p, i) => input(`g ${i}`, p.type)),
    params,
    paths,
    slots: Object.fromEntries(slots.map(({ name }) => [name, like(name)])),
    scalars: Object.fromEntries(numbers.map(p => [p.name, p])),
    step,
    loss: input('loss', tensorType('f32')),
  })
  const updates: Readonly<Record<string, Expr>> = {
    ...Object.fromEntries(stepped.params.map((e, i) => [`p ${i}`, e])),
    ...Object.fromEntries(slots.flatMap(({ name }) => (stepped.slots[name] ?? []).map((e, i) => [`${name} ${i}`, e]))),
    ...stepped.scalars,
    step: add(step, 1),
  }
  const state = [...params, ...slots.flatMap(({ name }) => like(name)), ...numbers, step]
  const results = { ...(stepped.rate && { rate: stepped.rate }) }
  const m = expectRight(machine({ rows: 1, state, programs: { train: { results, updates } } }))
  const block = new Uint8Array(m.stateBytes)
  const put = (name: string, values: readonly number[], wide = false) => {
    const at = m.slots.get(name)?.offset ?? NaN
    block.set(new Uint8Array((wide ? Float64Array : Float32Array).from(values).buffer), at)
  }
  leaves.forEach(({ data }, i) => {
    put(`p ${i}`, data)
    for (const { name, init } of slots)
      put(
        `${name} ${i}`,
        data.map(() => init),
      )
  })
  for (const { name, init } of scalars) put(name, [init], true)
  m.writeState(block)
  return gradients.map(gs => {
    const given = Object.fromEntries(gs.map((g, i) => [`g ${i}`, g]))
    const { rate } = m.run('train', 1, { ...given, loss: [0] })
    const now = m.readState()
    const read = (name: string, size: number, wide: boolean): readonly [string, ArrayLike<number>] => {
      const at = m.slots.get(name)?.offset ?? NaN
      return [name, wide ? new Float64Array(now.buffer, at, size) : new Float32Array(now.buffer, at, size)]
    }
    return new Map([
      ...['p', ...slots.map(s => s.name)].flatMap(name =>
        leaves.map((l, i) => read(`${name} ${i}`, l.data.length, false)),
      ),
      ...scalars.map(({ name }) => read(name, 1, true)),
      ...(rate ? [['rate', rate] as const] : []),
    ])
  })
}

const rate = Schedule.cosineRestarts({ initial: 0.1, steps: 4, growth: 2 })
const cases: Readonly<Record<string, Optimizer.Optimizer>> = {
  adagrad: Optimizer.adagrad({ rate, form: 'tf1' }),
  rmsprop: Optimizer.rmsprop({ rate, momentum: 0.5, centered: true, epsilon: 1e-2 }),
  adadelta: Optimizer.adadelta(),
  adamW: Optimizer.adamW({ rate, exclude: Decay.biasesAndScales }),
  amsgrad: Optimizer.amsgrad({ rate }),
  nadam: Optimizer.nadam({ rate }),
  adamax: Optimizer.adamax({ rate }),
  radam: Optimizer.radam({ rate, beta2: 0.9 }),
  lion: Optimizer.lion({ rate, decay: 0.01 }),
  lamb: Optimizer.lamb({ rate }),
  'constraints and adaptive clipping': Optimizer.chain(
    Clip.adaptive(0.1),
    Optimizer.momentum({ rate: Schedule.oneCycle({ peak: 0.5, steps: 20 }) }),
    Constraint.maxNorm(1.5),
  ),
  'a group': [Stage.only({ include: ['**/w'] }, [...Optimizer.adam({ rate }), Constraint.unitNorm()])],
  'everything at once': Optimizer.chain(
    Guard.skip(),
    Optimizer.accumulate(2, Clip.byGlobalNorm(1)),
    Optimizer.lookahead(Optimizer.nadam({ rate }), { every: 3 }),
    Optimizer.plateau({ patience: 2, factor: 0.5 }),
    Optimizer.ema(0.9),
    Optimizer.swa({ from: 2, every: 2 }),
  ),
}

for (const [name, optimizer] of Object.entries(cases))
  test(name, () => {
    const broken = waves.map((g, t) => (t === 4 && name.startsWith('every') ? g.map(x => x.map(() => Infinity)) : g))
    const [actual, expected] = [runKernels(optimizer, broken), run(optimizer, broken)]
    const names = [...(expected[0]?.keys() ?? [])]
    assert.ok(names.length > 3)
    actual.forEach((s, t) => {
      for (const n of names)
        assertClose(numbersOf(s, n), numbersOf(expected[t], n), { rel: 1e-5, abs: 1e-6 }, `${n} after ${t + 1} steps`)
    })
  })

test.run()
