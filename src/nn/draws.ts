/** Whether a layer draws random numbers: whether its meaning in training depends on its key. */
import { type Expr, input } from '../graph/Expr.js'
import type { Shape } from '../shape/Dims.js'
import { tensorType } from '../shape/TensorType.js'
import type { ParamSpec, Vars } from './Definition.js'
import type { LayerNode } from './Node.js'

/** Whether some of `exprs` contains `leaf`, looking no further than `known`. */
export const dependsOn = (exprs: readonly Expr[], leaf: Expr, known: readonly Expr[]): boolean => {
  const seen = new Set<Expr>(known)
  const stack = [...exprs]
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (top === leaf) return true
    if (seen.has(top)) continue
    seen.add(top)
    if (top._tag === 'Apply') stack.push(...top.args)
  }
  return false
}

const stand = (specs: Readonly<Record<string, ParamSpec>>): Vars =>
  Object.fromEntries(Object.entries(specs).map(([k, { shape }]) => [k, input(k, tensorType('f32', shape))]))

/** Tries the layer out on inputs of these shapes. */
export const drawsRandomly = ({ def, config }: LayerNode, shapes: readonly Shape[]): boolean => {
  const key = input('key', tensorType('i32', [4]))
  const x = shapes.map((shape, i) => input(`x${i}`, tensorType('f32', [-1, ...shape])))
  const [y, state] = def.train(config, stand(def.params(config, shapes)), stand(def.state(config, shapes)), key, x)
  return dependsOn([y, ...Object.values(state)], key, x)
}
