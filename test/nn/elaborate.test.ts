import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { evaluate } from '../../src/backend/reference.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import { type Elaborated, elaborate } from '../../src/nn/elaborate.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Loss from '../../src/nn/Loss.js'
import * as Net from '../../src/nn/Net.js'
import { add, mul } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import { mean } from '../../src/op/reduce.js'
import { soleInput } from '../../src/shape/inputs.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { type Case, cases, leafName, lossOf, netOf } from './oracle.js'

const test = suite('elaborate')

const key = (path: string) => input(`key ${path}`, tensorType('i32', [4]))
const inputsOf = (net: Net.AnyNet): Readonly<Record<string, Expr>> =>
  Array.isArray(net.inputs)
    ? { [soleInput]: input(soleInput, tensorType('f32', [-1, ...net.inputs])) }
    : Object.fromEntries(
        Object.entries(net.inputs).map(([name, shape]) => [name, input(name, tensorType('f32', [-1, ...shape]))]),
      )
const meaning = (net: Net.AnyNet, mode: 'train' | 'infer'): Elaborated =>
  expectRight(elaborate(net, mode, { inputs: inputsOf(net), key }))

/** Values of expressions, flat. */
const run = (exprs: readonly Expr[], bindings: Readonly<Record<string, ArrayLike<number>>>, rows: number) =>
  expectRight(evaluate(exprs, bindings, rows)).map(v => [...v.values])

const near = (actual: readonly number[] | undefined, expected: readonly number[], what: string) => {
  const scale = Math.max(0.1, ...expected.map(Math.abs))
  assertClose(actual ?? [], expected, { abs: 1e-8 * scale }, what)
}

// --- against PyTorch --------------------------------------------------------------------------------------------------
const bindingsOf = (c: Case) => {
  const names = c.inputs.length === 1 ? [soleInput] : c.inputs.map((_, k) => `x${k}`)
  const leaves = c.nodes.flatMap((n, i) =>
    Object.entries({ ...n.params, ...n.state }).map(([k, v]) => [`n${i}/${leafName(k)}`, v.data] as const),
  )
  const data = c.inputs.map((x, k) => [names[k] as string, x.data] as const)
  return { names, bindings: Object.fromEntries([...leaves, ...data, ['label', c.labels.data] as const]) }
}

const labelOf = (c: Case): Expr =>
  input('label', tensorType(c.loss === 'softmaxCrossEntropy' ? 'i32' : 'f32', [-1, ...c.labels.shape.slice(1)]))

for (const c of cases) {
  const rows = c.inputs[0]?.shape[0] ?? 0
  test(`infers and trains as PyTorch does: ${c.name}`, () => {
    const net = netOf(c)
    const { names, bindings } = bindingsOf(c)
    const infer = meaning(net, 'infer')
    const inferred = run([infer.output, mean(Loss.compute(lossOf(c.loss), infer.output, labelOf(c)))], bindings, rows)
    near(inferred[0], c.infer.output.data, 'output')
    near(inferred[1], [c.infer.loss], 'loss')
    assert.equal(infer.state, {})

    const train = meaning(net, 'train')
    const loss = mean(Loss.compute(lossOf(c.loss), train.output, labelOf(c)))
    const params = train.variables.filter(v => v.role === 'param')
    const { gradients } = expectRight(
      grad(loss, [
        ...params.map(v => param(v.path, tensorType('f32', v.shape))),
        ...names.map(name => inputsOf(net)[name] as Expr),
      ]),
    )
    const states = Object.entries(train.state)
    const got = run([train.output, loss, ...gradients, ...states.map(([, e]) => e)], bindings, rows)
    near(got[0], c.train.output.data, 'train output')
    near(got[1], [c.train.loss], 'train loss')
    const expected = c.nodes.flatMap((n, i) =>
      Object.entries(n.gradients ?? {}).map(([k, v]) => [`n${i}/${leafName(k)}`, v.data] as const),
    )
    assert.equal(params.map(v => v.path).sort(), expected.map(([path]) => path).sort())
    for (const [path, data] of expected) near(got[2 + params.findIndex(v => v.path === path)], data, path)
    c.train.inputGradients.forEach((g, k) => {
      near(got[2 + params.length + k], g.data, `input ${k}`)
    })
    const next = c.nodes.flatMap((n, i) =>
      Object.entries(n.nextState ?? {}).map(([k, v]) => [`n${i}/${leafName(k)}`, v.data] as const),
    )
    assert.equal(states.map(([path]) => path).sort(), next.map(([path]) => path).sort())
    for (const [path, data] of next)
      near(got[2 + gradients.length + states.findIndex(([p]) => p === path)], data, `next ${path}`)
  })
}

