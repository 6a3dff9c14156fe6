/** What the machine can do at most: independent multiplications and additions of vectors in registers. */
import { compile } from '../support/asc.js'

/** So many of each that none waits long for its last one, and that all stay in the engine's registers. */
const chains = [0, 1, 2, 3, 4, 5]
const all = chains.flatMap(i => [`m${i}`, `s${i}`])
const body = chains.map(i => `m${i} = f32x4.mul(m${i}, a); s${i} = f32x4.add(s${i}, b)`).join('\n    ')

const source = `
export function spin(turns: u32): void {
  const a = f32x4.splat(<f32>turns / <f32>turns), b = f32x4.splat(1 / <f32>turns)
  let ${all.map(x => `${x} = b`).join(', ')}
  do {
    ${body}
    ${body}
  } while (--turns)
  v128.store(64, ${all.reduce((sum, x) => `f32x4.add(${sum}, ${x})`)})
}
`

/** GFLOP/s of 128-bit multiplications and additions, the best of many: the engine compiles a function twice. */
export const limit = async (): Promise<number> => {
  const spin = (await compile(source)).call('spin')
  const turns = 50_000
  const times = Array.from({ length: 400 }, () => {
    const start = performance.now()
    spin(turns)
    return performance.now() - start
  })
  return (2 * 4 * all.length * turns) / (Math.min(...times) * 1e6)
}
