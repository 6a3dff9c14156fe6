import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Net from '../../src/nn/Net.js'
import { checkGradients } from '../../src/testing/index.js'
import { orThrow } from '../../src/train/result.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'
import { exact, inputOf, kernels, meaning, noise, paramOf, type Values, weighted } from './support.js'

const test = suite('normalization')

/** Mean and (biased) variance of the elements at the positions for which `own` holds. */
const moments = (x: readonly number[], own: (i: number) => boolean) => {
  const members = x.filter((_, i) => own(i))
  const mean = members.reduce((a, b) => a + b, 0) / members.length
  return { mean, variance: members.reduce((a, b) => a + (b - mean) ** 2, 0) / members.length, n: members.length }
}

// --- batch normalization ----------------------------------------------------------------------------------------------
/** A batch of 3 of [2, 4]: the element at `i` belongs to this channel. */
const [rows, shape] = [3, [2, 4] as const]
const channelOf = {
  '-1': (i: number) => i % 4,
  '1': (i: number) => i % 4,
  '0': (i: number) => Math.floor(i / 4) % 2,
  '-2': (i: number) => Math.floor(i / 4) % 2,
}
const gammas = [1.5, -0.5, 2, 0.25]
const betas = [0.1, 0.2, -0.3, 0]
const bound = (name: string, channels: number, x: readonly number[]): Values => ({
  input: x,
  [`${name}/gamma`]: gammas.slice(0, channels),
  [`${name}/beta`]: betas.slice(0, channels),
  [`${name}/mean`]: [0.5, -1, 0, 2].slice(0, channels),
  [`${name}/variance`]: [1, 4, 0.25, 2].slice(0, channels),
})
const forms = [
  { form: 'torch', keep: 0.9, epsilon: 1e-5, unbiased: true },
  { form: 'tf1', keep: 0.99, epsilon: 1e-3, unbiased: false },
  { form: 'keras', keep: 0.99, epsilon: 1e-3, unbiased: false },
] as const

for (const axis of [-1, 1, 0, -2] as const)
  for (const { form, keep, epsilon, unbiased } of forms)
    test(`batchNorm over axis ${axis} as ${form}: output, new state and model from closed forms`, () => {
      const net = pipe(Net.input(...shape), Layer.batchNorm({ form, axis, name: 'n' }))
      const own = channelOf[`${axis}`]
      const channels = axis === -1 || axis === 1 ? 4 : 2
      const x = noise(24)
      const b = bound('n', channels, x)
      const train = meaning(net)
      assert.equal(
        train.variables.map(v => v.shape),
        [[channels], [channels], [channels], [channels]],
      )
      const m = Array.from({ length: channels }, (_, c) => moments(x, i => own(i) === c))
      const at = (c: number, k: 'mean' | 'variance') => (b[`n/${k}`] as readonly number[])[c] as number
      const normal = (i: number, mean: number, variance: number) => {
        const c = own(i)
        return (
          (((x[i] as number) - mean) / Math.sqrt(variance + epsilon)) * (gammas[c] as number) + (betas[c] as number)
        )
      }
      const wanted = [
        x.map((_, i) => normal(i, m[own(i)]?.mean ?? 0, m[own(i)]?.variance ?? 0)),
        m.map(({ mean }, c) => keep * at(c, 'mean') + (1 - keep) * mean),
        m.map(
          ({ variance, n }, c) =>
            keep * at(c, 'variance') + (1 - keep) * (unbiased ? (variance * n) / (n - 1) : variance),
        ),
      ]
      const results = [train.output, train.state['n/mean'], train.state['n/variance']].flatMap(e => e ?? [])
      wanted.forEach((w, k) => {
        assertClose(exact(results, b, rows)[k] ?? [], w, { rel: 1e-9, abs: 1e-9 })
        assertClose(kernels(results, b, rows)[k] ?? [], w, { rel: 2e-6, abs: 2e-6 })
      })
      const model = x.map((_, i) => normal(i, at(own(i), 'mean'), at(own(i), 'variance')))
      assertClose(exact([meaning(net, 'infer').output], b, rows)[0] ?? [], model, { rel: 1e-9, abs: 1e-9 })
      assertClose(kernels([meaning(net, 'infer').output], b, rows)[0] ?? [], model, { rel: 2e-6, abs: 2e-6 })
    })

