/**
 * What the compiler writes: a train step as readable AssemblyScript, and the module built of it taking over in the
 * middle of a run without changing a bit. Building needs the package `assemblyscript`; a built module is kept for the
 * next run in a folder of the user's (GRADUS_CACHE names another, or `off`).
 *
 *   npx tsx examples/09-generated.ts --out step.ts
 *
 *   --seed N, --epochs N (default 3)    as in 01-digits.ts
 *   --out FILE                          where the text goes
 */
// test: --epochs 1
import { readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import {
  Compile,
  Data,
  Expr,
  type Keeps,
  Label,
  Layer,
  Loss,
  Metric,
  Net,
  Optimizer,
  orThrow,
  pipe,
  Recipe,
  State,
  Trainer,
} from 'gradus'
import { table } from 'gradus/cli'
import * as t from 'io-ts'
import { options, orExit } from './support/terminal.js'

const { seed, epochs, out } = options({
  about: 'Writes the AssemblyScript of a train step, and trains with it.',
  epochs: 3,
  out: join(tmpdir(), 'gradus-step.ts'),
})

// An activation of our own (Misra 2019): the package has no kernel for its chain, so the interpreter makes a pass over
// memory for each operation. Generated it is one loop.
const mish = (x: Expr): Expr => Expr.mul(x, Expr.tanh(Expr.softplus(x)))
const layer = Layer.define<() => Keeps>()({
  kind: 'example/mish',
  config: t.type({}),
  args: () => ({}),
  shape: (_c, x) => E.right(x),
  params: () => ({}),
  state: () => ({}),
  infer: (_c, _p, _s, x) => mish(x),
  train: (_c, _p, s, _key, x) => [mish(x), s],
})

// The smallest module: a function for what is fused, and the steps as straight code.
const y = orThrow(Compile.exprs({ y: mish(Expr.input('x', Expr.f32(-1, 8))) }))
console.log(orThrow(Compile.assembly(y)))

const file = readFileSync(new URL('data/digits.csv.gz', import.meta.url))
const digits = orThrow(Data.csv({ inputs: [64], label: Label.classes(10) })(file))
const recipe = Recipe.of({
  net: pipe(
    Net.input(64),
    Layer.rescale(1 / 16),
    Layer.dense(300),
    layer(),
    Layer.dense(100),
    layer(),
    Layer.dense(10),
  ),
  loss: Loss.softmaxCrossEntropy(),
  metrics: [Metric.accuracy()],
  optimizer: Optimizer.adam(),
  batch: 50,
  epochs,
  seed,
})
writeFileSync(out, orThrow(Compile.assembly(orThrow(Compile.step(recipe)))))
console.log(`${out}: the whole train step`)

// Trained by each engine: `generated` waits for the module, `auto` begins without it.
const rows: Record<string, string> = {}
for (const engine of ['interpreter', 'generated', 'auto'] as const) {
  const trainer = orExit(await Trainer.compile(recipe, { engine })())
  let state = trainer.init()
  let milliseconds = 0
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const batch of orThrow(Trainer.batches(recipe, epoch)(digits))) {
      const start = performance.now()
      state = orThrow(trainer.step(state, batch)).state
      milliseconds += performance.now() - start
    }
    if (epoch === 1) await trainer.engine.settled // null, or why there is no module
  }
  const hash = orThrow(State.hash(state)).slice(0, 16)
  rows[engine] = `${(milliseconds / state.step).toFixed(3)} ms a step, state ${hash}, at last ${trainer.engine.now()}`
}
console.log(table(rows))
