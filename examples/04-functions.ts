/**
 * Tricks of the lecture that are functions, in numbers: activations at some points, initial values of a kernel, rates
 * at some steps. What they do to a net is shown by 05-tricks.ts.
 */
import { Activation, Expr, Init, orThrow, Schedule } from 'gradus'
import { table } from 'gradus/cli'

const show = <A>(title: string, tricks: Readonly<Record<string, A>>, say: (trick: A) => string) =>
  console.log(`\n${title}\n${table(Object.fromEntries(Object.entries(tricks).map(([k, v]) => [k, say(v)])))}`)

const points = [-3, -1, 0, 1, 3]
const at = (f: (x: Expr) => Expr) => {
  const { values } = orThrow(Expr.evaluate(f(Expr.input('x', Expr.f32(points.length))), { x: points }))
  return Array.from(values, v => v.toFixed(3).padStart(6)).join(' ')
}
show<(x: Expr) => Expr>(
  `Activations at ${points.join(', ')}`,
  {
    'logistic, 1 / (1 + e^-x)': Activation.logistic,
    'hard sigmoid (torch)': Activation.hardSigmoid,
    'hard sigmoid (tf1)': x => Activation.hardSigmoid(x, 'tf1'),
    tanh: Activation.tanh,
    softsign: Activation.softsign,
    relu: Activation.relu,
    relu6: Activation.relu6,
    'leaky relu, Darknet': x => Activation.leakyRelu(x, 0.1),
    'prelu, alpha 0.25': x => Activation.prelu(x, Expr.constant(0.25)),
    elu: Activation.elu,
    celu: x => Activation.celu(x, 2),
    [`selu, tends to ${-Activation.seluLeft.toFixed(3)}`]: Activation.selu,
    softplus: Activation.softplus,
    swish: Activation.swish,
    'silu, its other name': Activation.silu,
    mish: Activation.mish,
    gelu: Activation.gelu,
    'gelu by tanh': x => Activation.gelu(x, 'tanh'),
    softmax: Activation.softmax,
  },
  at,
)

const initial = (init: Init.Init) => {
  const key = Expr.input('key', Expr.i32(4))
  const drawn = orThrow(Expr.evaluate(Init.values(init, [64, 48], key), { key: [1, 2, 0, 0] }))
  const values = Array.from(drawn.values)
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  return `sd ${Math.sqrt(variance).toFixed(4)}, largest ${largest.toFixed(4)}`
}
const inits = {
  zeros: Init.zeros(),
  ones: Init.ones(),
  'constant 0.1': Init.constant(0.1),
  uniform: Init.uniform(-0.1, 0.1),
  normal: Init.normal(0.1),
  'truncated normal': Init.truncatedNormal(0.1),
  'variance scaling, early TF1': Init.varianceScaling({ mode: 'fanAvg', corrected: false }),
  'Glorot, uniform': Init.glorotUniform(),
  'Glorot, normal': Init.glorotNormal(),
  'He, truncated': Init.he({ distribution: 'truncatedNormal' }),
  'He, uniform': Init.heUniform(),
  'He, normal': Init.heNormal(),
  'LeCun, truncated': Init.lecun({ distribution: 'truncatedNormal' }),
  'LeCun, uniform': Init.lecunUniform(),
  'LeCun, normal': Init.lecunNormal(),
  "the lecture's for tanh": Init.forActivation('tanh'),
  "the lecture's for relu": Init.forActivation('relu', 'normal'),
  orthogonal: Init.orthogonal(),
  identity: Init.identity(),
}
show('Initializers of a kernel [64, 48]', inits, initial)

const steps = [0, 25, 50, 100, 200]
const rates = (schedule: Schedule.Schedule) => {
  const exprs = steps.map(t => Schedule.rate(schedule, Expr.constant(t, 'f64')))
  return orThrow(Expr.evaluateAll(exprs))
    .map(({ values }) => (values[0] as number).toFixed(4))
    .join(' ')
}
const base = { initial: 0.1, steps: 100 }
const schedules = {
  constant: Schedule.constant(0.1),
  piecewise: Schedule.piecewise({ boundaries: [50, 150], values: [0.1, 0.05, 0.01] }),
  exponential: Schedule.exponential({ ...base, decay: 0.1 }),
  staircase: Schedule.exponential({ ...base, decay: 0.1, staircase: true }),
  'power 1: inverse time': Schedule.power(base),
  'power 1/2': Schedule.power({ ...base, power: 0.5 }),
  linear: Schedule.linear({ ...base, final: 0.001 }),
  polynomial: Schedule.polynomial({ ...base, power: 2 }),
  cosine: Schedule.cosine(base),
  'cosine with restarts': Schedule.cosineRestarts({ initial: 0.1, steps: 40, growth: 2 }),
  'one-cycle': Schedule.oneCycle({ peak: 0.2, steps: 150 }),
  'warm-up, then exponential': Schedule.product(Schedule.warmup(20), Schedule.exponential({ ...base, decay: 0.1 })),
  'phases in sequence': Schedule.sequence(Schedule.phase(0.1, 50), Schedule.cosine(base)),
}
show(`Schedules at the steps ${steps.join(', ')}`, schedules, rates)
