/** What of a program is the same in every run: leaves of the state, constants, and what is computed from them alone. */
import type { Node, Program } from '../graph/Program.js'

const isStatic = ({ expr }: Node): boolean => expr.type.shape.every(d => d >= 0)

/** For every node whether it depends on no input and has no axis of rows. */
export const fixedNodes = ({ nodes }: Program): readonly boolean[] => {
  const fixed: boolean[] = []
  for (const n of nodes) fixed.push(n.expr._tag !== 'Input' && isStatic(n) && n.args.every(a => fixed[a]))
  return fixed
}
