/** `Layer.define`: how layers are made, the library's own as well as a user's. */
import { eraseLayer, type LayerDef, type LayerDefinition } from './Definition.js'
import { type AnyNet, applyLayer } from './Node.js'

/** The name among the options that a layer was called with. */
const nameIn = (args: readonly unknown[]): string | undefined => {
  const last = args[args.length - 1]
  return typeof last === 'object' && last !== null && 'name' in last && typeof last.name === 'string'
    ? last.name
    : undefined
}

/** Null where null in the place of options gives none: then the layer is refused. What else is thrown is its author's. */
const settingsOf = <A extends readonly unknown[], C>(read: (...a: A) => C, a: A): C | null => {
  try {
    return read(...a)
  } catch (error) {
    if (a.includes(null)) return null
    throw error
  }
}

/**
 * Declares a layer. `F` is the type users see, from the settings to a function of nets:
 *
 *     const gate = Layer.define<(c: { readonly start: number }) => Keeps>()({ kind: 'acme/gate', ... })
 *     pipe(Net.input(64), gate({ start: 1 }))
 *
 * `F` is believed: it should say what `shape` computes. `.def` is what decoding asks for.
 */
export const define =
  <F extends (...a: never[]) => unknown>() =>
  <C, P extends string, S extends string>(
    d: LayerDef<Parameters<F>, C, P, S>,
  ): F & { readonly def: LayerDefinition } => {
    const def = eraseLayer(d)
    const make = (...a: Parameters<F>): unknown => {
      const config = settingsOf(d.args, a)
      const name = nameIn(a)
      return (...nets: readonly AnyNet[]) => applyLayer(def, config, name, nets)
    }
    return Object.assign(make as F, { def })
  }
