/** Every operation of the table: the kernel against its reference, the gradient against finite differences, twice. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate as run } from '../../src/backend/evaluate.js'
import { evaluate as reference } from '../../src/backend/reference.js'
import { apply, constant, type Expr, input } from '../../src/graph/Expr.js'
import type { Op, Sample } from '../../src/graph/Op.js'
import { add, mul } from '../../src/op/arithmetic.js'
import { reshape, sum } from '../../src/op/broadcast.js'
import { ops } from '../../src/op/index.js'
import { showType, sizeOf, type TensorType, tensorType } from '../../src/shape/TensorType.js'
import { grad } from '../../src/transform/Grad.js'
import { expectRight } from '../support/assert.js'

/** A fixed, spread-out sequence in (0, 1); not random, so that a failure repeats. */
const spread = (i: number): number => ((i + 1) * 0.6180339887498949) % 1

const valuesFor = (type: TensorType, sample: Sample, seed: number): number[] => {
  const [low, high] = sample.domain ?? [-3, 3]
  return Array.from({ length: sizeOf(type.shape) }, (_, i) => {
    const u = spread(i + 31 * seed)
    if (type.dtype === 'bool') return u < 0.5 ? -1 : 0
    const x = low + (high - low) * u
    if (type.dtype === 'i32') return Math.floor(x)
    const near = sample.avoid?.find(a => Math.abs(a - x) < 0.05)
    return Math.fround(near === undefined ? x : x + 0.1)
  })
}

const inputsOf = (sample: Sample): Expr[] => sample.args.map((t, i) => input(`x${i}`, t))
const valuesOf = (sample: Sample): Record<string, number[]> =>
  Object.fromEntries(sample.args.map((t, i) => [`x${i}`, valuesFor(t, sample, i)]))
const truth = (type: TensorType, v: number): number => (type.dtype === 'bool' ? Number(v !== 0) : v)

const same = (actual: number, expected: number): boolean =>
  Object.is(actual, expected) ||
  actual === expected ||
  Math.abs(actual - expected) <= 2e-6 * Math.max(1, Math.abs(expected))

const kernels = suite('kernel = reference')
const gradients = suite('gradient = finite difference')

const forOp = (op: Op): void => {
  kernels(op.name, () => {
    assert.ok(op.samples.length > 0)
    for (const sample of op.samples) {
      const expr = apply(op, inputsOf(sample), sample.attrs)
      const values = valuesOf(sample)
      const masks = Object.fromEntries(
        sample.args.map((t, i) => [`x${i}`, values[`x${i}`]?.map(v => truth(t, v)) ?? []]),
      )
      const [expected] = expectRight(reference([expr], masks))
      const actual = expectRight(run(expr, values))
      assert.equal(actual.values.length, expected?.values.length, sample.args.map(showType).join(' '))
      expected?.values.forEach((e, i) => {
        const a = truth(expr.type, actual.values[i] as number)
        assert.ok(same(a, e), `${sample.args.map(showType).join(' ')} [${i}]: ${a} is not ${e}`)
      })
    }
  })

  const real = (t: TensorType): boolean => t.dtype === 'f32' || t.dtype === 'f64'
  const small = (t: TensorType): boolean => sizeOf(t.shape) > 0 && sizeOf(t.shape) < 100
  const smooth = op.samples.filter(s => {
    const out = apply(op, inputsOf(s), s.attrs)
    return out._tag !== 'Invalid' && real(out.type) && s.args.some(real) && s.args.every(small)
  })
  if (!op.vjp || smooth.length === 0) return
  gradients(op.name, () => {
    for (const sample of smooth) {
      const xs = inputsOf(sample)
      const values = valuesOf(sample)
      const weighted = (e: Expr): Expr => {
        const n = sizeOf(e.type.shape)
        const w = Array.from({ length: n }, (_, i) => 0.5 + spread(7 * i))
        const weights: Expr = { _tag: 'Const', values: w, type: tensorType(e.type.dtype, [n]) }
        return e.type.dtype === 'f64' ? mul(e, constant(w[0] as number, 'f64')) : sum(mul(reshape(e, [n]), weights))
      }
      let loss = weighted(apply(op, xs, sample.attrs))
      for (const order of [1, 2]) {
        const wrt = xs.filter(x => x.type.dtype === 'f32' || x.type.dtype === 'f64')
        const { gradients: gs } = expectRight(grad(loss, wrt))
        const analytic = expectRight(reference(gs, values))
        const at = (v: Record<string, number[]>): number => expectRight(reference([loss], v))[0]?.values[0] as number
        xs.forEach((x, k) => {
          const g = analytic[wrt.indexOf(x)]
          if (!g) return
          values[`x${k}`]?.forEach((v, i) => {
            const h = 1e-4
            const moved = (d: number) => ({
              ...values,
              [`x${k}`]: (values[`x${k}`] as number[]).map((y, j) => (j === i ? v + d : y)),
            })
            const slope = (8 * (at(moved(h)) - at(moved(-h))) - (at(moved(2 * h)) - at(moved(-2 * h)))) / (12 * h)
            const got = g.values[i] as number
            assert.ok(
              Math.abs(got - slope) <= 1e-5 * Math.max(1, Math.abs(slope)),
              `order ${order}, ${sample.args.map(showType).join(' ')}, argument ${k} [${i}]: ${got} is not ${slope}`,
            )
          })
        })
        loss = gs.map(weighted).reduce((a, b) => add(a, b))
      }
    }
  })
}

ops.forEach(forOp)
kernels.run()
gradients.run()
