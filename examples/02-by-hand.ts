/**
 * What happens inside, by hand: expressions, their gradients, the program they become, and a training loop that
 * threads its state. Read it from top to bottom beside what it prints.
 */
import { Data, Expr, Label, Layer, Loss, Metric, Net, Optimizer, orThrow, pipe, Recipe, State, Trainer } from 'gradus'

const title = (text: string): void => console.log(`\n${text}\n${'-'.repeat(text.length)}`)

title('1. Expressions are values')
// Nothing is computed here: `y` describes x0^3 + x1^3 + x2^3.
const x = Expr.input('x', Expr.f32(3))
const y = Expr.sum(Expr.mul(x, Expr.mul(x, x)))
// Now it is: compiled, and run by the same kernels as a training step.
const at = { x: [1, 2, 3] }
console.log('y    =', ...orThrow(Expr.evaluate(y, at)).values)

title('2. A gradient is an expression again')
// `grad` gives the value and one gradient for each expression we ask for.
const first = orThrow(Expr.grad(y, [x]))
const [dy] = first.gradients
console.log("y'   =", ...orThrow(Expr.evaluate(dy ?? y, at)).values)
// So its gradient exists, too. The loss of `grad` is a scalar: sum(y') has the second derivatives as its gradient.
const second = orThrow(Expr.grad(Expr.sum(dy ?? y), [x]))
const [ddy] = second.gradients
console.log("y''  =", ...orThrow(Expr.evaluate(ddy ?? y, at)).values)

title('3. Expressions become programs')
// In order, each operation once: what value and gradient have in common is computed for both.
console.log(Expr.print(orThrow(Expr.program([first.value, ...first.gradients]))))

title('4. A misfit is a value that says what is wrong')
const wide = Expr.input('wide', Expr.f32(4))
const wrong = Expr.evaluate(Expr.matmul(Expr.reshape(x, [1, 3]), Expr.reshape(wide, [1, 4])), at)
console.log(wrong._tag === 'Left' ? `${wrong.left.path}: ${wrong.left.message}` : 'it fits')

title('5. A recipe, compiled')
// Points in the unit square; the class says whether both coordinates are on the same side of a half: exclusive or.
const grid = Array.from({ length: 64 }, (_, i) => [(i % 8) / 7, Math.floor(i / 8) / 7])
const classes = grid.map(([a = 0, b = 0]) => (a < 0.5 === b < 0.5 ? 0 : 1))
const points = orThrow(Data.of({ inputs: [2], label: Label.classes('same', 'other') })({ x: grid, y: classes }))
const recipe = Recipe.of({
  net: pipe(Net.input(2), Layer.dense(16), Layer.tanh(), Layer.dense(2)),
  loss: Loss.softmaxCrossEntropy(),
  metrics: [Metric.accuracy()],
  optimizer: Optimizer.adam({ rate: 0.1 }),
  label: points.label,
  batch: 16,
  epochs: 80,
  seed: 1,
})
const trainer = orThrow(await Trainer.compile(recipe)())
console.log(`${Net.summary(recipe.net)}\n${trainer.memoryBytes / 1024} KiB of memory, and never more`)

title('6. The loop, with the state threaded')
// The order of the rows is computed from seed and epoch, so any epoch can be had at any time.
const run = (from: State, epochs: readonly number[]): State => {
  let state = from
  for (const epoch of epochs)
    for (const batch of orThrow(Trainer.batches(recipe, epoch)(points)))
      state = orThrow(trainer.step(state, batch)).state
  return state
}
const epochs = Array.from({ length: recipe.epochs }, (_, i) => i + 1)
const start = trainer.init()
const kept = orThrow(State.fork(start)) // a copy, because stepping `start` consumes it
const show = (name: string, state: State): void => {
  const { loss, accuracy = 0 } = orThrow(trainer.evaluate(state, points))
  console.log(`${name}: step ${state.step}, loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(3)}`)
}
show('at the start', start)
const end = run(start, epochs)
show('at the end', end)

title('7. A state is used once')
// `step` updates the state in place, so the old one is gone. Using it is an error, never a wrong number.
const [batch = points] = orThrow(Trainer.batches(recipe, 1)(points))
const again = trainer.step(start, batch)
console.log(again._tag === 'Left' ? again.left.message : 'it can be used twice')
show('the fork is still there', kept)

title('8. Stopped, saved, restored: the same bits')
const half = run(kept, epochs.slice(0, 40))
const file = orThrow(trainer.save(half)) // the bytes of a safetensors file
const resumed = run(orThrow(trainer.restore(file)), epochs.slice(40))
const [one, two] = [end, resumed].map(state => orThrow(State.hash(state)))
console.log(`without a break ${one}\nwith a break    ${two}`)
if (one !== two) throw new Error('the hashes differ')

title('9. A model, to predict with')
const model = orThrow(trainer.model(end))
for (const row of orThrow(model.classify([0.1, 0.1, 0.1, 0.9])))
  console.log(row.map(({ label, p }) => `${label} ${p.toFixed(4)}`).join(', '))
