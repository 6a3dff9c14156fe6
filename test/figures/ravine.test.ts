import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { best, condition, momentum } from '../../examples/figures/momentum.js'
import { across, along, ravine, start, steps } from '../../examples/figures/ravine.js'
import { assertClose } from '../support/assert.js'
import { drawn, repeats, stands } from './support.js'

type Pair = readonly [number, number]

const [cos, sin] = [Math.cos(Math.PI / 8), Math.sin(Math.PI / 8)]
/** The coordinates along the ravine and across it. */
const turned = ([x, y]: Pair): Pair => [cos * x + sin * y, cos * y - sin * x]
const back = ([a, b]: Pair): Pair => [cos * a - sin * b, sin * a + cos * b]
const loss = (w: Pair): number => {
  const [a, b] = turned(w)
  return (along * a * a + across * b * b) / 2
}
const gradient = (w: Pair): Pair => {
  const [a, b] = turned(w)
  return back([along * a, across * b])
}

/** The updates of one weight, by a function that keeps its own state. */
type Rule = () => (g: number, t: number) => number

const rules: readonly Rule[] = [
  () => g => 0.037 * g,
  () => {
    let a = 0
    return g => {
      a = 0.8 * a + g
      return 0.02 * a
    }
  },
  () => {
    let a = 0
    return g => {
      a = 0.8 * a + g
      return 0.02 * (g + 0.8 * a)
    }
  },
  () => {
    let s = 0
    return g => {
      s = 0.9 * s + 0.1 * g * g
      return (0.25 * g) / (Math.sqrt(s) + 1e-8)
    }
  },
  () => {
    let [m, v] = [0, 0]
    return (g, t) => {
      m = 0.9 * m + 0.1 * g
      v = 0.99 * v + 0.01 * g * g
      return (0.7 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.99 ** t)) + 1e-8)
    }
  },
]

const pathOf = (rule: Rule): readonly Pair[] => {
  const [first, second] = [rule(), rule()]
  const path: Pair[] = [start]
  for (let t = 1; t <= steps; t++) {
    const [x, y] = path[t - 1] ?? start
    const [gx, gy] = gradient([x, y])
    path.push([x - first(gx, t), y - second(gy, t)])
  }
  return path
}

const test = suite('figures/ravine')

test('the paths are those of the formulas in float64, and the losses those of the places', async () => {
  const { paths } = await ravine.data()
  assert.is(paths.length, rules.length)
  for (const [i, { name, path }] of paths.entries()) {
    const expected = pathOf(rules[i] as Rule)
    assertClose(
      path.flatMap(p => [p.x, p.y]),
      expected.flat(),
      { abs: 2e-3 },
      name,
    )
    assertClose(
      path.map(p => p.loss),
      path.map(p => loss([p.x, p.y])),
      { rel: 1e-3, abs: 1e-6 },
      name,
    )
  }
})

test('the loss is the same all along a contour', async () => {
  const { contours } = await ravine.data()
  for (const { level, points } of contours)
    assertClose(
      points.map(loss),
      points.map(() => level),
      { rel: 1e-9 },
    )
})

test('is drawn, the same each time: six contours, a path and its points in five panels, and five losses', async () => {
  const marks = { line: 5 * 7 + 5, symbol: 5 * (1 + steps + 1) }
  stands(ravine, await drawn(ravine, await ravine.data(), marks))
})

/** The larger root of z^2 - (1 + m - a) z + m, for a = rate times eigenvalue. */
const radius = (a: number, m: number): number => {
  const half = (1 + m - a) / 2
  const rest = half * half - m
  return rest < 0 ? Math.sqrt(m) : Math.abs(half) + Math.sqrt(rest)
}

test('momentum: the measured factors are the closed form, and none is better than the best', async () => {
  const cells = await momentum.data()
  const expected = cells.map(({ product: a, momentum: m }) => Math.max(radius(a, m), radius(a / condition, m)))
  assertClose(
    cells.map(c => c.factor),
    expected,
    { rel: 0.06 },
  )
  assertClose(
    [radius(best.product, best.momentum), radius(best.product / condition, best.momentum)],
    [best.factor, best.factor],
    { rel: 1e-7 },
  )
  assert.ok(expected.every(f => f > best.factor))
  await repeats(momentum, await drawn(momentum, cells, { rect: cells.length, line: 1, text: 3, symbol: 2 }))
})

test.run()
