/**
 * Random convolutional nets against PyTorch in float64 (test/oracle/convNets.json): forward in a model and in training,
 * every gradient, batch norm's statistics, and five steps of momentum and of Adam, to 1e-5 of the largest number of each
 * tensor. The wide ones are such that Winograd's algorithm is chosen.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluateAll } from '../../src/backend/evaluate.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { Data, Label, Optimizer, Recipe, Trainer } from '../../src/index.js'
import { elaborate } from '../../src/nn/elaborate.js'
import * as Loss from '../../src/nn/Loss.js'
import { mean } from '../../src/op/reduce.js'
import { soleInput } from '../../src/shape/inputs.js'
import { resolveType, tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { leafName, lossOf, netOf } from '../nn/oracle.js'
import { type ConvNetCase, convNetCases, drawn, type Signature } from '../nn/oracleConvNets.js'
import { assertClose, expectRight } from '../support/assert.js'
import { floats, stateWith, tensorsOf } from './support.js'

const test = suite('convolutional nets against PyTorch')

/** The share of a tensor's largest number that any may be off by. */
const share = 1e-5

const largestOf = (xs: readonly number[]): number => xs.reduce((m, x) => Math.max(m, Math.abs(x)), 0)

/** A sum of n errors of either sign may be sqrt(n) times as large. */
const like = (actual: ArrayLike<number>, expected: Signature, what: string): void => {
  if (!('every' in expected)) {
    assertClose(actual, expected.data, { abs: share * largestOf(expected.data) }, what)
    return
  }
  const { every, largest, data, sums } = expected
  const all = Array.from(actual)
  assertClose([largestOf(all)], [largest], { rel: share }, `${what}, the largest`)
  assertClose(
    all.filter((_, i) => i % every === 0),
    data,
    { abs: share * largest },
    `${what}, every ${every}th`,
  )
  const signed = all.map((x, i) => (i % 2 === 0 ? x : -x))
  const parts = data.map((_, k) => signed.slice(k * every, (k + 1) * every).reduce((a, b) => a + b, 0))
  assertClose(parts, sums, { abs: share * largest * Math.sqrt(every) }, `${what}, sums of ${every}`)
}

type Leaves<T> = Readonly<Record<string, Readonly<Record<string, T>>>>

/** Leaves by the paths that the library gives them. */
const paths = <T>(leaves: Leaves<T>): readonly (readonly [string, T])[] =>
  Object.entries(leaves).flatMap(([i, each]) =>
    Object.entries(each).map(([k, v]) => [`n${i}/${leafName(k)}`, v] as const),
  )

const initial = (c: ConvNetCase): ReadonlyMap<string, Float32Array> =>
  new Map([...paths(c.params), ...paths(c.state)].map(([path, rule]) => [path, drawn(rule)]))

/** The meaning of a net and its loss over one batch. */
const meaningOf = (c: ConvNetCase, mode: 'infer' | 'train') => {
  const net = netOf(c)
  const x = input(soleInput, tensorType('f32', [-1, ...(net.inputs as readonly number[])]))
  const made = expectRight(
    elaborate(net, mode, { inputs: { [soleInput]: x }, key: path => input(path, tensorType('i32', [4])) }),
  )
  const values = c.batches[0]?.labels.shape.slice(1) ?? []
  const label = input('label', tensorType(values.length === 0 ? 'i32' : 'f32', [-1, ...values]))
  return { x, made, loss: mean(Loss.compute(lossOf(c.loss), made.output, label)) }
}

const bindingsOf = (c: ConvNetCase) => {
  const [batch] = c.batches
  if (!batch) throw new Error('no batch')
  const given = { [soleInput]: drawn(batch.inputs), label: batch.labels.data }
  return { given: { ...given, ...Object.fromEntries(initial(c)) }, rows: batch.inputs.shape[0] as number }
}

/** The names of the kernels that a program calls. */
const kernelsOf = (exprs: readonly Expr[], rows: number): ReadonlySet<string> =>
  new Set(
    expectRight(Program.of(exprs)).nodes.flatMap(({ expr }) => {
      if (expr._tag !== 'Apply' || expr.op.lower._tag !== 'Kernel') return []
      const args = expr.args.map(a => resolveType(a.type, rows))
      const c = { attrs: expr.attrs, args, out: resolveType(expr.type, rows), rows }
      return expr.op.lower.calls(c).map(call => call.kernel)
    }),
  )

