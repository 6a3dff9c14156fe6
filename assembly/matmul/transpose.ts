/** Four vectors, transposed, to rows `along` bytes apart. */
// @ts-ignore: decorator
@inline
export function transpose(r0: v128, r1: v128, r2: v128, r3: v128, to: usize, along: usize = 32): void {
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
  const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<f64>(a, b, 0, 2))
  v128.store(to + along, v128.shuffle<f64>(a, b, 1, 3))
  v128.store(to + (along << 1), v128.shuffle<f64>(c, d, 0, 2))
  v128.store(to + (along << 1) + along, v128.shuffle<f64>(c, d, 1, 3))
}
