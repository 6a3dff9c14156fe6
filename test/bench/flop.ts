/** How many floating-point operations programs take in their products and convolutions. */
import type { Wanted } from '../../src/backend/spec.js'
import type { Expr } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { resolveShape, sizeOf } from '../../src/shape/TensorType.js'
import { orThrow } from '../../src/train/result.js'

export const wantedOf = ({ results, updates }: Wanted): readonly Expr[] => [
  ...Object.values(results),
  ...Object.values(updates),
]

/** A multiplication and an addition for each product; convolutions as if they were computed directly. */
export const flopOf = (exprs: readonly Expr[], rows: number): number =>
  orThrow(Program.of(exprs)).nodes.reduce((sum, { expr }) => {
    if (expr._tag !== 'Apply') return sum
    const [a = [], b = []] = expr.args.map(x => resolveShape(x.type.shape, rows))
    const out = resolveShape(expr.type.shape, rows)
    const window = (w: readonly number[]): number => sizeOf(w.slice(0, 3))
    switch (expr.op.name) {
      case 'matmul':
        return sum + 2 * sizeOf(out) * (a[a.length - (expr.attrs['ta'] === true ? 2 : 1)] ?? 0)
      case 'conv2d':
        return sum + 2 * sizeOf(out) * window(b)
      case 'convTranspose2d':
        return sum + 2 * sizeOf(a) * window(b)
      case 'convFilter2d':
        return sum + 2 * sizeOf(b) * window(out)
      default:
        return sum
    }
  }, 0)