// --- variables --------------------------------------------------------------------------------------------------------
test('lists variables in the order of the layers, with role, shape and initializer', () => {
  const net = pipe(Net.input(3), Layer.dense(2, { name: 'h1' }), Layer.batchNorm(), Net.scope('top', Layer.dense(1)))
  assert.equal(
    meaning(net, 'train').variables.map(v => [v.path, v.role, v.shape, v.init.kind, v.trainable]),
    [
      ['h1/w', 'param', [3, 2], 'gradus/varianceScaling', true],
      ['h1/b', 'param', [2], 'gradus/zeros', true],
      ['batchNorm1/gamma', 'param', [2], 'gradus/ones', true],
      ['batchNorm1/beta', 'param', [2], 'gradus/zeros', true],
      ['batchNorm1/mean', 'state', [2], 'gradus/zeros', false],
      ['batchNorm1/variance', 'state', [2], 'gradus/ones', false],
      ['top/dense1/w', 'param', [2, 1], 'gradus/varianceScaling', true],
      ['top/dense1/b', 'param', [1], 'gradus/zeros', true],
    ],
  )
})

test('a net has the same variables in training and in a model', () => {
  const net = pipe(Net.input(3), Layer.dense(2), Layer.batchNorm(), Layer.dropout(0.5), Net.freeze, Layer.dense(1))
  assert.equal(
    meaning(net, 'train').variables.map(v => v.path),
    meaning(net, 'infer').variables.map(v => v.path),
  )
})

// --- frozen -----------------------------------------------------------------------------------------------------------
test('frozen layers mean what they mean in a model, keep their state and get no gradient', () => {
  const lower = pipe(Net.input(2), Layer.dense(2, { name: 'a' }), Layer.batchNorm({ name: 'n' }), Layer.dropout(0.5))
  const net = pipe(lower, Net.freeze, Layer.dense(1, { name: 'c' }))
  const train = meaning(net, 'train')
  assert.equal(train.state, {})
  assert.equal(train.draws, [])
  assert.equal(
    train.variables.filter(v => v.trainable).map(v => v.path),
    ['c/w', 'c/b'],
  )
  const at = (path: string) => {
    const v = train.variables.find(x => x.path === path)
    return param(path, tensorType('f32', v?.shape ?? []))
  }
  const { gradients } = expectRight(grad(sum(train.output), [at('a/w'), at('n/gamma'), at('c/w')]))
  const bindings = {
    input: [1, 2, 3, 4],
    'a/w': [1, 2, 3, 4],
    'a/b': [0, 1],
    'n/gamma': [1, 2],
    'n/beta': [0, 0],
    'n/mean': [1, 1],
    'n/variance': [4, 9],
    'c/w': [1, 1],
    'c/b': [0],
  }
  const [a, gamma, c] = run(gradients, bindings, 2)
  assert.equal(a, [0, 0, 0, 0])
  assert.equal(gamma, [0, 0])
  assert.ok((c ?? []).every(g => g !== 0))
  const model = meaning(net, 'infer')
  assert.equal(run([train.output], bindings, 2), run([model.output], bindings, 2))
})

// --- dropout ----------------------------------------------------------------------------------------------------------
test('dropout keeps a share of the elements, scaled up, and uses its key', () => {
  const net = pipe(Net.input(1000), Layer.dropout(0.25))
  const train = meaning(net, 'train')
  assert.equal(train.draws, ['dropout1'])
  const [y = []] = run([train.output], { input: new Float32Array(2000).fill(3), 'key dropout1': [1, 2, 3, 4] }, 2)
  assert.ok(y.every(v => v === 0 || v === 4))
  const kept = y.filter(v => v !== 0).length
  assert.ok(kept > 1400 && kept < 1600, `${kept} of 2000`)
})

test('dropout in a model, or of rate 0, is the input itself', () => {
  const x = input('input', tensorType('f32', [-1, 5]))
  const model = elaborate(pipe(Net.input(5), Layer.dropout(0.5)), 'infer', { inputs: { input: x }, key })
  assert.ok(expectRight(model).output === x)
  const none = expectRight(elaborate(pipe(Net.input(5), Layer.dropout(0)), 'train', { inputs: { input: x }, key }))
  assert.ok(none.output === x)
  assert.equal(none.draws, [])
})

// --- batch normalization ----------------------------------------------------------------------------------------------
const bn = {
  'batchNorm1/gamma': [1, 2],
  'batchNorm1/beta': [0, 1],
  'batchNorm1/mean': [0, 0],
  'batchNorm1/variance': [1, 1],
}

test('batchNorm of one row divides by no zero', () => {
  const { output, state } = meaning(pipe(Net.input(2), Layer.batchNorm()), 'train')
  const got = run([output, ...Object.values(state)], { input: [5, 6], ...bn }, 1)
  assert.ok(got.flat().every(Number.isFinite))
})