for (const c of convNetCases)
  test(`${c.name}: forward, gradients, statistics`, () => {
    const { given, rows } = bindingsOf(c)
    const infer = meaningOf(c, 'infer')
    const [output, loss] = expectRight(evaluateAll([infer.made.output, infer.loss], given, rows))
    like(output?.values ?? [], c.infer.output, 'output of the model')
    like(loss?.values ?? [], c.infer.loss, 'loss of the model')

    const train = meaningOf(c, 'train')
    const wanted = paths(c.train.gradients)
    const leaves = wanted.map(([path, { shape }]) => param(path, tensorType('f32', shape)))
    const { gradients } = expectRight(grad(train.loss, [train.x, ...leaves]))
    const states = paths(c.train.state)
    const exprs = [
      train.made.output,
      train.loss,
      ...gradients,
      ...states.map(([path]) => train.made.state[path] as Expr),
    ]
    const all = expectRight(evaluateAll(exprs, given, rows)).map(v => v.values)
    like(all[0] ?? [], c.train.output, 'output in training')
    like(all[1] ?? [], c.train.loss, 'loss in training')
    like(all[2] ?? [], c.train.inputGradient, 'gradient of the images')
    wanted.forEach(([path, expected], i) => {
      like(all[3 + i] ?? [], expected, `gradient of ${path}`)
    })
    states.forEach(([path, expected], i) => {
      like(all[3 + wanted.length + i] ?? [], expected, `next ${path}`)
    })
    if (!c.name.startsWith('wide')) return
    const kernels = kernelsOf(exprs, rows)
    for (const name of ['winograd', 'winogradFilter'])
      assert.ok(kernels.has(name), `${[...kernels]} is without ${name}`)
  })

const optimizers = {
  momentum: Optimizer.momentum({ rate: 0.02, momentum: 0.9 }),
  adam: Optimizer.adam({ rate: 0.01, epsilon: 1e-3 }),
}

for (const c of convNetCases)
  for (const by of ['momentum', 'adam'] as const)
    test(`${c.name}: five steps of ${by}`, async () => {
      const net = netOf(c)
      const values = c.batches[0]?.labels.shape.slice(1) ?? []
      const label: Label.Label = values.length === 0 ? Label.classes(net.shape[0] as number) : Label.values(...values)
      const { rows: batch } = bindingsOf(c)
      const settings = { batch, epochs: 1, seed: 0, loss: lossOf(c.loss), optimizer: optimizers[by] }
      const trainer = expectRight(await Trainer.compile(Recipe.of({ ...settings, net }))())
      const batches = c.batches.map(b =>
        expectRight(Data.of({ inputs: net.inputs, label })({ x: drawn(b.inputs), y: b.labels.data })),
      )
      let state = stateWith(trainer, initial(c))
      const { losses, params, state: statistics } = c.runs[by]
      const seen: number[] = []
      for (const [t] of losses.data.entries()) {
        const next = expectRight(trainer.step(state, batches[t % batches.length] as (typeof batches)[0]))
        seen.push(next.metrics['loss'] as number)
        state = next.state
      }
      like(seen, losses, 'losses')
      const after = tensorsOf(trainer, state)
      for (const [path, expected] of [...paths(params), ...paths(statistics)])
        like(floats(after.get(path)), expected, path)
    })

test('the nets have every kind of layer', () => {
  const kinds = new Set(convNetCases.flatMap(c => c.nodes.map(n => n.kind)))
  const wanted = [
    ...['conv2d', 'convTranspose2d', 'batchNorm', 'maxPool2d', 'averagePool2d', 'globalAveragePool', 'globalMaxPool'],
    ...['pad', 'upsample', 'spaceToDepth', 'depthToSpace', 'spatialDropout', 'add', 'concat', 'flatten', 'dense'],
  ]
  assert.equal(
    wanted.filter(kind => !kinds.has(kind)),
    [],
  )
})

test.run()
