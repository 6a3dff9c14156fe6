/** A part of a net: one of its layers and all that stands before it. */
import * as E from '#fp/Either.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { type Analysis, analyze } from './analyze.js'
import type { Net, Node } from './Node.js'

const pathsOf = ({ rows }: Analysis): ReadonlyMap<Node, string> => new Map(rows.map(row => [row.node, row.path]))

/**
 * The net that ends in the layer of this path; the layers on top of it are dropped, its inputs stay. A model of the net
 * has the values for it, since all paths stay. A `Left` when there is no such layer, when several share the path, and
 * when one without a name would get another path, its ordinal, without the layers dropped.
 */
export const upTo =
  (path: string) =>
  <I extends Inputs, O extends Shape>(net: Net<I, O>): E.Either<ShapeError, Net<I, Shape>> =>
    E.chain((whole: Analysis) => {
      const layers = whole.rows.filter(row => row.node._tag === 'Apply')
      const [last, second] = layers.filter(row => row.path === path)
      if (!last)
        return E.left(shapeError(path, `the net has no such layer, only ${layers.map(l => l.path).join(', ')}`))
      if (second)
        return E.left(shapeError(path, 'several layers have this path; end the net where it is built instead'))
      const part: Net<I, Shape> = { inputs: net.inputs, shape: last.shape, node: last.node, scope: [] }
      return E.chain((left: Analysis): E.Either<ShapeError, Net<I, Shape>> => {
        const before = pathsOf(whole)
        for (const [node, now] of pathsOf(left)) {
          const was = before.get(node) ?? now
          if (was !== now)
            return E.left(shapeError(was, `its path is ${now} without the layers dropped; give it a name`))
        }
        return E.right(part)
      })(analyze(part))
    })(analyze(net))
