/** What the machine can do at most: independent multiplications and additions of vectors in registers. */
import { compile } from '../support/asc.js'

/** So many sums that none waits for its last addition. */
const sums = Array.from({ length: 12 }, (_, i) => `s${i}`)

const source = `
export function spin(turns: u32): void {
  let ${sums.map(s => `${s} = f32x4.splat(<f32>turns)`).join(', ')}
  const a = f32x4.splat(1 / <f32>turns), b = f32x4.splat(<f32>turns)
  for (; turns != 0; turns--) {
    ${sums.map((s, i) => `${s} = f32x4.add(f32x4.mul(${s}, a), ${i % 2 === 0 ? 'a' : 'b'})`).join('\n    ')}
  }
  v128.store(64, ${sums.reduce((all, s) => `f32x4.add(${all}, ${s})`)})
}
`

/** GFLOP/s of 128-bit multiplications and additions, the best of ten. */
export const limit = async (): Promise<number> => {
  const spin = (await compile(source)).call('spin')
  const turns = 1_000_000
  const times = Array.from({ length: 10 }, () => {
    const start = performance.now()
    spin(turns)
    return performance.now() - start
  })
  return (8 * sums.length * turns) / (Math.min(...times) * 1e6)
}
