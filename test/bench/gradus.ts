/** gradus, driven as its users drive it; the matrix products as programs of their own, so that no copy is counted. */
import { pipe } from '#fp/function.js'
import { machine } from '../../src/backend/machine.js'
import * as Batches from '../../src/data/Batches.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { param } from '../../src/graph/Expr.js'
import * as Init from '../../src/nn/Init.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Loss from '../../src/nn/Loss.js'
import * as Net from '../../src/nn/Net.js'
import { matmul } from '../../src/op/matmul.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import type { Inputs, Shape } from '../../src/shape/Dims.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { residentOf } from '../../src/train/feed.js'
import * as Recipe from '../../src/train/Recipe.js'
import { orThrow } from '../../src/train/result.js'
import { session } from '../../src/train/Session.js'
import * as Trainer from '../../src/train/Trainer.js'
import type { Driver, Task } from './driver.js'

const seed = 1
/** Given by the process that starts this one. */
const threads = Number(process.env['BENCH_THREADS'] ?? 1)
const init = Init.heNormal()

/** Uniform numbers of variance 1: a linear congruential generator. */
const numbers = (count: number): Float32Array => {
  let state = 12345 // local mutation
  return new Float32Array(count).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state / 4294967296 - 0.5) * Math.sqrt(12)
  })
}

/** Rows of a data set that both batch sizes divide. */
const size = 6400

const data = <const S extends Shape>(...shape: S) =>
  orThrow(
    Data.of({ inputs: shape, label: Label.classes(10) })({
      x: numbers(shape.reduce((n, d) => n * d, size)) as Data.NumbersOf<S>,
      y: Int32Array.from(numbers(size), x => Math.floor(1e6 * Math.abs(x)) % 10),
    }),
  )

const product = (n: number) => async (): Promise<Task> => {
  const type = tensorType('f32', [n, n])
  const wanted = { results: { c: matmul(param('a', type), param('b', type)) }, updates: {} }
  const state = ['a', 'b'].map(name => ({ name, type }))
  const m = orThrow(machine({ rows: 1, threads, state, programs: { product: wanted } }))
  m.writeState(new Uint8Array(numbers(m.stateBytes / 4).buffer))
  await m.up
  return { run: times => m.repeat('product', '', 1, times) }
}

const plainNet = pipe(
  Net.input(784),
  Layer.dense(300, { init }),
  Layer.elu(),
  Layer.dense(100, { init }),
  Layer.elu(),
  Layer.dense(10, { init }),
)

const normalizedNet = pipe(
  Net.input(784),
  Layer.dense(300, { init, bias: false }),
  Layer.batchNorm(),
  Layer.elu(),
  Layer.dropout(0.5),
  Layer.dense(100, { init, bias: false }),
  Layer.batchNorm(),
  Layer.elu(),
  Layer.dropout(0.5),
  Layer.dense(10, { init }),
)

const imageNet = pipe(
  Net.input(28, 28, 1),
  Layer.conv2d(32, 3, { init }),
  Layer.relu(),
  Layer.conv2d(64, 3, { init }),
  Layer.relu(),
  Layer.maxPool2d(2),
  Layer.dropout(0.25),
  Layer.flatten(),
  Layer.dense(128, { init }),
  Layer.relu(),
  Layer.dropout(0.5),
  Layer.dense(10, { init }),
)

const block =
  <F extends number>(filters: F) =>
  <I extends Inputs, H extends number, W extends number, C extends number>(x: Net.Net<I, readonly [H, W, C]>) =>
    pipe(x, Layer.conv2d(filters, 3, { padding: 'same', init, bias: false }), Layer.batchNorm(), Layer.relu())

const normalizedImageNet = pipe(
  Net.input(32, 32, 3),
  block(32),
  block(32),
  Layer.maxPool2d(2),
  block(64),
  block(64),
  Layer.maxPool2d(2),
  Layer.globalAveragePool(),
  Layer.dense(10, { init }),
)

const common = { loss: Loss.softmaxCrossEntropy(), epochs: 1, seed }
const optimizer = Optimizer.momentum({ rate: 0.01, momentum: 0.9 })

export const plain = Recipe.of({ ...common, net: plainNet, batch: 50, optimizer })
export const normalized = Recipe.of({ ...common, net: normalizedNet, batch: 128, optimizer: Optimizer.adam() })

export const image = Recipe.of({ ...common, net: imageNet, batch: 64, optimizer: Optimizer.adam() })
export const normalizedImage = Recipe.of({ ...common, net: normalizedImageNet, batch: 32, optimizer })

/** Steps over a resident data set, epoch after epoch, all those of an epoch in one run. */
const bounded =
  <const S extends Shape>(recipe: Recipe.Recipe<S, readonly [10], 'class'>) =>
  async (): Promise<Task> => {
    const { batch } = recipe
    const s = orThrow(
      session(recipe, batch, {
        resident: { train: residentOf({ recipe, weighted: false }, data(...recipe.net.inputs)) },
        threads,
      }),
    )
    orThrow(s.adopt(orThrow(s.init())))
    await s.machine.up
    const order = Batches.order(seed, 0, size)
    let left = 0 // local mutation: batches of the epoch that are left
    return {
      run: times => {
        for (let todo = times; todo > 0; ) {
          if (left === 0) {
            s.machine.order(order)
            s.machine.resetTotals()
            left = size / batch
          }
          const now = Math.min(todo, left)
          s.machine.repeat('train', 'train', batch, now)
          left -= now
          todo -= now
        }
        if (s.machine.totals('train').nonFinite !== null) throw new Error('the loss is not finite')
      },
    }
  }

const stepped = async (): Promise<Task> => {
  const trainer = orThrow(await Trainer.compile(plain, { threads })())
  const batch = Data.take(plain.batch)(data(784))
  let state = trainer.init() // local mutation: the state threaded through the steps
  return {
    run: times => {
      for (let i = 0; i < times; i++) state = orThrow(trainer.step(state, batch)).state
    },
  }
}

const forward = async (): Promise<Task> => {
  const trainer = orThrow(await Trainer.compile(plain)())
  const model = orThrow(trainer.model(trainer.init()))
  const x = numbers(784)
  return {
    run: times => {
      for (let i = 0; i < times; i++) orThrow(model.predict(x))
    },
  }
}

export const version = 'this checkout'
export const tasks: Driver['tasks'] = {
  'GEMM-256': product(256),
  'GEMM-512': product(512),
  'GEMM-1024': product(1024),
  W2: bounded(plain),
  'W2-step': stepped,
  W2b: bounded(normalized),
  W3: bounded(image),
  W4: bounded(normalizedImage),
  W6: forward,
}
