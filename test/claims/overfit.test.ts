import { Layer, Stop } from 'gradus'
import { overfit } from './overfit.js'
import { small } from './small.js'

small(overfit(), {
  'dropout at rate 0': overfit(Layer.dropout(0)),
  'a rule that keeps the last parameters of a long run': overfit(
    undefined,
    Stop.early({ patience: 1000, restoreBest: false }),
  ),
})
