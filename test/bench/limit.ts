/** What the machine can do at most: multiplications and additions of vectors in registers. */
import { compile } from '../support/asc.js'

/**
 * Chains of s = s a + b, a multiplication and an addition in turn: so many that none waits for its last operation, and
 * that all stay in the engine's registers with a and b. Chains of only multiplications and only additions side by side
 * need more of them on processors whose multiplications take longer: Zen 5 did 44 GFLOP/s with six of each, 56 with these.
 */
const chains = Array.from({ length: 12 }, (_, i) => `s${i}`)
const body = chains.map(s => `${s} = f32x4.add(f32x4.mul(${s}, a), b)`).join('\n    ')

const source = `
export function spin(turns: u32): void {
  const a = f32x4.splat(<f32>turns / <f32>turns), b = f32x4.splat(1 / <f32>turns)
  let ${chains.map(s => `${s} = b`).join(', ')}
  do {
    ${body}
    ${body}
  } while (--turns)
  v128.store(64, ${chains.reduce((sum, s) => `f32x4.add(${sum}, ${s})`)})
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
  return (2 * 2 * 4 * chains.length * turns) / (Math.min(...times) * 1e6)
}
