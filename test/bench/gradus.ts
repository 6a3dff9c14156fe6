/** gradus, driven as its users drive it; the matrix products as programs of their own, so that no copy is counted. */
import { pipe } from '#fp/function.js'
import { type Machine, machine } from '../../src/backend/machine.js'
import * as Batches from '../../src/data/Batches.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { type Expr, input, param } from '../../src/graph/Expr.js'
import type { StoredTensor } from '../../src/io/safetensors.js'
import { analyze } from '../../src/nn/analyze.js'
import { elaborate } from '../../src/nn/elaborate.js'
import * as Init from '../../src/nn/Init.js'
import * as Layer from '../../src/nn/Layer.js'
import * as Loss from '../../src/nn/Loss.js'
import * as Net from '../../src/nn/Net.js'
import { mul } from '../../src/op/arithmetic.js'
import { sum } from '../../src/op/broadcast.js'
import { conv2d } from '../../src/op/conv.js'
import { matmul } from '../../src/op/matmul.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import type { Inputs, Shape } from '../../src/shape/Dims.js'
import { soleInput } from '../../src/shape/inputs.js'
import { sizeOf, tensorType } from '../../src/shape/TensorType.js'
import { compile, type InferenceOptions, specOf } from '../../src/train/compiled.js'
import { residentOf } from '../../src/train/feed.js'
import { inference } from '../../src/train/inference.js'
import * as Model from '../../src/train/Model.js'
import * as Recipe from '../../src/train/Recipe.js'
import { orThrow } from '../../src/train/result.js'
import { session } from '../../src/train/Session.js'
import * as Trainer from '../../src/train/Trainer.js'
import { grad } from '../../src/transform/Grad.js'
import type { Winograd } from '../../src/transform/Winograd.js'
import * as Zoo from '../../src/zoo/Zoo.js'
import type { Driver, Task } from './driver.js'
import { flopOf, wantedOf } from './flop.js'
import { start } from './start.js'
import { trafficOf } from './traffic.js'

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

const clock = (): number => performance.now()

/** A machine that computes results from a state of random numbers. */
const computing = async (results: Readonly<Record<string, Expr>>, leaves: readonly Expr[]): Promise<Task> => {
  const wanted = { results, updates: {} }
  const state = leaves.flatMap(e => (e._tag === 'Param' ? [{ name: e.name, type: e.type }] : []))
  const spec = { rows: 1, threads, state, programs: { computing: wanted } }
  const m = orThrow(machine(spec))
  m.writeState(new Uint8Array(numbers(m.stateBytes / 4).buffer))
  await m.up
  return {
    run: times => m.repeat('computing', '', 1, times),
    work: {
      flop: flopOf(wantedOf(wanted), 1),
      traffic: () => trafficOf(spec, 'computing', 1),
      kernels: () => m.profile('computing', null, 1, clock),
    },
  }
}

const product = (n: number) => (): Promise<Task> => {
  const [a, b] = ['a', 'b'].map(name => param(name, tensorType('f32', [n, n]))) as [Expr, Expr]
  return computing({ c: matmul(a, b) }, [a, b])
}