for (const axis of [-1, 0])
  test(`the gradients of batchNorm over axis ${axis} are the paper's, and sum to 0 per channel`, () => {
    const net = pipe(Net.input(...shape), Layer.batchNorm({ axis, name: 'n' }))
    const train = meaning(net)
    const own = channelOf[axis === 0 ? '0' : '-1']
    const channels = axis === 0 ? 2 : 4
    const [x, dy] = [noise(24), noise(24, 2)]
    const b = { ...bound('n', channels, x), weight: dy }
    const wrt = { input: inputOf(net), 'n/gamma': paramOf(train, 'n/gamma'), 'n/beta': paramOf(train, 'n/beta') }
    const m = Array.from({ length: channels }, (_, c) => moments(x, i => own(i) === c))
    const hat = x.map((v, i) => (v - (m[own(i)]?.mean ?? 0)) / Math.sqrt((m[own(i)]?.variance ?? 0) + 1e-5))
    const per = (f: (i: number) => number) => m.map((_, c) => x.reduce((a, _v, i) => (own(i) === c ? a + f(i) : a), 0))
    const dbeta = per(i => dy[i] as number)
    const dgamma = per(i => (dy[i] as number) * (hat[i] as number))
    const dx = x.map((_, i) => {
      const [c, n] = [own(i), m[own(i)]?.n ?? 0]
      const scale = (gammas[c] as number) / (n * Math.sqrt((m[c]?.variance ?? 0) + 1e-5))
      return scale * (n * (dy[i] as number) - (dbeta[c] as number) - (hat[i] as number) * (dgamma[c] as number))
    })
    const got = exact(weighted(train.output, Object.values(wrt)), b, rows)
    const real = kernels(weighted(train.output, Object.values(wrt)), b, rows)
    ;[dx, dgamma, dbeta].forEach((w, k) => {
      assertClose(got[k] ?? [], w, { rel: 1e-9, abs: 1e-9 })
      assertClose(real[k] ?? [], w, { rel: 5e-6, abs: 5e-6 })
    })
    const sums = per(i => real[0]?.[i] ?? Number.NaN)
    assertClose(
      sums,
      sums.map(() => 0),
      { abs: 5e-6 },
    )
    orThrow(checkGradients('batchNorm', [train.output], { values: b, rows, wrt: Object.keys(wrt) }))
  })

test('a bias before batchNorm has gradient 0', () => {
  const net = pipe(Net.input(3), Layer.dense(2, { name: 'd' }), Layer.batchNorm({ name: 'n' }), Layer.tanh())
  const train = meaning(net)
  const b = { ...bound('n', 2, noise(24)), 'd/w': noise(6, 3), 'd/b': [0.5, -2], weight: noise(16, 4) }
  const wrt = [paramOf(train, 'd/b'), paramOf(train, 'd/w')]
  assertClose(exact(weighted(train.output, wrt), b, 8)[0] ?? [], [0, 0], { abs: 1e-12 })
  const [bias = [], kernel = []] = kernels(weighted(train.output, wrt), b, 8)
  assertClose(bias, [0, 0], { abs: 1e-6 })
  assert.ok(kernel.every(g => Math.abs(g) > 1e-3))
})

test('the output of batchNorm does not change when its input is shifted, or scaled by a positive factor', () => {
  const net = pipe(Net.input(...shape), Layer.batchNorm({ name: 'n' }))
  const { output } = meaning(net)
  const x = noise(24).map(v => 10 * v)
  const y = exact([output], bound('n', 4, x), rows)[0] ?? []
  for (const f of [(v: number) => v + 1000, (v: number) => 30 * v, (v: number) => 0.5 * v - 3])
    assertClose(exact([output], bound('n', 4, x.map(f)), rows)[0] ?? [], y, { rel: 1e-5, abs: 1e-5 })
  const mirrored =
    exact(
      [output],
      bound(
        'n',
        4,
        x.map(v => -v),
      ),
      rows,
    )[0] ?? []
  assert.ok(
    mirrored.some((v, i) => Math.abs(v - (y[i] as number)) > 0.1),
    'a negative factor mirrors',
  )
})

