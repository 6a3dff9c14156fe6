/** The laws of a layer, checked for every layer of a net: one net with your layer is the test of it. */
import * as E from '#fp/Either.js'
import { evaluateAll } from '../backend/evaluate.js'
import { type Expr, input, param } from '../graph/Expr.js'
import { analyze, type Row } from '../nn/analyze.js'
import type { ParamSpec, Vars } from '../nn/Definition.js'
import * as Init from '../nn/Init.js'
import { codec, toJSON } from '../nn/json.js'
import type { AnyNet, LayerNode } from '../nn/Node.js'
import { keyOf } from '../random/Key.js'
import type { Shape } from '../shape/Dims.js'
import { sameType, showType, sizeOf, type TensorType, tensorType } from '../shape/TensorType.js'
import { type Checked, every, type Fault, fault, inOrder, orFault, passed } from './Fault.js'
import { checkGradients } from './gradient.js'
import { checkKernels, checkRows, checkSame } from './kernels.js'
import { checkRoundTrip } from './roundTrip.js'
import { type Domain, draw, type Values } from './values.js'

export interface LayerOptions extends Domain {
  /**
   * where a parameter or a piece of state is taken from, by its name in the layer; by default its initial values moved
   * by up to 0.25
   */
  readonly variables?: Readonly<Record<string, Domain>>
  /** 1 or 2, of the gradients; default 2 */
  readonly order?: 1 | 2
  /** error of the kernels allowed, relative to the largest element; default 1e-5 */
  readonly tolerance?: number
  /** error of the gradients allowed, relative; default 1e-6 */
  readonly slope?: number
  readonly seed?: number
  /** of initializers that the layers' settings hold and that do not come with the library */
  readonly definitions?: readonly Init.InitDefinition[]
}

const batched = (shape: Shape): TensorType => tensorType('f32', [-1, ...shape])
const key = input('key', tensorType('i32', [4]))
const varsOf = (specs: Readonly<Record<string, ParamSpec>>): Vars =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, param(name, tensorType('f32', shape))] as const),
  )

interface Meaning {
  readonly y: Expr
  readonly state: Vars
}

/** A layer by itself: its inputs are `x`, or `x0`, `x1`, ... */
interface Subject extends Row {
  readonly node: LayerNode
  readonly inputs: readonly Shape[]
  readonly options: LayerOptions
}

const inputName = (i: number, of: number): string => (of === 1 ? 'x' : `x${i}`)

const meaning = ({ node: { def, config }, inputs, params, state }: Subject, mode: 'infer' | 'train'): Meaning => {
  const x = inputs.map((shape, i) => input(inputName(i, inputs.length), batched(shape)))
  const [p, s] = [varsOf(params), varsOf(state)]
  if (mode === 'infer') return { y: def.infer(config, p, s, x), state: {} }
  const [y, next] = def.train(config, p, s, key, x)
  return { y, state: Object.fromEntries(Object.entries(next).filter(([name, e]) => e !== s[name])) }
}

const typed = (path: string, what: string, e: Expr, wanted: TensorType): Checked => {
  if (e._tag === 'Invalid') return fault(path, `${what}: ${e.error.path}: ${e.error.message}`)
  return sameType(e.type, wanted) ? passed : fault(path, `${what} is ${showType(e.type)}, not ${showType(wanted)}`)
}

const checkTypes = (s: Subject, mode: 'infer' | 'train'): Checked => {
  const { y, state } = meaning(s, mode)
  const path = `${s.path} (${mode})`
  return inOrder(
    () => typed(path, 'its output', y, batched(s.shape)),
    () =>
      every(Object.entries(state), ([name, e]) => {
        const shape = s.state[name]?.shape
        return shape
          ? typed(path, `its new state ${name}`, e, tensorType('f32', shape))
          : fault(path, `it returns the state ${name}, which it does not declare`)
      }),
  )
}

const checkPure = (s: Subject): Checked =>
  inOrder(
    ...(['infer', 'train'] as const).map(mode => () => {
      const [a, b] = [meaning(s, mode), meaning(s, mode)]
      const all = ({ y, state }: Meaning) => [y, ...Object.values(state)]
      return checkSame(`${s.path} (${mode})`, all(a), all(b))
    }),
    () => {
      const { def, config } = s.node
      const specs = () =>
        JSON.stringify([def.shape(config, s.inputs), def.params(config, s.inputs), def.state(config, s.inputs)])
      const [a, b] = [specs(), specs()]
      return a === b ? passed : fault(s.path, 'its shape, parameters or state change from one call to the next')
    },
  )

