import { Clip } from 'gradus'
import { clipping } from './clipping.js'
import { small } from './small.js'

small(clipping(), {
  'no clip': clipping([]),
  'a limit that is not reached': clipping([Clip.byGlobalNorm(1e9)]),
  'a limit that leaves no step to speak of': clipping([Clip.byGlobalNorm(1e-3)]),
})
