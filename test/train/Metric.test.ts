import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as t from '#io/index.js'
import { evaluate } from '../../src/backend/evaluate.js'
import { input } from '../../src/graph/Expr.js'
import { Expr, Loss, Metric, Net, Optimizer, Recipe, Score, standard } from '../../src/index.js'
import type { Target } from '../../src/shape/Dims.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { assertClose, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Metric')

type Any = Metric<Target>

/** The metric of each row. */
const perRow = (metric: Any, outputs: readonly number[], labels: readonly number[], shape: readonly number[]) => {
  const output = input('output', tensorType('f32', [-1, ...shape]))
  const label =
    metric.target === 'class'
      ? input('label', tensorType('i32', [-1]))
      : input('label', tensorType('f32', [-1, ...shape]))
  const rows = outputs.length / shape.reduce((a, b) => a * b, 1)
  return evaluate(metric.def.compute(output, label), { output: outputs, label: labels }, rows)
}
const values = (...args: Parameters<typeof perRow>): number[] => [...expectRight(perRow(...args)).values]

test('accuracy counts the first of equal outputs', () => {
  assert.equal(values(Metric.accuracy(), [1, 2, 2, 2, 2, 1], [1, 1], [3]), [1, 0])
})

test('every metric has its name, and says whether larger is better', () => {
  assert.equal(
    [Metric.accuracy(), Metric.topK(3), Metric.mae(), Metric.mse()].map(({ def }) => [def.name, def.rising]),
    [
      ['accuracy', true],
      ['top3', true],
      ['mae', false],
      ['mse', false],
    ],
  )
})

test('mae and mse are means over a row', () => {
  const [outputs, labels] = [
    [1, 2, 3, 4],
    [1, 4, 0, 0],
  ]
  assert.equal(values(Metric.mae(), outputs, labels, [2]), [1, 3.5])
  assert.equal(values(Metric.mse(), outputs, labels, [2]), [2, 12.5])
  assert.equal(values(Metric.mse(), outputs, labels, []), [0, 4, 9, 16])
})

test('topK: fewer than k outputs are larger; equal ones all count', () => {
  const outputs = [3, 1, 2, 5, 5, 5, 0, -Infinity, 1]
  const labels = [2, 0, 1]
  assert.equal(values(Metric.topK(1), outputs, labels, [3]), [0, 1, 0])
  assert.equal(values(Metric.topK(2), outputs, labels, [3]), [1, 1, 0])
  assert.equal(values(Metric.topK(3), outputs, labels, [3]), [1, 1, 1])
})

test('topK: an output that is not a number is no hit, and is larger than any other', () => {
  const outputs = [Number.NaN, 1, 0, Number.NaN, 1, 0]
  assert.equal(values(Metric.topK(3), outputs, [0, 1], [3]), [0, 1])
  assert.equal(values(Metric.topK(1), outputs, [0, 1], [3]), [0, 0])
})

test('topK: its mean is Score.topK; it grows with k; and top1 is the accuracy when no outputs are equal', () => {
  const cases = fc.integer({ min: 1, max: 7 }).chain(classes =>
    fc.record({
      classes: fc.constant(classes),
      labels: fc.array(fc.nat({ max: classes - 1 }), { minLength: 1, maxLength: 6 }),
      ties: fc.boolean(),
      seed: fc.array(fc.nat({ max: 1000 }), { minLength: 42, maxLength: 42 }),
    }),
  )
  fc.assert(
    fc.property(cases, ({ classes, labels, ties, seed }) => {
      const outputs = seed.slice(0, classes * labels.length).map((x, i) => (ties ? x % 3 : x * 64 + i))
      let last = 0
      for (let k = 1; k <= classes; k++) {
        const hits = values(Metric.topK(k), outputs, labels, [classes])
        const share = hits.reduce((a, b) => a + b) / labels.length
        assertClose([share], [expectRight(Score.topK(labels, outputs, k))], { rel: 1e-12 })
        assert.ok(share >= last)
        if (k === 1 && !ties) assert.equal(hits, values(Metric.accuracy(), outputs, labels, [classes]))
        last = share
      }
      assert.is(last, 1)
    }),
    { numRuns: 25 },
  )
})