test('in a model batchNorm is affine, and a row does not depend on the others', () => {
  const net = pipe(Net.input(4), Layer.batchNorm({ name: 'n' }))
  const { output } = meaning(net, 'infer')
  const f = (x: readonly number[]) => kernels([output], bound('n', 4, x), x.length / 4)[0] ?? []
  const [a, b] = [noise(4), noise(4, 2)]
  const middle = a.map((v, i) => 0.25 * v + 0.75 * (b[i] as number))
  assertClose(
    f(middle),
    f(a).map((v, i) => 0.25 * v + 0.75 * (f(b)[i] as number)),
    { rel: 1e-5, abs: 1e-6 },
  )
  assert.equal(f([...a, ...b]), [...f(a), ...f(b)])
})

test('unbiased is an option of each form', () => {
  for (const form of ['torch', 'tf1', 'keras'] as const) {
    const at = (unbiased: boolean) => {
      const net = pipe(Net.input(1), Layer.batchNorm({ form, unbiased, name: 'n' }))
      const { state } = meaning(net)
      const b = { input: [0, 1, 2, 5], 'n/gamma': [1], 'n/beta': [0], 'n/mean': [0], 'n/variance': [0] }
      return exact([state['n/variance'] ?? inputOf(net)], b, 4)[0]?.[0] ?? 0
    }
    assertClose([at(true) / at(false)], [4 / 3], { rel: 1e-12 })
  }
})

test('frozen, batchNorm has no new state, also over another axis', () => {
  const net = pipe(Net.input(...shape), Layer.batchNorm({ axis: 0, name: 'n' }), Net.freeze)
  const train = meaning(net)
  assert.equal(train.state, {})
  const b = bound('n', 2, noise(24))
  assert.equal(kernels([train.output], b, rows), kernels([meaning(net, 'infer').output], b, rows))
})

test('batchNorm stands before or after an activation, and on logits', () => {
  const net = pipe(
    Net.input(3),
    ...([
      Layer.dense(4),
      Layer.batchNorm(),
      Layer.logistic(),
      Layer.batchNorm(),
      Layer.dense(2),
      Layer.batchNorm(),
    ] as const),
  )
  assert.equal(expectRight(Net.check(net)).shape, [2])
})

test('batchNorm of one row: an unbiased variance of 0, not 0 / 0', () => {
  const { state } = meaning(pipe(Net.input(2), Layer.batchNorm({ name: 'n' })))
  const results = [state['n/mean'], state['n/variance']].flatMap(e => e ?? [])
  const bound = { input: [3, -1], 'n/gamma': [1, 1], 'n/beta': [0, 0], 'n/mean': [0, 0], 'n/variance': [1, 2] }
  const [mean, variance] = kernels(results, bound, 1)
  assertClose(mean ?? [], [0.3, -0.1], { rel: 1e-6 })
  assertClose(variance ?? [], [0.9, 1.8], { rel: 1e-6 })
})

test('batchNorm refuses an axis that is not there', () => {
  const error = (axis: number) => expectLeft(Net.check(pipe(Net.input(2, 4), Layer.batchNorm({ axis })))).message
  assert.is(error(2), 'batchNorm: [2, 4] has no axis 2; give one from -2 to 1')
  assert.match(error(-3), /no axis -3/)
  assert.match(error(0.5), /axis must be a whole number/)
})

// --- layer and group normalization ------------------------------------------------------------------------------------
/** A batch of 2 of [2, 3, 4]: elements of one number belong together; those of one `scale` share gamma and beta. */
const cases = [
  {
    name: 'layerNorm',
    layer: Layer.layerNorm({ name: 'n' }),
    group: (i: number) => Math.floor(i / 4),
    scale: (i: number) => i % 4,
    epsilon: 1e-5,
    shape: [4],
  },
  {
    name: 'layerNorm over the last two axes',
    layer: Layer.layerNorm({ axes: [-2, -1], epsilon: 0.01, name: 'n' }),
    group: (i: number) => Math.floor(i / 12),
    scale: (i: number) => i % 12,
    epsilon: 0.01,
    shape: [3, 4],
  },
  {
    name: 'layerNorm over the first and last axis',
    layer: Layer.layerNorm({ axes: [2, 0], name: 'n' }),
    group: (i: number) => 3 * Math.floor(i / 24) + (Math.floor(i / 4) % 3),
    scale: (i: number) => 4 * (Math.floor(i / 12) % 2) + (i % 4),
    epsilon: 1e-5,
    shape: [2, 4],
  },
  ...[1, 2, 4].map(groups => ({
    name: `groupNorm of ${groups}`,
    layer: Layer.groupNorm(groups, { name: 'n' }),
    group: (i: number) => groups * Math.floor(i / 24) + Math.floor((i % 4) / (4 / groups)),
    scale: (i: number) => i % 4,
    epsilon: 1e-5,
    shape: [4],
  })),
] as const

