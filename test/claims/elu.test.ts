import { Layer } from 'gradus'
import { elu } from './elu.js'
import { small } from './small.js'

small(elu(), { 'an alpha so small that it is ReLU': elu(Layer.elu({ alpha: 1e-3 })) })
