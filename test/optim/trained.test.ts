/** A training run with every sort of state that a chain can hold is saved, resumed and decoded like any other. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Recipe, type State, standard, Trainer } from '../../src/index.js'
import * as Constraint from '../../src/optim/Constraint.js'
import * as Guard from '../../src/optim/Guard.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Schedule from '../../src/optim/Schedule.js'
import * as Stage from '../../src/optim/Stage.js'
import { expectRight } from '../support/assert.js'
import { hashOf, rows, small, tensorsOf } from '../train/support.js'

const test = suite('trained')

const optimizer = Optimizer.chain(
  Guard.skip(),
  Optimizer.accumulate(2, Optimizer.nadam({ rate: Schedule.cosineRestarts({ initial: 0.1, steps: 3 }) })),
  Optimizer.plateau({ patience: 1 }),
  Stage.only({ include: ['**/w'] }, Constraint.maxNorm(2)),
  Optimizer.ema(0.9),
)
const recipe = small({ optimizer })
const batch = rows(4)

test('a resumed run ends in the same bits, and so does one of the decoded recipe', async () => {
  const codec = Recipe.codec(standard)
  const again = expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(recipe)))))
  assert.is(Recipe.hash(again), Recipe.hash(recipe))
  const [trainer, twin] = [
    expectRight(await Trainer.compile(recipe)()),
    expectRight(await Trainer.compile(small({ optimizer: again.optimizer }))()),
  ]
  const stepped = (t: typeof trainer, state: State, n: number): State =>
    n === 0 ? state : stepped(t, expectRight(t.step(state, batch)).state, n - 1)
  const whole = stepped(trainer, trainer.init(), 9)
  const half = expectRight(twin.save(stepped(twin, twin.init(), 4)))
  assert.is(hashOf(stepped(twin, expectRight(twin.restore(half)), 5)), hashOf(whole))
  const tensors = tensorsOf(trainer, whole)
  const slot = Optimizer.averageSlot(optimizer)
  assert.ok(tensors.has(`optimizer/${slot}/dense1/w`))
  const f64 = (name: string) => new Float64Array(Uint8Array.from(tensors.get(name)?.bytes ?? []).buffer)[0]
  assert.is(f64('optimizer/0/skipped'), 0)
  assert.ok((f64('optimizer/2/product') ?? 1) < 0.1)
})

test.run()
