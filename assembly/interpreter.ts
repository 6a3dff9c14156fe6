/**
 * Runs a plan: pairs of words (function table index, address of the argument record).
 * The host fills the table from the exports, slot 0 left null.
 */
export function run(pc: usize, end: usize): void {
  while (pc < end) {
    call_indirect<void>(load<u32>(pc), <usize>load<u32>(pc, 4))
    pc += 8
  }
}

/** A bounded run of the same plan: one call from the host for many steps. */
export function repeat(pc: usize, end: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) run(pc, end)
}

/** Whether `count` f32 from `at` on are finite. */
export function finite(at: usize, count: u32): bool {
  const exponent = i32x4.splat(0x7f800000), vectorEnd = at + ((count & ~3) << 2), end = at + (count << 2)
  let found = i32x4.splat(0)
  for (; at != vectorEnd; at += 16) found = v128.or(found, i32x4.eq(v128.and(v128.load(at), exponent), exponent))
  for (; at != end; at += 4) found = v128.or(found, i32x4.eq(v128.and(v128.load32_splat(at), exponent), exponent))
  return !v128.any_true(found)
}
