/** The cases of ONNX's conformance suite that Debian's package `libonnx-testdata` brings, and how one is run. */
import { existsSync, readdirSync } from 'node:fs'
import { evaluateAll } from '../../src/backend/evaluate.js'
import { evaluate } from '../../src/backend/reference.js'
import type { Expr } from '../../src/graph/Expr.js'
import { assertClose, expectRight } from '../support/assert.js'
import { type Declared, dtypeOf, type Model, readModel, readTensor, type Tensor } from './model.js'
import { meaningOf } from './node.js'
import { builders } from './operators/index.js'

const root = '/usr/share/libonnx-testdata/data'

export const isInstalled = (): boolean => existsSync(root)

/** The names of a folder's cases: `test_relu`. */
export const casesOf = (folder: string): readonly string[] => readdirSync(`${root}/${folder}`).sort()

const modelFile = (folder: string, name: string): string => `${root}/${folder}/${name}/model.onnx`

export const hasModel = (folder: string, name: string): boolean => existsSync(modelFile(folder, name))

export const modelOf = (folder: string, name: string): Model => readModel(modelFile(folder, name))

const read = (folder: string, kind: 'input' | 'output', of: readonly Declared[]): ReadonlyMap<string, Tensor> =>
  new Map(of.map(({ name, type }, i) => [name, readTensor(`${folder}/${kind}_${i}.pb`, type)]))

/** The suite's own tolerance: of any number, rel * |it| + abs. */
const theirs = { rel: 1e-3, abs: 1e-7 }

/** Asked for here, too: of any number, a share of the tensor's largest. */
const ours = 1e-5

const largest = (values: readonly number[]): number =>
  values.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 0)

/** Throws unless the values are what the case says: integers and masks exactly. */
const compare = (e: Expr, actual: ArrayLike<number>, expected: Tensor, what: string): void => {
  const { dtype, shape } = e.type
  if (dtype !== dtypeOf(expected.type)) throw new Error(`${what} is of ${dtype}, not of ${dtypeOf(expected.type)}`)
  if (`${shape}` !== `${expected.shape}`) throw new Error(`${what} is [${shape}], not [${expected.shape}]`)
  const values = dtype === 'bool' ? Array.from(actual, v => Number(v !== 0)) : actual
  const allowed = dtype === 'f32' ? [theirs, { abs: ours * largest(expected.values) }] : [{}]
  for (const tolerance of allowed) assertClose(values, expected.values, tolerance, what)
}

/** Elements of inputs and outputs up to which the float64 reference, too, is quick. */
const quick = 20_000

/** Runs the data sets of a case by the kernels, and by the reference where that is quick. Throws where they differ. */
export const runCase = (folder: string, name: string): void => {
  const at = `${root}/${folder}/${name}`
  const model = modelOf(folder, name)
  for (const set of readdirSync(at).filter(file => file.startsWith('test_data_set_'))) {
    const inputs = read(`${at}/${set}`, 'input', model.inputs)
    const outputs = read(`${at}/${set}`, 'output', model.outputs)
    const given = Object.fromEntries([...inputs].map(([input, t]) => [input, t.values]))
    const exprs = meaningOf(model, builders, inputs)
    const check = (by: string, all: readonly { readonly values: ArrayLike<number> }[]): void =>
      [...outputs].forEach(([output, expected], i) => {
        compare(exprs[i] as Expr, all[i]?.values ?? [], expected, `${by}: ${output}`)
      })
    check('kernels', expectRight(evaluateAll(exprs, given)))
    const size = [...inputs.values(), ...outputs.values()].reduce((n, t) => n + t.values.length, 0)
    if (size <= quick) check('reference', expectRight(evaluate(exprs, given)))
  }
}
