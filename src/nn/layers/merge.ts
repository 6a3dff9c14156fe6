/** Layers of several inputs. */
import * as E from '#fp/Either.js'
import { type Expr, invalid } from '../../graph/Expr.js'
import { nothing } from '../../graph/settings.js'
import { add as sum } from '../../op/arithmetic.js'
import { concat as join } from '../../op/window.js'
import type { Inputs, Joined, Joins, Same, Shape } from '../../shape/Dims.js'
import { sameShape, showShape } from '../../shape/TensorType.js'
import type { LayerDefinition } from '../Definition.js'
import { define } from '../define.js'
import type { Net } from '../Node.js'
import { pure } from './pure.js'

interface WithDef {
  readonly def: LayerDefinition
}

/** The sum of two inputs of one shape, under a kind that says where it comes from. */
const sumLayer = (kind: string, says: string, fix: string) =>
  pure<[], null>({
    kind,
    config: nothing,
    args: () => null,
    inputs: 2,
    shape: (_c, a = [], b = []) =>
      sameShape(a, b) ? E.right(a) : E.left(`${says}: ${showShape(b)} is not ${showShape(a)}; ${fix}`),
    meaning: (_c, a, b) => (a && b ? sum(a, b) : missing),
  })

const missing: Expr = invalid('layer', 'takes two inputs')

type Add = <I extends Inputs, S extends Shape, T extends Shape>(
  a: Net<I, S>,
  b: Net<I, T> & Same<T, S, 'add: the shapes must agree'>,
) => Net<I, S>

const addLayer = define<() => Add>()(
  sumLayer('gradus/add', 'the shapes must agree', 'end both branches with the same size'),
)

/** a + b, of one shape. */
export const add = Object.assign<Add, WithDef>((a, b) => addLayer()(a, b), { def: addLayer.def })

type Block<I extends Inputs, S extends Shape, T extends Shape> = (
  x: Net<I, S>,
) => Net<I, T> & Same<T, S, 'residual: the block must keep the shape'>

type Residual = <I extends Inputs, S extends Shape, T extends Shape>(f: Block<I, S, T>) => (x: Net<I, S>) => Net<I, S>

type Onto = <I extends Inputs, S extends Shape>(x: Net<I, S>, y: Net<I, Shape>) => Net<I, S>

const residualLayer = define<() => Onto>()(
  sumLayer('gradus/residual', 'the block must keep the shape', 'end the block with the size it starts with'),
)

/** x + f(x) for a block that keeps the shape (He et al. 2016). */
export const residual = Object.assign<Residual, WithDef>(f => x => residualLayer()(x, f(x)), {
  def: residualLayer.def,
})

type Concat = <I extends Inputs, S extends Shape, T extends Shape>(
  a: Net<I, S>,
  b: Net<I, T> & Joins<T, S, 'concat: the shapes must agree in all axes but the last'>,
) => Net<I, Joined<S, T>>

const concatLayer = define<() => Concat>()(
  pure({
    kind: 'gradus/concat',
    config: nothing,
    args: () => null,
    inputs: 2,
    shape: (_c, a = [], b = []) =>
      a.length > 0 && sameShape(a.slice(0, -1), b.slice(0, -1)) && a.length === b.length
        ? E.right([...a.slice(0, -1), (a[a.length - 1] as number) + (b[b.length - 1] as number)])
        : E.left(
            `the shapes must agree in all axes but the last: ${showShape(a)} and ${showShape(b)}; reshape one of them`,
          ),
    meaning: (_c, ...x) => join(x),
  }),
)

/** a and b side by side along the last axis: vectors [m] and [n] give [m + n], images join their channels. */
export const concat = Object.assign<Concat, WithDef>((a, b) => concatLayer()(a, b), { def: concatLayer.def })
