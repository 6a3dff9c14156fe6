import { Optimizer } from 'gradus'
import { momentumRate } from './momentum.js'
import { small } from './small.js'

small(momentumRate(), {
  'no momentum': momentumRate(({ rate }) => Optimizer.sgd({ rate })),
  'the gradient ahead, as Nesterov takes it': momentumRate(Optimizer.nesterov),
  '5 % less momentum': momentumRate(({ rate, momentum }) => Optimizer.momentum({ rate, momentum: 0.95 * momentum })),
})
