/** Every operation of the table: the kernel against its reference, the gradient against finite differences, twice. */
import { suite } from 'uvu'
import { orThrow } from '../../src/index.js'
import { ops } from '../../src/op/index.js'
import { checkOp } from '../../src/testing/index.js'

const test = suite('laws of the operations')
for (const op of ops) test(op.name, () => orThrow(checkOp(op)))
test.run()
