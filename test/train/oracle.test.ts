/** The real trainer, kernels and all, against PyTorch in float64: nets.json and training.json. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Clip, Data, Label, Loss, Optimizer, Recipe, Schedule, Trainer } from '../../src/index.js'
import { type Case, cases, leafName, lossOf, netOf } from '../nn/oracle.js'
import type { OracleNode, Tensor } from '../nn/oracleNode.js'
import { assertClose, expectRight } from '../support/assert.js'
import { floats, stateWith, tensorsOf } from './support.js'

const test = suite('trainer against PyTorch')

const near = (actual: ArrayLike<number>, expected: readonly number[], what: string) => {
  const scale = Math.max(0.1, ...expected.map(Math.abs))
  assertClose(actual, expected, { abs: 1e-5 * scale }, what)
}

type Kind = 'params' | 'gradients' | 'state' | 'nextState'

/** The leaves of a table of nodes, by the paths that the library gives them. */
const leaves = (nodes: readonly OracleNode[], ...kinds: readonly Kind[]): ReadonlyMap<string, readonly number[]> =>
  new Map(
    nodes.flatMap((n, i) =>
      kinds.flatMap(kind => Object.entries(n[kind] ?? {}).map(([k, v]) => [`n${i}/${leafName(k)}`, v.data] as const)),
    ),
  )

const inputsOf = (c: Case) => (c.inputs.length === 1 ? c.inputs[0] : undefined)

const dataOf = (c: Case) => {
  const { inputs } = netOf(c)
  const sole = inputsOf(c)
  const x = sole ? sole.data : Object.fromEntries(c.inputs.map((t, k) => [`x${k}`, t.data]))
  const width = c.labels.shape.slice(1)
  const label =
    c.loss === 'softmaxCrossEntropy' ? Label.classes(c.train.output.shape[1] as number) : Label.values(...width)
  return expectRight(Data.of<typeof inputs, Label.Label>({ inputs, label })({ x, y: c.labels.data }))
}

const sgd = Optimizer.sgd({ rate: 1 })

for (const c of cases)
  test(`forward, loss, gradients, statistics: ${c.name}`, async () => {
    const recipe = Recipe.of({ net: netOf(c), loss: lossOf(c.loss), optimizer: sgd, batch: 16, epochs: 1, seed: 0 })
    const trainer = expectRight(await Trainer.compile(recipe)())
    const before = leaves(c.nodes, 'params', 'state')
    const state = stateWith(trainer, before)
    const data = dataOf(c)
    near([expectRight(trainer.evaluate(state, data))['loss'] as number], [c.infer.loss], 'loss in inference')
    const model = expectRight(trainer.model(state))
    const sole = inputsOf(c)
    const x = sole ? sole.data : Object.fromEntries(c.inputs.map((t, k) => [`x${k}`, t.data]))
    near(expectRight(model.predict(x)), c.infer.output.data, 'output')

    const stepped = expectRight(trainer.step(state, data))
    near([stepped.metrics['loss'] as number], [c.train.loss], 'loss in training')
    const after = tensorsOf(trainer, stepped.state)
    const gradients = leaves(c.nodes, 'gradients')
    assert.ok(gradients.size > 0)
    for (const [path, g] of gradients) {
      const now = floats(after.get(path))
      near(
        (before.get(path) ?? []).map((p, i) => p - (now[i] as number)),
        g,
        `gradient of ${path}`,
      )
    }
    for (const [path, s] of leaves(c.nodes, 'nextState')) near(floats(after.get(path)), s, `next ${path}`)
  })

// --- 60 steps -------------------------------------------------------------------------------------------------------
interface Run {
  readonly name: string
  readonly config: {
    readonly momentum?: number
    readonly nesterov?: boolean
    readonly betas?: readonly [number, number]
    readonly eps?: number
  }
  readonly rate: { readonly initial: number; readonly steps: number; readonly decay: number }
  readonly clipByGlobalNorm: number | null
  readonly losses: readonly number[]
  readonly final: readonly OracleNode[]
}
interface Training {
  readonly nodes: readonly OracleNode[]
  readonly batches: readonly { readonly inputs: Tensor; readonly labels: Tensor }[]
  readonly cases: readonly Run[]
}
const training: Training = JSON.parse(readFileSync(new URL('../oracle/training.json', import.meta.url), 'utf8'))

const optimizerOf = ({ config, rate: r, clipByGlobalNorm: limit }: Run) => {
  const rate = Schedule.exponential({ initial: r.initial, steps: r.steps, decay: r.decay })
  const [beta1, beta2] = config.betas ?? []
  const main =
    beta1 !== undefined && beta2 !== undefined
      ? Optimizer.adam({ rate, beta1, beta2, epsilon: config.eps ?? 1e-8 })
      : config.momentum === undefined
        ? Optimizer.sgd({ rate })
        : Optimizer.momentum({ rate, momentum: config.momentum, nesterov: config.nesterov ?? false })
  return limit === null ? main : Optimizer.chain(Clip.byGlobalNorm(limit), main)
}

for (const run of training.cases)
  test(`60 steps of ${run.name}, clipped at ${run.clipByGlobalNorm}`, async () => {
    const net = netOf({ nodes: training.nodes } as Case)
    const settings = { net, loss: Loss.softmaxCrossEntropy(), batch: 10, epochs: 1, seed: 0 }
    const trainer = expectRight(await Trainer.compile(Recipe.of({ ...settings, optimizer: optimizerOf(run) }))())
    let state = stateWith(trainer, leaves(training.nodes, 'params', 'state'))
    const classCount = net.shape[0] as number
    const batches = training.batches.map(b =>
      expectRight(
        Data.of({ inputs: net.inputs, label: Label.classes(classCount) })({ x: b.inputs.data, y: b.labels.data }),
      ),
    )
    const losses: number[] = []
    for (const [t] of run.losses.entries()) {
      const next = expectRight(trainer.step(state, batches[t % batches.length] as (typeof batches)[0]))
      losses.push(next.metrics['loss'] as number)
      assertClose([next.metrics['rate'] as number], [run.rate.initial * run.rate.decay ** (t / run.rate.steps)], {
        rel: 1e-12,
      })
      state = next.state
    }
    assert.is(losses.length, 60)
    near(losses, run.losses, 'losses')
    const after = tensorsOf(trainer, state)
    for (const [path, values] of leaves(run.final, 'params', 'state')) near(floats(after.get(path)), values, path)
  })

test.run()
