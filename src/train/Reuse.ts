/**
 * Reusing pretrained layers (Yosinski et al. 2014; Geron 2019, chapter 11): a net is built of the layers of another one,
 * by their paths, and new ones on top; `Net.upTo` drops the old top.
 *
 *     weights   start there:    Trainer.fit(recipe, { start: Reuse.weights(pretrained) })
 *     freeze    keep them:      pipe(front, Net.freeze, Layer.dense(10))
 *     cache     compute the frozen layers once: train the new top on `Reuse.cache(Reuse.part(front)(pretrained))(data)`
 *
 * Law: a top trained behind the frozen layers and one trained on their cached outputs have the same bits, if its layers
 * have the same paths (name them) and the recipes are equal otherwise.
 */
import * as E from '#fp/Either.js'
import type { Tensor } from '../backend/evaluate.js'
import type { DataError } from '../data/DataError.js'
import { type Data, fromColumns } from '../data/Dataset.js'
import type { Label } from '../data/Label.js'
import type { StoredTensor } from '../io/safetensors.js'
import type { Net } from '../nn/Net.js'
import * as Select from '../optim/Select.js'
import type { Inputs, Shape } from '../shape/Dims.js'
import { soleInput } from '../shape/inputs.js'
import { type ShapeError, shapeError } from '../shape/ShapeError.js'
import { sameShape, showShape } from '../shape/TensorType.js'
import type { StateError } from './errors.js'
import * as Model from './Model.js'
import type { State } from './State.js'
import { assigned, values } from './values.js'

/** What has values of variables by path: a model. */
type Source = Pick<Model.Model<Inputs, Shape>, 'variables' | 'relaxed'>

const floatsOf = ({ bytes }: StoredTensor): Float32Array => new Float32Array(bytes.slice().buffer)

/**
 * A copy of the state with the model's values of all variables, parameters and moving statistics, that both have by
 * path, or of those selected. The state is not consumed. A `Left` for a variable whose shape is another (leave it out by
 * `exclude`, or name the new layer otherwise) and for a pattern of `include` that finds none of what both have.
 */
export const weights =
  ({ variables, relaxed }: Source, select: Select.Select = {}) =>
  (state: State): E.Either<StateError | ShapeError, State> =>
    E.chain((slots: Readonly<Record<string, Tensor>>): E.Either<StateError | ShapeError, State> => {
      const selection = Select.of(select)
      const common = variables.filter(v => Object.hasOwn(slots, v.name))
      const lost = selection.include.find(p => !common.some(v => Select.matches(p, v.name)))
      if (lost !== undefined)
        return E.left(
          shapeError('reuse', `the pattern "${lost}" finds no variable that both the model and the net have`),
        )
      const chosen = common.filter(v => Select.includes(selection, v.name))
      for (const { name, shape } of chosen) {
        const here = slots[name]?.shape ?? []
        if (!sameShape(shape, here))
          return E.left(
            shapeError(
              name,
              `it is ${showShape(shape)} in the model, but ${showShape(here)} in the net; exclude it, or give the layer another name`,
            ),
          )
      }
      return assigned(Object.fromEntries(chosen.map(v => [v.name, floatsOf(v)])), relaxed)(state)
    })(values(state))

/** A part of a model as a model of its own, of a net all of whose variables it has; `predict` gives the part's output. */
export const part =
  <I extends Inputs, O extends Shape>(net: Net<I, O>) =>
  ({ variables, relaxed }: Source): E.Either<ShapeError, Model.Model<I, O>> =>
    Model.of(net, 'values', null, variables, {}, relaxed)

/** The data with the model's outputs in the place of their inputs, computed once; the labels are the same. */
export const cache =
  <I extends Inputs, O extends Shape>({ shape, predict }: Model.Model<I, O>) =>
  <L extends Label>(data: Data<I, L>): E.Either<DataError, Data<O, L>> =>
    E.map((outputs: Float32Array) =>
      fromColumns(shape, data.label, data.size, [[soleInput, outputs]], data.labels, data.weights),
    )(predict(data))
