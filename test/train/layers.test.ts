/** What a step does to the layers: frozen ones, shared ones, several inputs, initial values. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { Data, Init, Label, Layer, Loss, Net, Optimizer, Recipe, Trainer } from '../../src/index.js'
import { keyOf } from '../../src/random/Key.js'
import { words } from '../../src/random/Philox.js'
import { assertBits, assertClose, expectRight } from '../support/assert.js'
import { floats, numbers, rows, small, stateWith, tensorsOf } from './support.js'

const test = suite('layers in training')
const settings = { batch: 8, epochs: 1, seed: 5 }

/** Initial values by path. */
const initial = async (net: Net<readonly [6], readonly [3]>, seed = 7) => {
  const trainer = expectRight(await Trainer.compile(small({ net, seed }))())
  return tensorsOf(trainer, trainer.init())
}

// --- frozen ---------------------------------------------------------------------------------------------------------
test('frozen parameters and statistics keep their bits, what stands behind them trains', async () => {
  const lower = pipe(
    Net.input(6),
    Layer.dense(7, { name: 'a' }),
    Layer.batchNorm({ name: 'n' }),
    Layer.dropout(0.5),
    Net.freeze,
  )
  const net = pipe(lower, Layer.dense(5, { name: 'b' }), Layer.batchNorm({ name: 'm' }), Layer.dense(3, { name: 'c' }))
  for (const optimizer of [Optimizer.adam(), Optimizer.momentum({ rate: 0.1 })]) {
    const trainer = expectRight(await Trainer.compile(small({ net, optimizer }))())
    const start = new Map([
      ['n/mean', numbers(7)],
      ['n/variance', numbers(7).map(v => v * v + 0.5)],
    ])
    let state = stateWith(trainer, start)
    const before = tensorsOf(trainer, state)
    for (let i = 0; i < 10; i++) state = expectRight(trainer.step(state, rows(7))).state
    const after = tensorsOf(trainer, state)
    for (const [path, { bytes }] of before) {
      if (path === 'step' || path.startsWith('optimizer/')) continue
      const same = bytes.every((byte, i) => byte === after.get(path)?.bytes[i])
      assert.is(same, /^[an]\//.test(path), path)
    }
    assert.ok(
      [...before.keys()].every(path => !/^(optimizer|key)\/.*\b[an]\/|dropout/.test(path)),
      'no slots for what is frozen',
    )
  }
})

test('a frozen net trains as if its output were the data', async () => {
  const lower = pipe(Net.input(6), Layer.dense(4, { name: 'a' }), Layer.tanh())
  const recipe = (net: Net<readonly [6], readonly [3]>) => small({ net, optimizer: Optimizer.sgd({ rate: 0.5 }) })
  const whole = expectRight(await Trainer.compile(recipe(pipe(lower, Net.freeze, Layer.dense(3, { name: 'c' }))))())
  const first = whole.init()
  const c = tensorsOf(whole, first)
  const body = expectRight(await Trainer.compile({ ...small(), net: lower, loss: Loss.mse(), metrics: [] })())
  const features = expectRight(
    expectRight(body.model(stateWith(body, new Map(['a/w', 'a/b'].map(p => [p, floats(c.get(p))]))))).predict(
      rows(5).columns['input'] as Float32Array,
    ),
  )
  const head = expectRight(
    await Trainer.compile({
      ...recipe(pipe(Net.input(6), Layer.dense(3))),
      net: pipe(Net.input(4), Layer.dense(3, { name: 'c' })),
    })(),
  )
  const data = expectRight(Data.of({ inputs: [4], label: Label.classes(3) })({ x: features, y: rows(5).labels }))
  const start = stateWith(head, new Map(['c/w', 'c/b'].map(p => [p, floats(c.get(p))])))
  const [a, b] = [expectRight(whole.step(first, rows(5))), expectRight(head.step(start, data))]
  assertBits(floats(tensorsOf(whole, a.state).get('c/w')), floats(tensorsOf(head, b.state).get('c/w')))
})

// --- several inputs and shared weights --------------------------------------------------------------------------------
test('a net of two inputs trains by fit, and by hand to the same bits', async () => {
  const { left, right } = Net.inputs({ left: [2], right: [3] })
  const joined = Layer.concat(pipe(left, Layer.dense(8), Layer.tanh()), pipe(right, Layer.dense(8), Layer.tanh()))
  const net = pipe(joined, Layer.dense(1))
  const recipe = Recipe.of({
    ...settings,
    net,
    loss: Loss.mse(),
    optimizer: Optimizer.adam({ rate: 0.02 }),
    epochs: 150,
  })
  const [l, r] = [numbers(128, 1), numbers(192, 2)]
  const y = Array.from({ length: 64 }, (_, i) => (l[2 * i] as number) - (r[3 * i + 1] as number))
  const train = expectRight(
    Data.of({ inputs: { left: [2], right: [3] }, label: Label.values(1) })({ x: { right: r, left: l }, y }),
  )
  const fitted = expectRight(await Trainer.fit(recipe)({ train })())
  const [first, last] = [fitted.history[0], fitted.history[149]].map(e => e?.train['loss'] as number) as [
    number,
    number,
  ]
  assert.ok(last < 0.02 * first, `${first} to ${last}`)
  const predicted = expectRight(fitted.predict({ left: l, right: r }))
  assert.ok(predicted.every((p, i) => Math.abs(p - (y[i] as number)) < 0.5))
})

test('the gradient of a shared layer is the sum of those of its uses', async () => {
  const of = (p: string, q: string) => {
    const { a, b } = Net.inputs({ a: [3], b: [3] })
    const joined = Layer.concat(pipe(a, Layer.dense(2, { name: p })), pipe(b, Layer.dense(2, { name: q })))
    return Recipe.of({
      ...settings,
      net: pipe(joined, Layer.tanh(), Layer.dense(1, { name: 'top' })),
      loss: Loss.mse(),
      optimizer: Optimizer.sgd({ rate: 1 }),
    })
  }
  const data = expectRight(
    Data.of({ inputs: { a: [3], b: [3] }, label: Label.values(1) })({
      x: { a: numbers(24, 1), b: numbers(24, 2) },
      y: numbers(8, 3),
    }),
  )
  const [w, bias, top] = [numbers(6, 4), numbers(2, 5), numbers(4, 6)]
  const gradient = async (p: string, q: string) => {
    const trainer = expectRight(await Trainer.compile(of(p, q))())
    const start = new Map([p, q].flatMap(n => [[`${n}/w`, w] as const, [`${n}/b`, bias] as const]))
    const { state } = expectRight(trainer.step(stateWith(trainer, new Map([...start, ['top/w', top]])), data))
    const after = tensorsOf(trainer, state)
    return (name: string) => w.map((v, i) => v - (floats(after.get(`${name}/w`))[i] as number))
  }
  const [shared, apart] = [await gradient('s', 's'), await gradient('p', 'q')]
  const sum = apart('p').map((g, i) => g + (apart('q')[i] as number))
  assert.ok(sum.some(g => Math.abs(g) > 0.01))
  assertClose(shared('s'), sum, { abs: 1e-6 })
})

// --- initial values ---------------------------------------------------------------------------------------------------
const moments = (x: Float32Array) => {
  const mean = x.reduce((a, b) => a + b, 0) / x.length
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length
  const fourth = x.reduce((a, b) => a + (b - mean) ** 4, 0) / x.length
  return {
    mean,
    deviation: Math.sqrt(variance),
    kurtosis: fourth / variance ** 2,
    most: x.reduce((a, b) => Math.max(a, Math.abs(b)), 0),
  }
}
const [fanIn, fanOut] = [200, 300]
// kurtosis: 3 of a normal, 1.8 of a uniform, 2.37 of a normal cut at 2 deviations
const uniform = (sd: number) => ({ sd, kurtosis: 1.8, most: sd * Math.sqrt(3) })
const normal = (sd: number) => ({ sd, kurtosis: 3, most: 6 * sd })
const inits = [
  ['heNormal', Init.heNormal(), normal(Math.sqrt(2 / fanIn))],
  ['heUniform', Init.heUniform(), uniform(Math.sqrt(2 / fanIn))],
  ['glorotNormal', Init.glorotNormal(), normal(Math.sqrt(4 / (2 * (fanIn + fanOut))))],
  ['glorotUniform', Init.glorotUniform(), uniform(Math.sqrt(2 / (fanIn + fanOut)))],
  ['lecunNormal', Init.lecunNormal(), normal(Math.sqrt(1 / fanIn))],
  ['uniform', Init.uniform(-0.3, 0.3), uniform(0.3 / Math.sqrt(3))],
  ['normal', Init.normal(0.2), normal(0.2)],
  ['truncatedNormal', Init.truncatedNormal(0.2), { sd: 0.2 * 0.87962566, kurtosis: 2.37, most: 0.4 }],
] as const

for (const [name, init, expected] of inits)
  test(`initial values of ${name}`, async () => {
    const net = pipe(Net.input(fanIn), Layer.dense(fanOut, { init }))
    const recipe = Recipe.of({ ...settings, net, loss: Loss.mse(), optimizer: Optimizer.sgd({ rate: 1 }) })
    const trainer = expectRight(await Trainer.compile(recipe)())
    const tensors = tensorsOf(trainer, trainer.init())
    const { mean, deviation, kurtosis, most } = moments(floats(tensors.get('dense1/w')))
    assert.ok(Math.abs(mean) < 0.02 * expected.sd, `mean ${mean}`)
    assertClose([deviation], [expected.sd], { rel: 0.01 })
    assert.ok(Math.abs(kurtosis - expected.kurtosis) < 0.06, `kurtosis ${kurtosis}`)
    assert.ok(
      most <= expected.most * (1 + 1e-6) && most > 0.99 * Math.min(expected.most, 3 * expected.sd),
      `most ${most}`,
    )
    assert.ok(floats(tensors.get('dense1/b')).every(v => v === 0))
  })

test('initial values are the Philox numbers of the seed and the path', async () => {
  const init = Init.uniform(-1, 1)
  const tensors = await initial(pipe(Net.input(6), Net.scope('part', Layer.dense(3, { init }))))
  const drawn = words(keyOf(7, 'part/dense1/w', 'init'), 0, 0, 18)
  assertBits(
    floats(tensors.get('part/dense1/w')),
    Float32Array.from(drawn.subarray(0, 18), w => (w >>> 8) * 2 ** -23 - 1),
  )
})

test("dropout's mask is that of the seed, the path and the step", async () => {
  const net = pipe(Net.input(8), Layer.dropout(0.25), Layer.dense(1, { name: 'sum', bias: false }))
  const recipe = Recipe.of({ ...settings, net, loss: Loss.mse(), optimizer: Optimizer.sgd({ rate: 1 }) })
  const trainer = expectRight(await Trainer.compile(recipe)())
  const data = expectRight(
    Data.of({ inputs: [8], label: Label.values(1) })({ x: new Float32Array(8).fill(1), y: [-1] }),
  )
  let state = stateWith(trainer, new Map([['sum/w', new Float32Array(8)]]))
  for (let step = 0; step < 5; step++) {
    const before = floats(tensorsOf(trainer, state).get('sum/w'))
    state = expectRight(trainer.step(state, data)).state
    const moved = floats(tensorsOf(trainer, state).get('sum/w')).map((v, i) => v - (before[i] as number))
    const drawn = words(keyOf(settings.seed, 'dropout1', 'train'), 0, step, 8)
    assert.equal(
      [...moved].map(v => v !== 0),
      [...drawn].map(w => (w >>> 8) * 2 ** -24 < 0.75),
      `step ${step}`,
    )
  }
})

test('a named layer, or one of another kind, leaves the initial values of the others alone', async () => {
  const plain = await initial(pipe(Net.input(6), Layer.dense(6), Layer.dense(3)))
  for (const net of [
    pipe(Net.input(6), Layer.dense(6), Layer.dense(6, { name: 'new' }), Layer.dense(3)),
    pipe(Net.input(6), Layer.batchNorm(), Layer.dense(6), Layer.elu(), Layer.dropout(0.5), Layer.dense(3)),
    pipe(Net.input(6), Net.scope('part', Layer.dense(6)), Layer.dense(6), Layer.dense(3)),
  ]) {
    const other = await initial(net)
    for (const path of ['dense1/w', 'dense2/w']) assertBits(floats(other.get(path)), floats(plain.get(path)), path)
  }
  const seeded = await initial(pipe(Net.input(6), Layer.dense(6), Layer.dense(3)), 8)
  assert.ok(floats(seeded.get('dense1/w')).every((v, i) => v !== floats(plain.get('dense1/w'))[i]))
  const twins = await initial(pipe(Net.input(6), Layer.dense(6), Layer.dense(6), Layer.dense(3)))
  assert.ok(floats(twins.get('dense1/w')).every((v, i) => v !== floats(twins.get('dense2/w'))[i]))
})

test.run()
