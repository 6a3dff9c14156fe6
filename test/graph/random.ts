/**
 * Random graphs for the laws of the compiler. A graph is grown from a list of choices over leaves of all broadcastable
 * shapes; a choice that does not fit is skipped. With `whole` every value is a small whole number, so that float32 and
 * float64 agree exactly, whatever the order of a sum.
 */
import fc from 'fast-check'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import { abs, add, clamp, div, floor, maximum, minimum, mul, neg, sign, sub } from '../../src/op/arithmetic.js'
import { broadcastTo, reshape, sum } from '../../src/op/broadcast.js'
import { gather } from '../../src/op/gather.js'
import { exp, logistic, sqrt, tanh } from '../../src/op/math.js'
import { matmul } from '../../src/op/matmul.js'
import { argmax, max } from '../../src/op/reduce.js'
import { and, cast, eq, ge, gt, lt, not, or, select } from '../../src/op/select.js'
import { stopGradient } from '../../src/op/stop.js'
import { concat, pad, slice, transpose } from '../../src/op/window.js'
import { resolveDim, sizeOf, tensorType } from '../../src/shape/TensorType.js'

export interface Choice {
  readonly op: number
  readonly a: number
  readonly b: number
  readonly c: number
}

type Rule = (x: Expr, y: Expr, z: Expr, c: number) => Expr

/** Small whole numbers stay small and whole. */
const small = (x: Expr): Expr => clamp(x, -8, 8)
const axisOf = (x: Expr, c: number): number => c % Math.max(1, x.type.shape.length)
const whole = (x: Expr): Expr => cast(x, 'i32')
const moved = (x: Expr, c: number): readonly number[] => {
  const axes = x.type.shape.map((_, i) => i)
  const at = axisOf(x, c)
  return [...axes.slice(at), ...axes.slice(0, at)]
}

const light: readonly Rule[] = [
  (x, y) => small(add(x, y)),
  (x, y) => small(sub(x, y)),
  (x, y) => small(mul(x, y)),
  (x, y) => maximum(x, minimum(y, 1)),
  x => neg(abs(x)),
  (x, y, z) => select(gt(x, y), x, z),
  (x, y, z) => select(or(and(ge(x, y), not(lt(y, z))), eq(x, z)), y, sign(x)),
  (x, y) => cast(clamp(cast(add(mul(whole(x), 3), maximum(whole(y), -2)), 'f32'), -8, 8), 'f32'),
  (x, y) => cast(eq(abs(whole(x)), whole(y)), 'f32'),
  x => floor(small(add(neg(neg(mul(x, 1))), 1))),
]
const smooth: readonly Rule[] = [
  x => tanh(x),
  (x, y) => mul(logistic(x), y),
  (x, y) => div(x, add(abs(y), 1)),
  x => exp(neg(abs(x))),
  (x, y) => sqrt(add(abs(x), mul(y, y))),
]
const heavy: readonly Rule[] = [
  (x, _y, _z, c) => small(sum(x, [axisOf(x, c)])),
  (x, _y, _z, c) => small(sum(x, [axisOf(x, c)], true)),
  (x, _y, _z, c) => max(x, [axisOf(x, c)], c % 2 === 0),
  (x, y) => broadcastTo(x, y.type.shape),
  (x, _y, _z, c) => transpose(x, moved(x, c)),
  x => reshape(x, [sizeOf(x.type.shape)]),
  x => reshape(x, [...x.type.shape, 1]),
  (x, y, _z, c) => small(matmul(x, y, { a: c % 2 === 0, b: c % 3 === 0 })),
  (x, y, _z, c) => concat([x, y], axisOf(x, c)),
  (x, _y, _z, c) =>
    pad(
      x,
      x.type.shape.map(d => (d < 0 ? 0 : c % 2)),
      x.type.shape.map(d => (d < 0 ? 0 : 1)),
    ),
  (x, _y, _z, c) =>
    slice(
      x,
      x.type.shape.map(d => (d < 0 ? 0 : c % d)),
      x.type.shape,
    ),
  (x, y) => gather(x, whole(y)),
  x => stopGradient(x),
  (x, _y, _z, c) => cast(argmax(x, axisOf(x, c)), 'f32'),
]

/** Rows, and two more sizes. */
export interface Sizes {
  readonly rows: number
  readonly m: number
  readonly n: number
}

/** Leaves of every way to broadcast: scalar, row, column, middle axis. Parameters are state, inputs belong to a run. */
export const leaves = ({ m, n }: Sizes): readonly Expr[] => {
  const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
  return [
    input('x', f32(-1, n)),
    input('y', f32(-1, m, n)),
    input('column', f32(-1, 1)),
    input('middle', f32(-1, 1, n)),
    input('rows', f32(-1)),
    param('row', f32(n)),
    param('matrix', f32(m, n)),
    param('side', f32(m, 1)),
    param('wide', f32(-1, n)),
    param('scalar', f32()),
  ]
}

const fits = (e: Expr, { rows }: Sizes): boolean =>
  e._tag !== 'Invalid' &&
  e.type.shape.length <= 4 &&
  e.type.shape.filter(d => d < 0).length <= 1 &&
  resolveDim(sizeOf(e.type.shape), rows) <= 4096

/** The leaves and everything that the choices make of them. */
export const grow = (choices: readonly Choice[], sizes: Sizes, kind: 'whole' | 'real'): readonly Expr[] => {
  const rules = kind === 'whole' ? [...light, ...heavy] : [...light, ...light, ...smooth, ...smooth, ...heavy]
  const pool = [...leaves(sizes)]
  for (const { op, a, b, c } of choices) {
    const pick = (i: number): Expr => pool[pool.length - 1 - (i % pool.length)] as Expr
    const made = (rules[op % rules.length] as Rule)(pick(a), pick(b), pick(c), c)
    if (fits(made, sizes)) pool.push(made)
  }
  return pool
}

const number = fc.nat({ max: 9999 })
export const choices = (maxLength: number): fc.Arbitrary<Choice[]> =>
  fc.array(fc.record({ op: number, a: number, b: number, c: number }), { minLength: 3, maxLength })

const size = fc.constantFrom(1, 2, 3, 4, 5, 8, 17)
export const sizes: fc.Arbitrary<Sizes> = fc.record({ rows: size, m: size, n: size })

/** Fixed, spread-out values of a leaf. */
export const fill = (e: Expr, rows: number, kind: 'whole' | 'real', seed = 0): Float32Array => {
  const name = e._tag === 'Input' || e._tag === 'Param' ? e.name : ''
  const from = [...name].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 1009, seed)
  return new Float32Array(resolveDim(sizeOf(e.type.shape), rows)).map((_, i) => {
    const u = ((i + from + 1) * 0.6180339887498949) % 1
    return kind === 'whole' ? Math.floor(7 * u) - 3 : 4 * u - 2
  })
}
