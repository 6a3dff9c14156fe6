/** npm run claims: what papers claim of the tricks, measured over several seeds. Exit code 1 if a claim does not hold. */
import { batchNorm } from './batchNorm.js'
import { clipping } from './clipping.js'
import { elu } from './elu.js'
import { glorot } from './glorot.js'
import { momentumRate } from './momentum.js'
import { overfit } from './overfit.js'
import { run } from './run.js'
import { selu } from './selu.js'
import { stability } from './stability.js'
import { transfer } from './transfer.js'
import { wilson } from './wilson.js'

const claims = [
  wilson(),
  selu(),
  glorot(),
  elu(),
  batchNorm(),
  overfit(),
  clipping(),
  transfer(),
  momentumRate(),
  stability(),
]

try {
  process.exitCode = await run(claims, process.argv.slice(2), text => process.stdout.write(text))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 2
}