for (const c of cases)
  test(`${c.name}: closed form and gradient, in training as in a model`, () => {
    const net: Net.AnyNet = c.layer(Net.input(2, 3, 4))
    const train = meaning(net)
    const x = noise(48, 5)
    const n = c.shape.reduce<number>((a, d) => a * d, 1)
    const [gamma, beta] = [noise(n, 6), noise(n, 7)]
    const wanted = x.map((v, i) => {
      const { mean, variance } = moments(x, j => c.group(j) === c.group(i))
      return (
        ((v - mean) / Math.sqrt(variance + c.epsilon)) * (gamma[c.scale(i)] as number) + (beta[c.scale(i)] as number)
      )
    })
    assert.equal(
      train.variables.map(v => [v.path, v.shape]),
      [
        ['n/gamma', c.shape],
        ['n/beta', c.shape],
      ],
    )
    const b = { input: x, 'n/gamma': gamma, 'n/beta': beta, weight: noise(48, 8) }
    for (const { output, state } of [train, meaning(net, 'infer')]) {
      assert.equal(state, {})
      assertClose(exact([output], b, 2)[0] ?? [], wanted, { rel: 1e-10, abs: 1e-10 })
      assertClose(kernels([output], b, 2)[0] ?? [], wanted, { rel: 2e-6, abs: 2e-6 })
    }
    const wrt = { input: inputOf(net), 'n/gamma': paramOf(train, 'n/gamma'), 'n/beta': paramOf(train, 'n/beta') }
    orThrow(checkGradients('layerNorm', [train.output], { values: b, rows: 2, wrt: Object.keys(wrt) }))
    const gradients = weighted(train.output, Object.values(wrt))
    const real = kernels(gradients, b, 2)
    exact(gradients, b, 2).forEach((g, k) => {
      assertClose(real[k] ?? [], g, { rel: 1e-5, abs: 1e-5 })
    })
    const dx = real[0] ?? []
    const sums = dx.map((_, i) => dx.reduce((a, g, j) => (c.group(j) === c.group(i) ? a + g : a), 0))
    assertClose(
      sums,
      sums.map(() => 0),
      { abs: 1e-5 },
    )
  })

test('without affine there are no parameters', () => {
  for (const layer of [Layer.layerNorm({ affine: false }), Layer.groupNorm(2, { affine: false })]) {
    const { variables, output } = meaning(layer(Net.input(2, 4)))
    assert.equal(variables, [])
    const y = exact([output], { input: noise(16) }, 2)[0] ?? []
    assertClose([y.reduce((a, v) => a + v, 0), y.reduce((a, v) => a + v * v, 0) / 16], [0, 1], { abs: 1e-3 })
  }
})

test('a row of layerNorm and groupNorm does not depend on the others', () => {
  for (const layer of [Layer.layerNorm({ affine: false }), Layer.groupNorm(2, { affine: false })]) {
    const { output } = meaning(layer(Net.input(2, 4)))
    const f = (x: readonly number[]) => kernels([output], { input: x }, x.length / 8)[0] ?? []
    const [a, b] = [noise(8), noise(8, 2)]
    assert.equal(f([...a, ...b]), [...f(a), ...f(b)])
  }
})

test('layerNorm and groupNorm refuse axes and groups that do not fit', () => {
  const error = (net: Net.AnyNet) => expectLeft(Net.check(net)).message
  const x = Net.input(2, 6)
  assert.is(
    error(Layer.layerNorm({ axes: [2] })(x)),
    'layerNorm: [2] are not axes of [2, 6]; give some from -2 to -1, each once',
  )
  assert.match(error(Layer.layerNorm({ axes: [1, -1] })(x)), /each once/)
  assert.match(error(Layer.layerNorm({ axes: [] })(x)), /\[\] are not axes/)
  assert.match(error(Layer.layerNorm()(Net.input())), /\[-1\] are not axes of \[\]/)
  assert.is(
    error(Layer.groupNorm(4)(x)),
    'groupNorm: the last axis of [2, 6] does not split into 4 groups; give a divisor of the number of channels',
  )
  assert.match(error(Layer.groupNorm(0)(x)), /groups must be a whole number/)
  assert.match(error(Layer.groupNorm(1)(Net.input())), /does not split/)
})

test.run()
