import { Init, Layer } from 'gradus'
import { selu } from './selu.js'
import { small } from './small.js'

small(selu(), {
  "He's initializer in the place of LeCun's": selu(Init.heNormal()),
  'plain dropout in the place of alpha dropout': selu(undefined, Layer.dropout(0.1)),
})