test('topK refuses k outside the classes, and outputs that are no vector', () => {
  const message = (metric: Any, shape: readonly number[]) =>
    expectLeft(perRow(metric, [0, 0, 0, 0], [0], shape)).message
  assert.match(message(Metric.topK(5), [4]), 'k is 5, but there are only 4 classes')
  assert.match(message(Metric.topK(0), [4]), 'k must be a whole number from 1')
  assert.match(message(Metric.topK(1.5), [4]), 'k must be a whole number from 1')
  assert.match(message(Metric.topK(1), [2, 2]), 'one number for each class a row')
})

const json = (x: unknown): unknown => JSON.parse(JSON.stringify(x))
const codec = Metric.codec(standard.metric)
const same = (a: Any, b: Any) => {
  assert.equal(json(codec.encode(a)), json(codec.encode(b)))
  assert.is(a.target, b.target)
  assert.is(a.def.name, b.def.name)
  assert.is(a.def.rising, b.def.rising)
}

test('decode . encode = id', () => {
  for (const metric of [Metric.accuracy(), Metric.topK(3), Metric.mae(), Metric.mse()]) {
    assert.ok(codec.is(metric))
    const decoded = expectRight(codec.decode(json(codec.encode(metric))))
    assert.ok(codec.is(decoded))
    same(decoded, metric)
  }
  assert.equal(json(codec.encode(Metric.topK(3))), { of: 'metric', kind: 'gradus/topK', config: { k: 3 } })
  const decoded = expectRight(codec.decode(json(codec.encode(Metric.topK(2)))))
  assert.equal(values(decoded, [3, 1, 2, 1, 2, 3], [2, 0], [3]), [1, 0])
})

test('decoding refuses settings out of range and what is no metric', () => {
  const spec = { of: 'metric', kind: 'gradus/topK', config: { k: 3 } }
  for (const config of [{ k: 0 }, { k: 1.5 }, { k: '3' }, {}, null]) expectLeft(codec.decode({ ...spec, config }))
  for (const u of [{ ...spec, kind: 'gradus/none' }, { ...spec, of: 'loss' }, null, 3, [spec]]) {
    expectLeft(codec.decode(u))
    assert.not.ok(codec.is(u))
  }
  assert.not.ok(codec.is({ ...spec, def: {} }))
  assert.not.ok(Metric.codec([]).is(Metric.topK(3)))
})

test("a metric of one's own, with settings", () => {
  const within = Metric.defineWith({
    kind: 'test/within',
    target: 'values',
    config: t.type({ radius: t.number }),
    bind: ({ radius }) => ({
      name: `within${radius}`,
      rising: true,
      compute: (x, z) => Expr.cast(Expr.le(Expr.abs(Expr.sub(x, z)), radius), 'f32'),
    }),
  })
  const own = Metric.codec([within.def])
  const decoded = expectRight(own.decode(json(own.encode(within({ radius: 2 })))))
  assert.is(decoded.def.name, 'within2')
  assert.equal(values(decoded, [1, 5, -2], [0, 0, 0], []), [1, 0, 1])
})

test('two top-k of a recipe have two names and two hashes; a recipe keeps them through JSON', () => {
  const common = {
    net: Net.input(6),
    loss: Loss.softmaxCrossEntropy(),
    optimizer: Optimizer.sgd({ rate: 0.1 }),
    batch: 2,
    epochs: 1,
    seed: 1,
  } as const
  const of = (...metrics: Metric<'class'>[]) => Recipe.of({ ...common, metrics })
  const both = of(Metric.topK(2), Metric.topK(5))
  const codecs = Recipe.codec(standard)
  const decoded = expectRight(codecs.decode(json(codecs.encode(both))))
  assert.equal(
    decoded.metrics.map(m => m.def.name),
    ['top2', 'top5'],
  )
  assert.is(Recipe.hash(decoded), Recipe.hash(both))
  assert.is.not(Recipe.hash(of(Metric.topK(2))), Recipe.hash(of(Metric.topK(5))))
  assert.match(expectLeft(Recipe.check(of(Metric.topK(2), Metric.topK(2)))).message, 'top2')
})

test.run()
