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
