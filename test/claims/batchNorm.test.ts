import { Layer } from 'gradus'
import { batchNorm } from './batchNorm.js'
import { small } from './small.js'

small(batchNorm(), { 'the identity in its place': batchNorm(Layer.identity()) })
