/** The op table: everything that loops over all operations starts here. */
import type { Op } from '../graph/Op.js'
import { arithmeticOps } from './arithmetic.js'
import { shapingOps } from './broadcast.js'
import { convOps } from './conv.js'
import { gatherOps } from './gather.js'
import { identityOps } from './identity.js'
import { interpolateOps } from './interpolate.js'
import { mathOps } from './math.js'
import { matmulOps } from './matmul.js'
import { poolOps } from './pool.js'
import { randomOps } from './random.js'
import { reductionOps } from './reduce.js'
import { selectionOps } from './select.js'
import { stopOps } from './stop.js'
import { windowOps } from './window.js'

export const ops: readonly Op[] = [
  ...selectionOps,
  ...arithmeticOps,
  ...mathOps,
  ...shapingOps,
  ...reductionOps,
  ...matmulOps,
  ...convOps,
  ...poolOps,
  ...interpolateOps,
  ...windowOps,
  ...gatherOps,
  ...randomOps,
  ...stopOps,
  ...identityOps,
]
