/**
 * A model: a net with its parameters, to predict with. Immutable; every layer has its meaning in inference, and a row's
 * prediction does not depend on the rows it came with.
 */
import * as E from '#fp/Either.js'
import type { TaskEither } from '#fp/TaskEither.js'
import type { Machine, Threads } from '../backend/machine.js'
import type { CompileError } from '../compiler/Compiler.js'
import { type DataError, refuse } from '../data/DataError.js'
import { column, type Data } from '../data/Dataset.js'
import type { Label } from '../data/Label.js'
import { explain } from '../graph/settings.js'
import { type FileError, fileError } from '../io/FileError.js'
import { decode, encode, type StoredTensor } from '../io/safetensors.js'
import type { LayerDefinition } from '../nn/Definition.js'
import type { InitDefinition } from '../nn/Init.js'
import * as Net from '../nn/Net.js'
import { inputEntries } from '../nn/Node.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { isSole, soleInput } from '../shape/inputs.js'
import type { ShapeError } from '../shape/ShapeError.js'
import { sameShape, showShape, sizeOf } from '../shape/TensorType.js'
import type { InferenceOptions } from './compiled.js'
import { type Engine, type EngineOptions, engage, interpreting, mayGenerate } from './engine.js'
import { inference } from './inference.js'
import type { Target } from './Metric.js'

/** Rows as numbers, row-major: one list where the net has one input, otherwise one for each of exactly its names. */
type Numbers<I extends Inputs> = I extends Shape ? ArrayLike<number> : { readonly [name in keyof I]: ArrayLike<number> }

/** What a model predicts from: rows of numbers, or those of a data set with such inputs. */
export type Rows<I extends Inputs> = Numbers<I> | Data<I, Label>

type AnyRows = Rows<Inputs>

/** A class and its probability. */
export interface Likely {
  readonly label: string
  readonly p: number
}

export interface Model<I extends Inputs, O extends Shape> {
  readonly inputs: I
  readonly shape: O
  readonly net: Net.Net<I, O>
  readonly target: Target
  /** names of the classes; their numbers where they have no names */
  readonly labels: readonly string[]
  /** parameters and moving statistics by path, little-endian bytes */
  readonly variables: readonly StoredTensor[]
  // methods, so that every model is a Model<Inputs, Shape>, whose rows are checked when they are given
  /** the net's output (logits, for classes) for any number of rows: rows * size of `shape` numbers */
  predict(x: Rows<I>): E.Either<DataError, Float32Array>
  /** for every row all classes with their softmax probabilities, the likeliest first */
  classify(x: Rows<I>): E.Either<DataError, readonly (readonly Likely[])[]>
  /** the model as the bytes of a safetensors file */
  readonly save: () => Uint8Array<ArrayBuffer>
  /** the same model compiled in another way, to predict faster or in less memory */
  readonly compile: (options: ModelOptions) => TaskEither<ShapeError | CompileError, Model<I, O>>
  /** whether steps to its variables were `relaxed`: then their bits depend on the hosts that took part */
  readonly relaxed: boolean
  /** bytes of linear memory, which never grow */
  readonly memoryBytes: number
  /** how many threads share the work, and why there are no more */
  readonly threads: Threads
  /** who runs the net */
  readonly engine: Engine
}

export interface ModelOptions extends InferenceOptions, EngineOptions {}

const isData = (x: AnyRows): x is Data<Inputs, Label> => 'columns' in x && 'labels' in x && typeof x.size === 'number'
const isRows = (x: AnyRows): x is ArrayLike<number> => 'length' in x && typeof x.length === 'number'

/** The numbers of one input, if they are given. */
const valuesOf = (x: AnyRows, name: string | null): ArrayLike<number> | undefined => {
  if (isData(x)) return valuesOf(isSole(x.inputs) ? column(x, soleInput) : x.columns, name)
  if (name === null || isRows(x)) return name === null && isRows(x) ? x : undefined
  return Object.hasOwn(x, name) ? x[name] : undefined
}

/** Whether all are finite in f32: x - x is 0 then, otherwise NaN. Four sums, so that no addition waits for another. */
const allFinite = (values: ArrayLike<number>): boolean => {
  const x = values instanceof Float32Array ? values : Float32Array.from(values)
  const whole = x.length & ~3
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < whole; i += 4) {
    const [p, q, r, s] = [x[i] as number, x[i + 1] as number, x[i + 2] as number, x[i + 3] as number]
    a += p - p
    b += q - q
    c += r - r
    d += s - s
  }
  for (let i = whole; i < x.length; i++) a += (x[i] as number) - (x[i] as number)
  return a + b + c + d === 0
}

