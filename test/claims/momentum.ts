/**
 * Goh 2017 (distill.pub), "Why Momentum Really Works", on a quadratic with eigenvalues l_1 .. l_n, k = l_n / l_1:
 *
 *     converges iff 0 < a l < 2 + 2 b for all l
 *     best  a = (2 / (sqrt l_1 + sqrt l_n))^2,  b = ((sqrt k - 1) / (sqrt k + 1))^2:  factor (sqrt k - 1) / (sqrt k + 1)
 *     best without momentum  a = 2 / (l_1 + l_n):  factor (k - 1) / (k + 1)
 *
 * At the best a and b two roots coincide, so the error goes like t factor^t, and error / t is what is fitted.
 */
import { Optimizer } from 'gradus'
import { above, below, claim, within } from './claim.js'
import { distances, eigenvalues, factor } from './quadratic.js'

const [low, high] = [0.1, 10]
const [rootLow, rootHigh] = [Math.sqrt(low), Math.sqrt(high)]
const best = (rootHigh - rootLow) / (rootHigh + rootLow)
const bestPlain = (high - low) / (high + low)
const momentum = 0.9
const limit = (2 + 2 * momentum) / high

/** The claim, of an optimizer with the settings of momentum. */
export const momentumRate = (
  of: (o: { readonly rate: number; readonly momentum: number }) => Optimizer.Optimizer = Optimizer.momentum,
) =>
  claim({
    name: 'momentum',
    source: 'Goh 2017 (distill.pub)',
    measure: async seed => {
      const eigen = eigenvalues(seed, low, high)
      const run = (optimizer: Optimizer.Optimizer, steps: number) => distances(eigen, optimizer, { seed, steps })
      const atBest = await run(of({ rate: (2 / (rootLow + rootHigh)) ** 2, momentum: best ** 2 }), 300)
      return {
        best: factor(atBest.map((e, t) => e / Math.max(t, 1))) / best,
        plain: factor(await run(Optimizer.sgd({ rate: 2 / (low + high) }), 300)) / bestPlain,
        inside: factor(await run(of({ rate: 0.99 * limit, momentum }), 300)),
        outside: factor(await run(of({ rate: 1.01 * limit, momentum }), 100)),
      }
    },
    expected: [
      {
        what: 'factor per step at the best a and b / (sqrt k - 1)/(sqrt k + 1)',
        of: m => m.best,
        is: within(0.99, 1.01),
      },
      { what: 'gradient descent at its best / (k - 1)/(k + 1)', of: m => m.plain, is: within(0.999, 1.001) },
      { what: 'factor at a = 0.99 (2 + 2 b) / l_n', of: m => m.inside, is: below(1) },
      { what: 'factor at a = 1.01 (2 + 2 b) / l_n', of: m => m.outside, is: above(1) },
    ],
  })