const grouped = (channels: number, groups: number) => (): Promise<Task> => {
  const x = param('x', tensorType('f32', [8, 28, 28, channels]))
  const w = param('w', tensorType('f32', [3, 3, channels / groups, channels]))
  const y = conv2d(x, w, { groups, padding: 'same' })
  const u = param('u', y.type)
  const [dx, dw] = orThrow(grad(sum(mul(y, u)), [x, w])).gradients as [Expr, Expr]
  return computing({ y, dx, dw }, [x, w, u])
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
  <const S extends Shape>(recipe: Recipe.Recipe<S, readonly [10], 'class'>, winograd: Winograd = 'F(2x2)') =>
  async (): Promise<Task> => {
    const { batch } = recipe
    const s = orThrow(
      session(recipe, batch, {
        resident: { train: residentOf({ recipe, weighted: false }, data(...recipe.net.inputs)) },
        threads,
        winograd,
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
      work: {
        flop: flopOf(wantedOf(s.programs.train), batch),
        traffic: () =>
          trafficOf(
            { rows: batch, winograd, state: s.programs.slots, programs: { train: s.programs.train } },
            'train',
            batch,
          ),
        kernels: () => {
          s.machine.order(order)
          left = 0
          return s.machine.profile('train', 'train', batch, clock)
        },
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

/** Values of the net's variables: He et al. 2015, and statistics of batch normalization that change nothing. */
const drawn = (net: Net.AnyNet) =>
  orThrow(analyze(net)).rows.flatMap(({ path, params, state }) =>
    Object.entries({ ...params, ...state }).map(([name, { shape }]) => {
      const [size, fan] = [sizeOf(shape), sizeOf(shape.slice(0, -1))]
      const constant = ['gamma', 'variance'].includes(name) ? 1 : 0
      const values =
        shape.length > 1 ? numbers(size).map(x => x * Math.sqrt(2 / fan)) : new Float32Array(size).fill(constant)
      return { name: `${path}/${name}`, dtype: 'F32' as const, shape, bytes: new Uint8Array(values.buffer) }
    }),
  )

/** What the machine of a model is made of. */
const predictionOf = (net: Net.AnyNet, options: InferenceOptions) => {
  const compiled = orThrow(compile(net, false, options))
  const types = [
    ...compiled.variables.map(v => [v.path, { type: tensorType('f32', v.shape) }] as const),
    ...Object.entries(compiled.once),
  ]
  return orThrow(specOf(compiled, new Map(types)))
}

/** A model's predictions for one row; its kernels in a machine like the model's own. */
const predicting = <S extends Shape, O extends Shape>(
  net: Net.Net<S, O>,
  tensors: readonly StoredTensor[],
  options: InferenceOptions,
): Task => {
  const model: Model.Model<Inputs, Shape> = orThrow(Model.of(net, 'values', null, tensors, options))
  const x = numbers(sizeOf(net.inputs))
  let own: Machine | null = null // local mutation: made when it is first asked for
  const profiled = (): Machine => {
    if (own) return own
    own = orThrow(inference(net, false, tensors, { ...options, threads: 1 })).machine
    own.run('predict', 1, { [soleInput]: x })
    return own
  }
  const inputs = { [soleInput]: input(soleInput, tensorType('f32', [-1, ...net.inputs])) }
  const { output } = orThrow(elaborate(net, 'infer', { inputs, key: () => input('key', tensorType('i32', [4])) }))
  return {
    run: times => {
      for (let i = 0; i < times; i++) orThrow(model.predict(x))
    },
    work: {
      flop: flopOf([output], 1),
      traffic: () => trafficOf(predictionOf(net, options), 'predict', 1),
      kernels: () => profiled().profile('predict', null, 1, clock),
    },
  }
}

const detector = (winograd: Winograd) => (): Task => {
  const net = Zoo.yoloV2()
  return predicting(net, drawn(net), { fold: true, rows: 1, threads, winograd })
}

const forward = (): Task => predicting(plainNet, drawn(plainNet), { threads })

export const version = 'this checkout'
export const tasks: Driver['tasks'] = {
  'GEMM-256': product(256),
  'GEMM-512': product(512),
  'GEMM-1024': product(1024),
  W2: bounded(plain),
  'W2-step': stepped,
  W2b: bounded(normalized),
  W3: bounded(image),
  'W3-F(4x4)': bounded(image, 'F(4x4)'),
  W4: bounded(normalizedImage),
  'W4-F(4x4)': bounded(normalizedImage, 'F(4x4)'),
  W5: detector('F(2x2)'),
  'W5-F(4x4)': detector('F(4x4)'),
  start,
  'groups-2': grouped(64, 32),
  'groups-4': grouped(128, 32),
  'groups-8': grouped(256, 32),
  W6: forward,
}
