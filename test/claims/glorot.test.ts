import { Init } from 'gradus'
import { glorot } from './glorot.js'
import { small } from './small.js'

small(glorot(), {
  'the normalized in the place of the heuristic': glorot({ heuristic: Init.glorotUniform() }),
  "Glorot's in the place of He's": glorot({ he: Init.glorotNormal() }),
  "the lecture's limit for tanh, 4 times Glorot's": glorot({ normalized: Init.forActivation('tanh') }),
})