/** What is wrong with how the rows are given, if anything. */
const formComplaint = (inputs: Inputs, x: AnyRows): string | null => {
  if (isData(x)) return null
  const names = inputEntries(inputs).map(([name]) => name)
  if (isSole(inputs))
    return isRows(x) ? null : `the net has one input, ${showShape(inputs)}; give its rows as one list of numbers`
  if (isRows(x))
    return `the net has inputs by name; give an object with a list of numbers for each of ${names.join(', ')}`
  const foreign = Object.keys(x).find(name => !names.includes(name))
  return foreign === undefined ? null : `there is no input "${foreign}"; the inputs are ${names.join(', ')}`
}

/** The number of rows given, if every input has that many, all finite. */
const countRows = (net: Net.Net<Inputs, Shape>, x: AnyRows): E.Either<DataError, number> => {
  if (typeof x !== 'object' || x === null)
    return refuse('predict: expects rows of numbers, by name where the net has named inputs, or a data set')
  const wrong = formComplaint(net.inputs, x)
  if (wrong !== null) return refuse(`predict: ${wrong}`)
  let rows: number | null = null
  for (const [name, shape] of inputEntries(net.inputs)) {
    const called = name === null ? 'the input' : `the input "${name}"`
    const values = valuesOf(x, name)
    if (!values) return refuse(`predict: ${called} ${showShape(shape)} is not given`)
    const given = isData(x) ? inputEntries(x.inputs).find(([n]) => n === name)?.[1] : shape
    if (given && !sameShape(given, shape))
      return refuse(`predict: ${called} is ${showShape(shape)}, but the data have ${showShape(given)}`)
    const width = sizeOf(shape)
    const here = width === 0 ? 0 : values.length / width
    if (!Number.isInteger(here) || here === 0)
      return refuse(`predict: ${values.length} numbers are not rows of ${called} ${showShape(shape)}`)
    if (rows !== null && rows !== here) return refuse(`predict: ${called} has ${here} rows, another has ${rows}`)
    if (!allFinite(values)) {
      const i = Array.prototype.findIndex.call(values, v => !Number.isFinite(Math.fround(v)))
      return refuse(`predict: row ${Math.floor(i / width) + 1} of ${called} holds ${values[i]}`)
    }
    rows = here
  }
  return rows === null ? refuse('predict: the net has no input') : E.right(rows)
}

const cut = (values: ArrayLike<number>, from: number, to: number): ArrayLike<number> =>
  values instanceof Float32Array || values instanceof Uint8Array
    ? values.subarray(from, to)
    : Array.prototype.slice.call(values, from, to)

/** What a model is, however it is compiled. */
interface Meaning<I extends Inputs, O extends Shape> {
  readonly net: Net.Net<I, O>
  readonly target: Target
  readonly names: readonly string[] | null
  readonly tensors: readonly StoredTensor[]
  readonly relaxed: boolean
}

interface Compiled<I extends Inputs, O extends Shape> {
  readonly machine: Machine
  readonly modelOf: (engine: Engine) => Model<I, O>
}

