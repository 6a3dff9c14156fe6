/**
 * Gradient descent on a quadratic diverges iff the rate r > 2 / l_n, l_n the largest eigenvalue: along its direction
 * every step multiplies by 1 - r l_n, which 1 % beside that limit is 0.98 or 1.02 in size.
 */
import { Optimizer } from 'gradus'
import { claim, within } from './claim.js'
import { distances, eigenvalues, factor } from './quadratic.js'

const [low, high] = [1, 8]

/** The claim, of an optimizer with a rate. */
export const stability = (of: (o: { readonly rate: number }) => Optimizer.Optimizer = Optimizer.sgd) =>
  claim({
    name: 'stability',
    source: 'closed form; LeCun et al. 1998, section 4.5',
    measure: async seed => {
      const growth = async (share: number) =>
        factor(await distances(eigenvalues(seed, low, high), of({ rate: (share * 2) / high }), { seed, steps: 400 }))
      return { inside: await growth(0.99), outside: await growth(1.01) }
    },
    expected: [
      { what: 'factor of |w| per step at r = 0.99 * 2 / l_n', of: m => m.inside, is: within(0.979, 0.981) },
      { what: 'the same at r = 1.01 * 2 / l_n', of: m => m.outside, is: within(1.019, 1.021) },
    ],
  })