/** Values of everything a layer takes, for a number of rows. */
const valuesOf = (s: Subject, rows: number): E.Either<Fault, Values> => {
  const { seed = 0, variables = {} } = s.options
  const specs = Object.entries({ ...s.params, ...s.state })
  const keys = specs.map(([name]) => input(`key ${name}`, tensorType('i32', [4])))
  const drawn = evaluateAll(
    specs.map(([, { shape, init, fans }], i) => Init.values(init, shape, keys[i] as Expr, fans)),
    Object.fromEntries(specs.map(([name], i) => [`key ${name}`, [...keyOf(seed, `${s.path}/${name}`, 'init'), i, 0]])),
  )
  return E.map(
    (initial: readonly { readonly values: ArrayLike<number> }[]): Values => ({
      key: Int32Array.from([...keyOf(seed, s.path, 'train'), 1, 0]),
      ...Object.fromEntries(
        s.inputs.map((shape, i) => {
          const name = inputName(i, s.inputs.length)
          return [name, draw(rows * sizeOf(shape), seed, name, s.options)]
        }),
      ),
      ...Object.fromEntries(
        specs.map(([name, { shape }], k) => {
          const own = variables[name]
          const moved = draw(sizeOf(shape), seed, name, own ?? { domain: [-0.25, 0.25] })
          return [name, own ? moved : moved.map((v, i) => v + (initial[k]?.values[i] ?? 0))]
        }),
      ),
    }),
  )(orFault(s.path)(drawn))
}

const named = ({ y, state }: Meaning) => ({
  output: y,
  ...Object.fromEntries(Object.entries(state).map(([name, e]) => [`new ${name}`, e])),
})

const checkValues = (s: Subject, mode: 'infer' | 'train', rows: number): Checked => {
  const values = valuesOf(s, rows)
  const { tolerance = 1e-5 } = s.options
  return E.isLeft(values)
    ? values
    : checkKernels(`${s.path} (${mode})`, named(meaning(s, mode)), { values: values.right, rows, tolerance })
}

const checkSlopes = (s: Subject, mode: 'infer' | 'train'): Checked => {
  const rows = 4
  const values = valuesOf(s, rows)
  if (E.isLeft(values)) return values
  const { order = 2, slope: tolerance = 1e-6, seed = 0 } = s.options
  const wrt = [...s.inputs.map((_, i) => inputName(i, s.inputs.length)), ...Object.keys(s.params)]
  const { y } = meaning(s, mode)
  const given = { values: values.right, rows, order, tolerance, seed }
  return checkGradients(`${s.path} (${mode})`, [y], { ...given, wrt: usedBy(y, wrt) })
}

/** Those of the names that an expression depends on. */
const usedBy = (y: Expr, names: readonly string[]): readonly string[] => {
  const [seen, found, stack] = [new Set<Expr>(), new Set<string>(), [y]]
  for (let e = stack.pop(); e; e = stack.pop()) {
    if (seen.has(e)) continue
    seen.add(e)
    if (e._tag === 'Apply') stack.push(...e.args)
    else if (e._tag === 'Param' || e._tag === 'Input') found.add(e.name)
  }
  return names.filter(name => found.has(name))
}

const checkIndependence = (s: Subject): Checked => {
  const rows = 17
  const values = valuesOf(s, rows)
  return E.isLeft(values) ? values : checkRows(`${s.path} (infer)`, meaning(s, 'infer').y, values.right, rows)
}

const checkLayer = (s: Subject): Checked =>
  inOrder(
    () => checkRoundTrip(`${s.path} settings`, s.node.def.config, s.node.config),
    () => checkTypes(s, 'infer'),
    () => checkTypes(s, 'train'),
    () => checkPure(s),
    ...[1, 2, 5, 17].flatMap(rows => [() => checkValues(s, 'infer', rows), () => checkValues(s, 'train', rows)]),
    () => checkIndependence(s),
    () => checkSlopes(s, 'infer'),
    () => checkSlopes(s, 'train'),
  )

/** Whether a net comes back from JSON the same. */
export const checkNetRoundTrip = (
  net: AnyNet,
  rows: readonly Row[],
  definitions: readonly Init.InitDefinition[] = [],
): Checked => {
  const defs = new Set(rows.flatMap(({ node }) => (node._tag === 'Apply' ? [node.def] : [])))
  return checkRoundTrip('net', codec([...defs, ...definitions]), net, n =>
    JSON.stringify([n.inputs, n.shape, toJSON(n)]),
  )
}

/**
 * Whether every layer of a net keeps the laws of layers, on random values of the domain given:
 *
 * - its settings, and the net, come back from JSON the same;
 * - its output and its new state have the types that it declares, in a model and in training;
 * - it is pure: the same arguments give the same meaning;
 * - its kernels give what the float64 references of its operations give, for 1, 2, 5 and 17 rows;
 * - in a model, a row's output depends on that row alone, to the bit;
 * - its gradients by inputs and parameters are those of finite differences, of first and second order.
 *
 *     orThrow(checkNet(pipe(Net.input(4), gate(1))))
 *
 * A fault names the layer, what of it, the element and both values.
 */
export const checkNet = (net: AnyNet, options: LayerOptions = {}): Checked => {
  const analysis = orFault('net')(analyze(net))
  if (E.isLeft(analysis)) return analysis
  const { rows } = analysis.right
  const layers = rows.flatMap((row): readonly Subject[] => {
    const { node } = row
    const inputs = row.args.map(a => rows[a]?.shape ?? [])
    return node._tag === 'Apply' ? [{ ...row, node, inputs, options }] : []
  })
  return inOrder(
    () => every(layers, checkLayer),
    () => checkNetRoundTrip(net, rows, options.definitions),
  )
}
