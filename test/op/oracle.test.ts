/** Operations against PyTorch: outputs, gradients and second-order products, through the kernels. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluateAll } from '../../src/backend/evaluate.js'
import { type Expr, input, type Operand, tensor } from '../../src/graph/Expr.js'
import * as activation from '../../src/nn/activation.js'
import * as Loss from '../../src/nn/Loss.js'
import { abs, add, clamp, div, floor, maximum, minimum, mul, neg, sign, sub } from '../../src/op/arithmetic.js'
import { type BlockForm, depthToSpace, reorg, spaceToDepth } from '../../src/op/blocks.js'
import { broadcastTo, reshape, sum } from '../../src/op/broadcast.js'
import { gelu, logSoftmax, logSumExp, softmax, softplus } from '../../src/op/composite.js'
import { conv2d, convTranspose2d } from '../../src/op/conv.js'
import { gather, oneHot } from '../../src/op/gather.js'
import { resize2d } from '../../src/op/interpolate.js'
import { erf, exp, expm1, log, log1p, logistic, pow, rsqrt, sqrt, tanh } from '../../src/op/math.js'
import { matmul } from '../../src/op/matmul.js'
import { type PadForm, padBy } from '../../src/op/padBy.js'
import { averagePool2d, maxPool2d } from '../../src/op/pool.js'
import { argmax, max, mean } from '../../src/op/reduce.js'
import { eq, ge, gt, le, lt, ne, select } from '../../src/op/select.js'
import { concat, pad, slice, transpose } from '../../src/op/window.js'
import type { Target } from '../../src/shape/Dims.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { assertClose, expectRight } from '../support/assert.js'

interface Tensor {
  readonly shape: readonly number[]
  readonly data: readonly number[]
  readonly dtype?: 'i32' | 'bool'
}
interface Attrs {
  readonly [name: string]: number | string | boolean | readonly number[]
}
interface Case {
  readonly name: string
  readonly op: string
  readonly attrs: Attrs
  readonly inputs: readonly Tensor[]
  readonly output: Tensor
  readonly weights?: Tensor
  readonly gradients?: readonly (Tensor | null)[]
  readonly directions?: readonly (Tensor | null)[]
  readonly second?: readonly (Tensor | null)[]
}

const read = (name: string): readonly Case[] =>
  JSON.parse(readFileSync(new URL(`../oracle/${name}.json`, import.meta.url), 'utf8')).cases
const cases = [...read('ops'), ...read('conv')]

type Build = (xs: readonly Expr[], attrs: Attrs) => Expr
const list = (a: Attrs, name: string): readonly number[] => a[name] as readonly number[]
const number = (a: Attrs, name: string): number => a[name] as number
const one =
  (f: (x: Expr) => Expr): Build =>
  ([x]) =>
    f(x as Expr)
const two =
  (f: (a: Operand, b: Operand) => Expr): Build =>
  ([a, b]) =>
    f(a as Expr, b as Expr)
const reduced =
  (f: (x: Expr, axes?: readonly number[], keep?: boolean) => Expr): Build =>
  ([x], a) =>
    f(x as Expr, list(a, 'axes'), a['keepDims'] === true)
const along =
  (f: (x: Expr, axis?: number) => Expr): Build =>
  ([x], a) =>
    f(x as Expr, number(a, 'axis'))
const loss =
  (make: (a: Attrs) => Loss.Loss<Target>): Build =>
  ([x, z], a) =>
    mean(Loss.compute(make(a), x as Expr, z as Expr))
const padded: Build = ([x], a) => pad(x as Expr, list(a, 'low'), list(a, 'high'), undefined, number(a, 'value'))
const picked: Build = ([x, i], a) => {
  const [table, index] = [x as Expr, i as Expr]
  return a['axis'] === 0 ? gather(table, index) : transpose(gather(transpose(table), index))
}

const each = <F>(wrap: (f: F) => Build, fs: Readonly<Record<string, F>>): Readonly<Record<string, Build>> =>
  Object.fromEntries(Object.entries(fs).map(([name, f]) => [name, wrap(f)]))

const builds: Readonly<Record<string, Build>> = {
  ...each(one, { abs, erf, exp, expm1, floor, log, log1p, logistic, neg, rsqrt, sign, softplus, sqrt, tanh }),
  ...each(two, { add, div, maximum, minimum, mul, pow, sub }),
  ...each(two, { equal: eq, notEqual: ne, less: lt, lessEqual: le, greater: gt, greaterEqual: ge }),
  ...each(reduced, { max, mean, sum }),
  ...each(along, { argmax, logSoftmax, logSumExp, softmax }),
  square: one(x => mul(x, x)),
  reciprocal: one(x => div(1, x)),
  relu: one(activation.relu),
  selu: one(activation.selu),
  leakyRelu: ([x], a) => activation.leakyRelu(x as Expr, number(a, 'alpha')),
  elu: ([x], a) => activation.elu(x as Expr, number(a, 'alpha')),
  gelu: ([x], a) => gelu(x as Expr, a['form'] === 'erf' ? 'none' : 'tanh'),
  clamp: ([x], a) => clamp(x as Expr, number(a, 'min'), number(a, 'max')),
  select: ([c, x, y]) => select(c as Expr, x as Expr, y as Expr),
  matmul: ([x, y], a) => matmul(x as Expr, y as Expr, { a: a['transposeA'] === true, b: a['transposeB'] === true }),
  reshape: ([x], a) => reshape(x as Expr, list(a, 'shape')),
  transpose: ([x], a) => transpose(x as Expr, list(a, 'permutation')),
  broadcast: ([x], a) => broadcastTo(x as Expr, list(a, 'shape')),
  slice: ([x], a) =>
    slice(x as Expr, list(a, 'starts'), list(a, 'limits'), a['strides'] ? list(a, 'strides') : undefined),
  pad: padded,
  padBy: ([x], a) => padBy(x as Expr, a['form'] as PadForm, list(a, 'low'), list(a, 'high')),
  concat: (xs, a) => concat(xs, number(a, 'axis')),
  gather: picked,
  oneHot: ([x], a) => oneHot(x as Expr, number(a, 'depth')),
  softmaxCrossEntropy: loss(() => Loss.softmaxCrossEntropy()),
  sigmoidCrossEntropy: loss(() => Loss.sigmoidCrossEntropy()),
  mse: loss(() => Loss.mse()),
  mae: loss(() => Loss.mae()),
  huber: loss(a => Loss.huber({ delta: number(a, 'delta') })),
  conv2d: ([x, w], a) => conv2d(x as Expr, w as Expr, a),
  convTranspose2d: ([y, w], a) => convTranspose2d(y as Expr, w as Expr, a['size'] as readonly [number, number], a),
  maxPool2d: ([x], a) => maxPool2d(x as Expr, number(a, 'window'), a),
  averagePool2d: ([x], a) => averagePool2d(x as Expr, number(a, 'window'), a),
  resize2d: ([x], a) => resize2d(x as Expr, a['size'] as readonly [number, number], a),
  spaceToDepth: ([x], a) => spaceToDepth(x as Expr, number(a, 'block'), a['form'] as BlockForm),
  depthToSpace: ([x], a) => depthToSpace(x as Expr, number(a, 'block'), a['form'] as BlockForm),
  reorg: ([x], a) => reorg(x as Expr, number(a, 'block')),
}

const close = (actual: ArrayLike<number>, expected: Tensor, tiny: number | null, what: string): void => {
  const mask = expected.dtype === 'bool'
  const values = mask ? Array.from(actual, v => Math.abs(v)) : actual
  const m = expected.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  const exact = expected.dtype !== undefined
  assertClose(
    values,
    expected.data,
    exact ? {} : tiny !== null ? { rel: 1e-5, abs: tiny } : { abs: 1e-5 * Math.max(m, 0.1) },
    what,
  )
}
const weigh = (e: Expr, t: Tensor): Expr => sum(mul(e, tensor(t.data, t.shape)))
const given = (t: Tensor | null | undefined): t is Tensor => t !== null && t !== undefined

const test = suite('PyTorch')
for (const c of cases)
  test(c.name, () => {
    const xs = c.inputs.map((t, i) => input(`x${i}`, tensorType(t.dtype ?? 'f32', t.shape)))
    const values = Object.fromEntries(c.inputs.map((t, i) => [`x${i}`, t.data]))
    const [tiny, tinySecond] = c.name.includes('tiny') ? [1e-12, 1e-8] : [null, null]
    const out = builds[c.op]?.(xs, c.attrs) as Expr
    const [output] = expectRight(evaluateAll([out], values))
    assert.equal(output?.shape, c.output.shape)
    close(output?.values ?? [], c.output, tiny, 'output')
    const { weights, gradients = [], directions = [], second = [] } = c
    if (!weights) return
    const real = xs.filter((_, i) => given(gradients[i]))
    const first = expectRight(grad(weigh(out, weights), real)).gradients
    const product = first.map((g, i) => weigh(g, directions.filter(given)[i] as Tensor)).reduce((a, b) => add(a, b))
    const twice = expectRight(grad(product, real)).gradients
    const all = expectRight(evaluateAll([...first, ...twice], values))
    const expected = [...gradients.filter(given), ...second.filter(given)]
    assert.is(all.length, expected.length)
    expected.forEach((e, i) => {
      const what = i < first.length ? `gradient ${i}` : `second ${i - first.length}`
      close(all[i]?.values ?? [], e, i < first.length ? tiny : tinySecond, what)
    })
  })

test('every case has been built', () => {
  assert.equal(
    [...new Set(cases.map(c => c.op))].filter(op => !builds[op]),
    [],
  )
})

test.run()
