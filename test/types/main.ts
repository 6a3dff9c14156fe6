/** Prints what ResNet-18, MobileNet v2 and YOLOv2 cost the compiler: `npx tsx test/types/main.ts`. */
import { costOf } from './budget.js'

const { errors, instantiations, types, read, check } = costOf('nets.ts')
if (errors.length > 0) throw new Error(errors.join('\n'))
console.log(
  `${instantiations} instantiations, ${types} types; read in ${read.toFixed(1)} s, checked in ${check.toFixed(1)} s`,
)
