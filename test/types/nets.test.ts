/**
 * Big nets stay cheap to type-check. The goal is 5 s of tsc; counts are asserted, since they do not depend on the
 * machine: about twice those of today. `npx tsx test/types/main.ts` prints them with the seconds.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { costOf } from './budget.js'

const test = suite('test/types/nets')

test('ResNet-18, MobileNet v2 and YOLOv2 compile within the budget', () => {
  const { errors, instantiations, types } = costOf('nets.ts')
  assert.equal(errors, [])
  assert.ok(instantiations < 120_000, `${instantiations} instantiations`)
  assert.ok(types < 32_000, `${types} types`)
})

test.run()
