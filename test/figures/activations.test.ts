import { Activation } from 'gradus'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { activations } from '../../examples/figures/activations.js'
import { assertClose } from '../support/assert.js'
import { drawn, marksOf, repeats } from './support.js'

const { abs, exp, expm1, log1p, max, min, PI, sqrt, tanh } = Math

/** By its Taylor series, which does for |x| < 4. */
const erf = (x: number): number => {
  let [sum, power] = [0, x] // local mutation
  for (let n = 0; n < 80; n++) {
    sum += power / (2 * n + 1)
    power *= (-x * x) / (n + 1)
  }
  return (2 / sqrt(PI)) * sum
}
const logistic = (x: number): number => 1 / (1 + exp(-x))
const softplus = (x: number): number => log1p(exp(x))

/** In the order of the figure: which function of the library it is, and its closed form in float64. */
const closed: readonly (readonly [keyof typeof Activation, (x: number) => number])[] = [
  ['logistic', logistic],
  ['hardSigmoid', x => min(max(x / 6 + 0.5, 0), 1)],
  ['tanh', tanh],
  ['softsign', x => x / (1 + abs(x))],
  ['relu', x => max(x, 0)],
  ['relu6', x => min(max(x, 0), 6)],
  ['leakyRelu', x => (x > 0 ? x : 0.1 * x)],
  ['prelu', x => (x > 0 ? x : 0.25 * x)],
  ['elu', x => (x > 0 ? x : expm1(x))],
  ['selu', x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x))],
  ['celu', x => (x > 0 ? x : 2 * expm1(x / 2))],
  ['softplus', softplus],
  ['swish', x => x * logistic(x)],
  ['mish', x => x * tanh(softplus(x))],
  ['gelu', x => (x * (1 + erf(x / sqrt(2)))) / 2],
  ['gelu', x => (x * (1 + tanh(sqrt(2 / PI) * (x + 0.044715 * x ** 3)))) / 2],
]

const test = suite('figures/activations')

test('every activation of the library is there, with its closed form and the slope of that', async () => {
  const panels = (await activations.data()).flat()
  assert.is(panels.length, closed.length)
  const others = ['silu', 'softmax', 'seluLeft'] // swish by another name; not element by element; a constant
  assert.equal(
    Object.keys(Activation)
      .filter(name => !others.includes(name))
      .toSorted(),
    [...new Set(closed.map(([name]) => name as string))].toSorted(),
  )
  for (const [i, { name, points }] of panels.entries()) {
    const [, f] = closed[i] ?? ['', Number]
    const h = 1e-5
    assert.ok(points.length > 40, name)
    assertClose(
      points.map(p => p.value),
      points.map(({ x }) => f(x)),
      { rel: 1e-6, abs: 1e-6 },
      name,
    )
    assertClose(
      points.map(p => p.slope),
      points.map(({ x }) => (f(x + h) - f(x - h)) / (2 * h)),
      { rel: 1e-5, abs: 1e-5 },
      `the slope of ${name}`,
    )
  }
})

test('is drawn, the same each time: a line for each function and for each piece of its slope', async () => {
  const pieces = 16 + 8 // a slope each, and one more for each of the eight jumps
  const svg = await drawn(activations, await activations.data(), { line: 16 + pieces, rule: 32 })
  await repeats(activations, svg)
})

test('what is not well-formed is found', () => {
  assert.equal(marksOf('<svg a="1"><g class="mark-line role-mark"><path d="M0"/></g>a &amp; b</svg>'), { line: 1 })
  for (const wrong of ['<svg>', '<svg></g>', '<svg a=1></svg>', '<svg>a & b</svg>', '<svg><</svg>'])
    assert.throws(() => marksOf(wrong), undefined, wrong)
})

test.run()
