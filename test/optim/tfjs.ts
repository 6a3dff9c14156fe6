/** The optimizers of test/oracle/tfjs.json. */
import * as Optimizer from '../../src/optim/Optimizer.js'
import type { Rate } from '../../src/optim/Schedule.js'
import type { tfjs } from '../oracle/tfjs.js'

type Case = Pick<(typeof tfjs.optimizers)[number], 'optimizer' | 'config'>

/** An optimizer of a case, in the form and with the settings that the case names. */
export const optimizerOf = ({ optimizer, config }: Case, rate: Rate): Optimizer.Optimizer => {
  switch (optimizer) {
    case 'sgd':
      return Optimizer.sgd({ rate })
    case 'momentum':
      return Optimizer.momentum({ rate, ...config, form: 'tf1' })
    case 'nesterov':
      return Optimizer.nesterov({ rate, ...config, form: 'tf1' })
    case 'adagrad':
      return Optimizer.adagrad({ rate, ...config, form: 'keras3' })
    case 'adamax':
      return Optimizer.adamax({ rate, ...config, form: 'keras' })
    case 'rmsprop':
      return Optimizer.rmsprop({ rate, ...config, form: config.form as 'tf1' | 'keras3' })
    default:
      throw new Error(`no optimizer ${optimizer}`)
  }
}
