/** The checks of operations, of functions made of them and of losses: what is wrong is caught and named. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as t from '#io/index.js'
import type { Op } from '../../src/graph/Op.js'
import { Expr, Loss, orThrow } from '../../src/index.js'
import { ops } from '../../src/op/index.js'
import { checkFunction, checkLoss, checkOp } from '../../src/testing/index.js'
import { expectLeft } from '../support/assert.js'

const test = suite('checkOp, checkFunction, checkLoss')
const named = (name: string): Op => ops.find(op => op.name === name) as Op
const says = (result: Parameters<typeof expectLeft>[0], words: RegExp) => {
  const { path, message } = expectLeft(result) as { readonly path: string; readonly message: string }
  assert.match(`${path}: ${message}`, words)
}

test('a wrong gradient of an operation', () => {
  const tanh = named('tanh')
  const wrong: Op = { ...tanh, vjp: ({ out, g }) => [Expr.mul(g, Expr.sub(1.001, Expr.mul(out, out)))] }
  says(checkOp(wrong), /^tanh of f32\[1\] x0: first order: the gradient of element \[0\] is /)
  const once: Op = {
    ...tanh,
    vjp: ({ out, g }) => [Expr.mul(g, Expr.sub(1, Expr.mul(out, Expr.stopGradient(out))))],
  }
  says(checkOp(once), /^tanh of f32\[1\] x0: second order/)
})

test('a kernel that is not the reference, at any size, and an operation without samples', () => {
  const off: Op = {
    ...named('exp'),
    reference: (_c, [x]) => x?.values.map(v => Math.exp(v) + 1e-3) ?? new Float64Array(0),
  }
  says(checkOp(off), /^exp of f32\[1\] result: element \[0\] of 1 rows is .* by the kernels, but .* by the reference$/)
  says(checkOp({ ...named('exp'), samples: () => [] }), /^exp: it has no samples/)
  says(checkOp({ ...named('neg'), type: () => ({ _tag: 'Left', left: 'never fits' }) }), /^neg of .*never fits/)
})

test('functions: composites of the library pass, a kink is avoided or reported', () => {
  orThrow(checkFunction('gelu', x => Expr.gelu(x), [[3, 5]]))
  orThrow(checkFunction('softmax', x => Expr.softmax(x), [[3, 5]]))
  orThrow(
    checkFunction('matmul', (a, b) => Expr.matmul(a, b), [
      [3, 4],
      [4, 2],
    ]),
  )
  orThrow(checkFunction('abs', x => Expr.abs(x), [[50]], { avoid: [0] }))
  const saw = (x: Expr): Expr => Expr.abs(Expr.sub(Expr.mul(x, 1e5), Expr.floor(Expr.mul(x, 1e5))))
  says(
    checkFunction('saw', x => saw(x), [[9]], { tolerance: 2 }),
    /^saw: no smooth point was found/,
  )
  says(
    checkFunction('misfit', (a, b) => Expr.add(a, b), [[3], [4]]),
    /f32\[3\] and f32\[4\]/,
  )
  const stopped = (x: Expr): Expr => Expr.mul(x, Expr.stopGradient(x))
  says(
    checkFunction('stopped', x => stopped(x), [[2]]),
    /^stopped x0: first order: the gradient of element \[0\]/,
  )
  let n = 0
  says(
    checkFunction('counts', x => Expr.mul(x, ++n), [[2]]),
    /^counts: its meaning changes/,
  )
})

test('losses of the library keep the laws', () => {
  for (const smoothing of [0, 0.1]) {
    orThrow(checkLoss(Loss.softmaxCrossEntropy({ smoothing }), [5]))
    orThrow(checkLoss(Loss.softmaxCrossEntropy({ labels: 'oneHot', smoothing }), [5]))
  }
  orThrow(checkLoss(Loss.sigmoidCrossEntropy(), [4], { avoid: [0] }))
  orThrow(checkLoss(Loss.mse(), [2, 3]))
  orThrow(checkLoss(Loss.huber({ delta: 0.7 }), [3]))
  orThrow(checkLoss(Loss.mae(), [3]))
})

test('losses that are wrong', () => {
  const loss = (compute: (x: Expr, z: Expr) => Expr) =>
    Loss.define({ kind: 'acme/loss', target: 'values', config: t.null, compute: (_c: null, x, z) => compute(x, z) })(
      null,
    )
  const error = (x: Expr, z: Expr) => Expr.mul(Expr.sub(x, z), Expr.sub(x, z))
  orThrow(
    checkLoss(
      loss((x, z) => Expr.mean(error(x, z), [1])),
      [3],
    ),
  )
  says(checkLoss(loss(error), [3]), /^loss acme\/loss: .*f32\[rows, 3\], not one number a row$/)
  const normed = (x: Expr, z: Expr) => Expr.div(Expr.mean(error(x, z), [1]), Expr.add(Expr.mean(Expr.mul(z, z)), 1))
  says(checkLoss(loss(normed), [3]), /row 0, element \[\], is .* in a model each row must stand by itself/)
  const half = (x: Expr, z: Expr) => Expr.mean(Expr.mul(Expr.sub(x, z), Expr.stopGradient(Expr.sub(x, z))), [1])
  says(checkLoss(loss(half), [3]), /^loss acme\/loss output: first order: the gradient of element \[0, 0\]/)
})

test.run()
