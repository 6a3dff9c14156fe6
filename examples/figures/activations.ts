/** Every activation of the library with its derivative, which is the gradient that training uses. */
import { Activation, Expr, orThrow } from 'gradus'
import { color, type Figure, line, linear, panel, range, rules } from './theme.js'

type Span = readonly [number, number]

interface Curve {
  readonly name: string
  readonly f: (x: Expr) => Expr
  /** where the derivative jumps */
  readonly kinks: readonly number[]
}

const curve = (name: string, f: Curve['f'], ...kinks: readonly number[]): Curve => ({ name, f, kinks })

/** Rows of relatives, which share their axes. */
const families: readonly { readonly xs: Span; readonly ys: Span; readonly curves: readonly Curve[] }[] = [
  {
    xs: [-5, 5],
    ys: [-1.2, 1.2],
    curves: [
      curve('logistic', Activation.logistic),
      curve('hard sigmoid', x => Activation.hardSigmoid(x), -3, 3),
      curve('tanh', Activation.tanh),
      curve('softsign', Activation.softsign),
    ],
  },
  {
    xs: [-4, 8],
    ys: [-1.5, 7.5],
    curves: [
      curve('ReLU', Activation.relu, 0),
      curve('ReLU6', Activation.relu6, 0, 6),
      curve('LeakyReLU, α = 0.1', x => Activation.leakyRelu(x, 0.1), 0),
      curve('PReLU, α = 0.25 at first', x => Activation.prelu(x, Expr.constant(0.25)), 0),
    ],
  },
  {
    xs: [-4, 3],
    ys: [-2.2, 3.2],
    curves: [
      curve('ELU, α = 1', x => Activation.elu(x)),
      curve('SELU', Activation.selu, 0),
      curve('CELU, α = 2', x => Activation.celu(x, 2)),
      curve('softplus', Activation.softplus),
    ],
  },
  {
    xs: [-4, 3],
    ys: [-0.8, 3.2],
    curves: [
      curve('swish (SiLU)', Activation.swish),
      curve('mish', Activation.mish),
      curve('GELU', x => Activation.gelu(x)),
      curve('GELU, by tanh', x => Activation.gelu(x, 'tanh')),
    ],
  },
]

/** A point of a function and of a piece of its derivative. */
interface Point {
  readonly x: number
  readonly value: number
  readonly slope: number
  /** how many kinks are to the left */
  readonly piece: number
}

/** How near to a kink the pieces of the derivative end. */
const near = 1 / 1024

const pointsOf = ({ f, kinks }: Curve, [from, to]: Span): readonly Point[] => {
  const grid = range(from, to, 6 * (to - from) + 1).filter(x => !kinks.includes(x))
  const xs = [...grid, ...kinks.flatMap(k => [k - near, k + near])].toSorted((a, b) => a - b)
  const x = Expr.input('x', Expr.f32(xs.length))
  const y = f(x)
  const { gradients } = orThrow(Expr.grad(Expr.sum(y), [x]))
  const [values, slopes] = orThrow(Expr.evaluateAll([y, ...gradients], { x: xs }))
  return xs.map((x, i) => ({
    x,
    value: values?.values[i] ?? Number.NaN,
    slope: slopes?.values[i] ?? Number.NaN,
    piece: kinks.filter(k => k < x).length,
  }))
}

const data = async () =>
  families.map(({ xs, ys, curves }) => curves.map(c => ({ name: c.name, xs, ys, points: pointsOf(c, xs) })))

/** The legend: the names of both lines, which it also tells apart by dashes. */
const kinds = ['f(x)', 'f ′(x)']
const look = {
  color: { field: 'of', scale: { domain: kinds, range: [color.blue, color.red] }, legend: { orient: 'top' as const } },
  strokeDash: {
    field: 'of',
    scale: {
      domain: kinds,
      range: [
        [1, 0],
        [5, 4],
      ],
    },
  },
}

export const activations: Figure<Awaited<ReturnType<typeof data>>> = {
  name: 'activations',
  about: 'Sixteen activation functions, each with its derivative.',
  data,
  spec: rows => ({
    title: {
      text: 'Activations, and the slopes that gradients are multiplied with',
      subtitle: 'All of gradus.Activation, with derivatives by Expr.grad; where the slope is 0, nothing is learned',
    },
    columns: 4,
    spacing: { column: 44, row: 54 },
    bounds: 'flush',
    concat: rows.flatMap((family, row) =>
      family.map(({ name, xs, ys, points }) => ({
        title: panel(name),
        width: 168,
        height: 116,
        layer: [
          rules('x', [0], { strokeDash: [1, 0], opacity: 0.5 }),
          rules('y', [0], { strokeDash: [1, 0], opacity: 0.5 }),
          line(
            points.flatMap(({ x, value, slope, piece }) => [
              { x, y: value, of: kinds[0], piece: -1 },
              { x, y: slope, of: kinds[1], piece },
            ]),
            {
              x: linear('x', xs, { title: row === rows.length - 1 ? 'x' : null, tickCount: 5, ticks: false }),
              y: linear('y', ys, { tickCount: 4, ticks: false }),
              detail: { field: 'piece' },
              ...look,
            },
            color.blue,
          ),
        ],
      })),
    ),
    resolve: { scale: { x: 'independent', y: 'independent', color: 'shared', strokeDash: 'shared' } },
  }),
}
