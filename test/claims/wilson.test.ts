import { Optimizer } from 'gradus'
import { small } from './small.js'
import { optimizers, wilson } from './wilson.js'

small(wilson(), {
  "TF1's AdaGrad, whose accumulator starts at 0.1": wilson({
    ...optimizers,
    adagrad: Optimizer.adagrad({ form: 'tf1', rate: 0.1 }),
  }),
  'an epsilon that drowns the gradients': wilson({
    ...optimizers,
    adam: Optimizer.adam({ rate: 10, epsilon: 1000 }),
  }),
  'Adam in the place of gradient descent': wilson({ ...optimizers, descent: optimizers.adam }),
})