const compileNow = <I extends Inputs, O extends Shape>(
  meaning: Meaning<I, O>,
  options: ModelOptions,
): E.Either<ShapeError, Compiled<I, O>> => {
  const { net, target, names, tensors, relaxed } = meaning
  const classes = target === 'class' && net.shape.length === 1
  const built = inference(net, classes, tensors, options, mayGenerate(options))
  if (E.isLeft(built)) return built
  const { machine: m, rows: chunk, variables } = built.right

  const entries = inputEntries(net.inputs)
  const width = sizeOf(net.shape)
  /** The numbers by the names of the program's inputs. */
  const named = (
    x: AnyRows,
    part: (entry: (typeof entries)[number], values: ArrayLike<number>) => ArrayLike<number> = (_, values) => values,
  ): Readonly<Record<string, ArrayLike<number>>> => {
    return Object.fromEntries(entries.map(e => [e[0] ?? soleInput, part(e, valuesOf(x, e[0]) ?? [])]))
  }
  const once = (program: string, rows: number, x: Readonly<Record<string, ArrayLike<number>>>): Float32Array =>
    m.run(program, rows, x)['output'] as Float32Array
  /** Floats for a sole input, few enough for one run, go straight into memory: a row's latency is some microseconds. */
  const soleWidth = isSole(net.inputs) ? sizeOf(net.inputs) : Number.NaN
  const run = (program: string, x: AnyRows): E.Either<DataError, Float32Array> => {
    const rows = x instanceof Float32Array ? x.length / soleWidth : Number.NaN
    const direct = Number.isInteger(rows) && rows > 0 && rows <= chunk
    const output = direct ? once(program, rows, { [soleInput]: x as Float32Array }) : null
    const result = output && m.finite(soleInput, rows) ? E.right(output) : runChecked(program, x)
    return m.lost() ? refuse('predict: a thread ended in the middle of the work; compile the model anew') : result
  }
  const runChecked = (program: string, x: AnyRows): E.Either<DataError, Float32Array> =>
    E.map((rows: number) => {
      if (rows <= chunk) return once(program, rows, named(x))
      const out = new Float32Array(rows * width)
      for (let from = 0; from < rows; from += chunk) {
        const to = Math.min(from + chunk, rows)
        const given = named(x, ([, shape], values) => cut(values, from * sizeOf(shape), to * sizeOf(shape)))
        out.set(once(program, to - from, given), from * width)
      }
      return out
    })(countRows(net, x))

  const labels = names ?? Array.from({ length: target === 'class' ? width : 0 }, (_, i) => `${i}`)
  const modelOf = (engine: Engine): Model<I, O> => ({
    inputs: net.inputs,
    shape: net.shape,
    net,
    target,
    labels,
    variables,
    compile: compile(meaning),
    relaxed,
    engine,
    memoryBytes: m.memoryBytes,
    get threads() {
      return m.threads
    },
    predict: x => run('predict', x),
    classify: x =>
      !classes
        ? refuse('classify: the net was not trained on class labels; use predict')
        : E.map((p: Float32Array) =>
            Array.from({ length: p.length / width }, (_, row) =>
              labels.map((label, i): Likely => ({ label, p: p[row * width + i] as number })).sort((a, b) => b.p - a.p),
            ),
          )(run('classify', x)),
    save: () =>
      encode({
        tensors: variables,
        metadata: {
          gradus: 'model',
          net: JSON.stringify(Net.codec([]).encode(net)),
          target,
          labels: JSON.stringify(names),
          ...(relaxed && { relaxed: 'true' }),
        },
      }),
  })
  return E.right({ machine: m, modelOf })
}

const compile =
  <I extends Inputs, O extends Shape>(meaning: Meaning<I, O>): Model<I, O>['compile'] =>
  options =>
  async () => {
    const made = compileNow(meaning, options)
    if (E.isLeft(made)) return made
    const { machine, modelOf } = made.right
    if (options.threads !== undefined) await machine.up
    return E.map(modelOf)(await engage(machine, options)())
  }

/**
 * A model of a net and the values of its variables, which say whether steps to them were relaxed; a `Left` when one is
 * missing or has another shape.
 */
export const of = <I extends Inputs, O extends Shape>(
  net: Net.Net<I, O>,
  target: Target,
  names: readonly string[] | null,
  tensors: readonly StoredTensor[],
  options: InferenceOptions = {},
  relaxed = false,
): E.Either<ShapeError, Model<I, O>> =>
  E.map(({ modelOf }: Compiled<I, O>) => modelOf(interpreting))(
    compileNow({ net, target, names, tensors, relaxed }, options),
  )

const parse = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '') as unknown
  } catch {
    return undefined
  }
}

const isNames = (u: unknown): u is readonly string[] | null =>
  u === null || (Array.isArray(u) && u.every(x => typeof x === 'string'))

/** A saved model, given the definitions of its layers and initializers (`standard`, and your own). */
export const load =
  (definitions: { readonly net: readonly (LayerDefinition | InitDefinition)[] }) =>
  (bytes: Uint8Array): E.Either<FileError | ShapeError, Model<Inputs, Shape>> => {
    const file = decode(bytes)
    if (E.isLeft(file)) return file
    const { tensors, metadata } = file.right
    if (metadata['gradus'] !== 'model') return E.left(fileError('the file does not hold a model saved by gradus'))
    const net = Net.codec(definitions.net).decode(parse(metadata['net']))
    if (E.isLeft(net)) return E.left(fileError(`the net in the file is not valid: ${explain(net.left)}`))
    const { target } = metadata
    const names = parse(metadata['labels'])
    if ((target !== 'class' && target !== 'values') || !isNames(names))
      return E.left(fileError('the target or the labels in the file are not valid'))
    const [width] = net.right.shape
    if (names && names.length !== width)
      return E.left(fileError(`the file has ${names.length} names of classes for a net of ${width} outputs`))
    return E.chain((model: Model<Inputs, Shape>): E.Either<FileError | ShapeError, Model<Inputs, Shape>> => {
      const foreign = tensors.find(x => !model.variables.some(v => v.name === x.name))
      return foreign ? E.left(fileError(`the file has "${foreign.name}", which the net does not know`)) : E.right(model)
    })(of(net.right, target, names, tensors, {}, metadata['relaxed'] === 'true'))
  }
