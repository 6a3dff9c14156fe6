/** The checks of layers: the library's pass, and each kind of wrong one is caught in a sentence that helps. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { pipe } from '#fp/function.js'
import * as t from '#io/index.js'
import { apply } from '../../src/graph/Expr.js'
import type { Op } from '../../src/graph/Op.js'
import { Expr, Init, Layer, Net, orThrow } from '../../src/index.js'
import type { LayerDef } from '../../src/nn/Definition.js'
import { arithmeticOps } from '../../src/op/arithmetic.js'
import { Arbitrary, checkNet, type LayerOptions } from '../../src/testing/index.js'
import { expectLeft } from '../support/assert.js'

const test = suite('checkNet')

type Gate = (start: number) => Layer.Keeps
type Changes = Partial<LayerDef<readonly [start: number], { readonly start: number }, 'scale', never>>
const define = Layer.define<Gate>()
/** x times a learned number for each feature, and ways to get it wrong. */
const gate = (changes: Changes = {}) =>
  define<{ readonly start: number }, 'scale', never>({
    kind: 'acme/gate',
    config: t.type({ start: t.number }),
    args: start => ({ start }),
    shape: (_c, x) => E.right(x ?? []),
    params: ({ start }, x) => ({ scale: { shape: x ?? [], init: Init.constant(start) } }),
    state: () => ({}),
    infer: (_c, p, _s, x) => Expr.mul(x as Expr, p.scale),
    train: (_c, p, s, _key, x) => [Expr.mul(x as Expr, p.scale), s],
    ...changes,
  })
const check = (changes: Changes, options?: LayerOptions) => checkNet(pipe(Net.input(4), gate(changes)(1.25)), options)
const caught = (changes: Changes, words: RegExp, options?: LayerOptions) => {
  const { path, message } = expectLeft(check(changes, options))
  assert.match(`${path}: ${message}`, words)
}

test('a right layer passes', () => {
  orThrow(check({}))
  const mine = gate()
  orThrow(checkNet(pipe(Net.input(3, 2), mine(0.5), Layer.flatten(), Layer.dense(2), mine(1))))
})

test('a wrong gradient is named by parameter, element and both values', () => {
  const [, , , mul] = arithmeticOps as readonly [Op, Op, Op, Op]
  assert.is(mul.name, 'mul')
  const wrong: Op = { ...mul, vjp: ({ args: [, b], g }) => [b ? Expr.mul(g, b) : null, g] }
  const times = (x: Expr, p: Expr): Expr => apply(wrong, [x, Expr.broadcastTo(p, x.type.shape)])
  caught(
    { infer: (_c, p, _s, x) => times(x as Expr, p.scale) },
    /^acme\.gate1 \(infer\) scale: first order: the gradient of element \[\d\] is -?[\d.]+, but by finite differences it is -?[\d.]+$/,
  )
  const stopped = {
    infer: (_c: unknown, p: { readonly scale: Expr }, _s: unknown, x?: Expr) =>
      Expr.mul(x as Expr, Expr.stopGradient(p.scale)),
  }
  caught(stopped, /\(infer\) scale: first order: the gradient of element \[0\] is 0, but/)
})

test('a gradient that is right once and wrong twice is found in second order', () => {
  const [, , , mul] = arithmeticOps as readonly [Op, Op, Op, Op]
  const shallow: Op = {
    ...mul,
    vjp: ({ args: [a, b], g }) => (a && b ? [Expr.mul(g, Expr.stopGradient(b)), Expr.mul(g, a)] : []),
  }
  const square = (x: Expr, p: Expr): Expr => Expr.mul(apply(shallow, [x, x]), p)
  caught({ infer: (_c, p, _s, x) => square(x as Expr, p.scale) }, /\(infer\) x: second order: the gradient of element/)
  orThrow(check({ infer: (_c, p, _s, x) => square(x as Expr, p.scale) }, { order: 1 }))
})

test('a layer that is not pure is shown the line that changed', () => {
  let calls = 0
  caught(
    {
      train: (_c, p, s, _key, x) => {
        calls += 1
        return [Expr.mul(Expr.mul(x as Expr, calls), p.scale), s]
      },
    },
    /^acme\.gate1 \(train\): its meaning changes from one call to the next, from "%\d = const \d+ .*" to "%\d = const \d+/,
  )
})

test('settings that do not come back from JSON', () => {
  const rounded = new t.Type<{ readonly start: number }, unknown>(
    'rounded',
    (u): u is { readonly start: number } => typeof u === 'object',
    u => t.success({ start: (u as { start: number }).start }),
    ({ start }) => ({ start: Math.round(start) }),
  )
  caught({ config: rounded }, /^acme\.gate1 settings: \{"start":1\.25\} comes back from JSON as \{"start":1\}$/)
  const strict = new t.Type<{ readonly start: number }, unknown>(
    'strict',
    (u): u is { readonly start: number } => typeof u === 'object',
    (u, c) => t.failure(u, c, 'must be text'),
    c => c,
  )
  caught({ config: strict }, /must be text/)
})

test('rows that look at each other in a model', () => {
  const centered = (x: Expr, p: Expr): Expr => Expr.mul(Expr.sub(x, Expr.mean(x, [0], true)), p)
  caught(
    { infer: (_c, p, _s, x) => centered(x as Expr, p.scale) },
    /^acme\.gate1 \(infer\): row 0, element \[0\], is .* among 1 of its rows and .* among 17: in a model each row must stand by itself$/,
  )
  orThrow(check({ train: (_c, p, s, _key, x) => [centered(x as Expr, p.scale), s] }))
})

test('types that are not those declared, kernels that are not the reference, and points that are not smooth', () => {
  caught(
    { infer: (_c, _p, _s, x) => Expr.sum(x as Expr, [1]) },
    /\(infer\): its output is f32\[rows\], not f32\[rows, 4\]/,
  )
  const [, add] = arithmeticOps as readonly [Op, Op]
  const off: Op = { ...add, reference: (c, xs) => add.reference(c, xs).map(v => v * 1.001) }
  caught(
    { infer: (_c, p, _s, x) => Expr.mul(apply(off, [x as Expr, x as Expr]), p.scale) },
    /\(infer\) output: element \[\d, \d\] of 1 rows is .* by the kernels, but .* by the reference/,
  )
  const root = {
    infer: (_c: unknown, p: { readonly scale: Expr }, _s: unknown, x?: Expr) => Expr.mul(Expr.sqrt(x as Expr), p.scale),
  }
  caught(root, /\(infer\).*NaN/)
  orThrow(check(root, { domain: [0.1, 4] }))
})

test('nets that Net.check refuses are a fault', () =>
  assert.match(expectLeft(checkNet({ ...Net.input(4), shape: [3] })).message, /\[3\].*\[4\]/))

test('every layer of random nets keeps the laws', () => {
  fc.assert(
    fc.property(Arbitrary.nets({ maxLayers: 4 }), net => orThrow(checkNet(net, { order: 1 }))),
    { numRuns: 12, seed: 21 },
  )
})

test.run()