test('batchNorm normalizes images by channel', () => {
  const { output } = meaning(pipe(Net.input(2, 1, 2), Layer.batchNorm({ epsilon: 1e-12 })), 'train')
  const [y] = run([output], { input: [1, 10, 3, 30], ...bn }, 1)
  assertClose(y ?? [], [-1, -1, 1, 3], { abs: 1e-9 })
})

test('the second derivative of batchNorm is exact', () => {
  const net = pipe(Net.input(1), Layer.batchNorm({ epsilon: 0.1 }))
  const { output } = meaning(net, 'train')
  const x = inputsOf(net)['input'] as Expr
  const w = input('w', tensorType('f32', [-1, 1]))
  const weighted = (e: Expr) => sum(Layer.tanh.def.infer(null, {}, {}, [e]))
  const [g] = expectRight(grad(weighted(output), [x])).gradients as [Expr]
  const [h] = expectRight(grad(sum(mul(g, w)), [x])).gradients as [Expr]
  const bindings = {
    w: [0.3, -0.7, 1.1],
    'batchNorm1/gamma': [1.5],
    'batchNorm1/beta': [0.2],
    'batchNorm1/mean': [0],
    'batchNorm1/variance': [1],
  }
  const at = [0.5, -1, 2]
  const gradientAt = (values: readonly number[]) =>
    run([sum(mul(g, w))], { ...bindings, input: values }, 3)[0]?.[0] ?? NaN
  const step = 1e-5
  const expected = at.map((_, i) => {
    const moved = (s: number) => gradientAt(at.map((v, j) => (i === j ? v + s : v)))
    return (moved(step) - moved(-step)) / (2 * step)
  })
  assertClose(run([h], { ...bindings, input: at }, 3)[0] ?? [], expected, { rel: 1e-6, abs: 1e-8 })
})

test('layers of one name pass their state on', () => {
  const twice = pipe(Net.input(1), Layer.batchNorm({ name: 'n', form: 'tf1', momentum: 0.5 }))
  const net = pipe(twice, Layer.batchNorm({ name: 'n', form: 'tf1', momentum: 0.5 }))
  const { state } = meaning(net, 'train')
  const bindings = { input: [2, 6], 'n/gamma': [1], 'n/beta': [0], 'n/mean': [0], 'n/variance': [1] }
  const [m] = run([state['n/mean'] as Expr], bindings, 2)
  assertClose(m ?? [], [1], { abs: 1e-9 }) // (0 + 4) / 2, then halved towards 0
})

// --- errors -----------------------------------------------------------------------------------------------------------
test('names the layer whose meaning contradicts its shape', () => {
  const liar = Layer.define<() => Layer.Keeps>()({
    kind: 'acme/liar',
    config: Layer.elu.def.config,
    args: () => ({ alpha: 1 }),
    shape: () => ({ _tag: 'Right', right: [7] }),
    params: () => ({}),
    state: () => ({}),
    infer: (_c, _p, _s, x) => x,
    train: (_c, _p, s, _k, x) => [x, s],
  })
  const net: Net.AnyNet = liar()(Net.input(3))
  const error = expectLeft(elaborate(net, 'infer', { inputs: inputsOf(net), key }))
  assert.is(error.path, 'acme.liar1')
  assert.is(error.message, 'it is f32[rows, 3], but it must be f32[rows, 7]')
})

test('refuses inputs that are missing or of another shape', () => {
  const net = pipe(Net.input(3), Layer.elu())
  assert.is(expectLeft(elaborate(net, 'infer', { inputs: {}, key })).message, 'the input is not bound')
  const x = input('input', tensorType('f32', [-1, 4]))
  assert.match(expectLeft(elaborate(net, 'infer', { inputs: { input: x }, key })).message, 'f32[rows, 4]')
})

// --- taps -----------------------------------------------------------------------------------------------------------
test('a tap sees every layer in order, and what it gives goes on', () => {
  const net = pipe(Net.input(2), Layer.dense(2, { name: 'a' }), Layer.relu(), Net.freeze, Layer.dense(1, { name: 'b' }))
  const x = input('input', tensorType('f32', [-1, 2]))
  const bindings = { input: [1, 2], 'a/w': [1, 0, 0, 1], 'a/b': [0, 0], 'b/w': [1, 1], 'b/b': [0] }
  for (const mode of ['train', 'infer'] as const) {
    const seen: string[] = []
    const { output } = expectRight(
      elaborate(net, mode, {
        inputs: { input: x },
        key,
        tap: ({ path, kind, shape }, y) => {
          seen.push(`${path} ${kind} [${shape.join()}]`)
          return path === 'a' ? mul(y, -1) : path === 'b' ? mul(y, 2) : add(y, 1)
        },
      }),
    )
    assert.equal(seen, ['a gradus/dense [2]', 'relu1 gradus/relu [2]', 'b gradus/dense [1]'])
    assert.equal(run([output], bindings, 1), [[4]]) // relu(-x) + 1 = [1, 1], summed, twice
  }
})

test.run()
