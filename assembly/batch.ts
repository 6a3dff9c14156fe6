/** What surrounds a step in a run over a resident data set: fetching the batch, the cursor, running sums. */

/**
 * The next batch of 32-bit elements. Words: [0] data set, [1] order (row numbers), [2] cursor, [3] to, [4] rows,
 * [5] elements in a row. Rows lie anywhere in memory: while one is copied, the next is read, so that more is under way.
 */
export function fetch32(a: usize): void {
  const table = <usize>load<u32>(a)
  let order = <usize>load<u32>(a, 4) + (<usize>load<u32>(<usize>load<u32>(a, 8)) << 2)
  let to = <usize>load<u32>(a, 12)
  const rows = load<u32>(a, 16)
  const bytes = <usize>load<u32>(a, 20) << 2
  for (let i: u32 = 0; i < rows; i++) {
    let from = table + bytes * load<u32>(order)
    const end = from + bytes, toNext = i + 1 < rows ? table + bytes * load<u32>(order, 4) - from : 0
    for (; from + 64 <= end; from += 64) {
      v128.load(from + toNext)
      v128.store(to, v128.load(from))
      v128.store(to, v128.load(from, 16), 16)
      v128.store(to, v128.load(from, 32), 32)
      v128.store(to, v128.load(from, 48), 48)
      to += 64
    }
    for (; from < end; from += 4) {
      store<u32>(to, load<u32>(from))
      to += 4
    }
    order += 4
  }
}

/** The same for a data set of bytes, widened to f32. */
export function fetch8(a: usize): void {
  const table = <usize>load<u32>(a)
  let order = <usize>load<u32>(a, 4) + (<usize>load<u32>(<usize>load<u32>(a, 8)) << 2)
  let to = <usize>load<u32>(a, 12)
  const rows = load<u32>(a, 16)
  const width = <usize>load<u32>(a, 20)
  for (let i: u32 = 0; i < rows; i++) {
    let from = table + width * load<u32>(order)
    const end = from + width
    for (; from + 4 <= end; from += 4) {
      const words = i16x8.extend_low_i8x16_u(v128.load32_zero(from))
      v128.store(to, f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words)))
      to += 16
    }
    for (; from < end; from++) {
      store<f32>(to, <f32>load<u8>(from))
      to += 4
    }
    order += 4
  }
}

/** Words: [0] cursor, [1] rows. */
export function advance(a: usize): void {
  const cursor = <usize>load<u32>(a)
  store<u32>(cursor, load<u32>(cursor) + load<u32>(a, 4))
}

/** Whether a turn counts: unless there is a gate (f32) and it is 0. */
@inline
function counts(gate: usize): bool {
  return gate == 0 || load<f32>(gate) != 0
}

/** Adds rows * value to a running sum, if the turn counts. Words: [0] value (f32), [1] sum (f64), [2] rows, [3] gate. */
export function accumulate(a: usize): void {
  if (!counts(<usize>load<u32>(a, 12))) return
  const sum = <usize>load<u32>(a, 4)
  store<f64>(sum, load<f64>(sum) + <f64>load<f32>(<usize>load<u32>(a)) * <f64>load<u32>(a, 8))
}

/**
 * Remembers the first step that counts at which a value was not finite. Words: [0] value (f32), [1] the step (f64),
 * [2] where it is kept (f64, negative as long as all was well), [3] gate.
 */
export function watch(a: usize): void {
  const x = load<f32>(<usize>load<u32>(a))
  if (!counts(<usize>load<u32>(a, 12))) return
  const kept = <usize>load<u32>(a, 8)
  if (x - x != 0 && load<f64>(kept) < 0) store<f64>(kept, load<f64>(<usize>load<u32>(a, 4)))
}

/** The key of one step's draws. Words: [0] key (two words), [1] the step (f64), [2] to (four words). */
export function drawKey(a: usize): void {
  const key = <usize>load<u32>(a)
  const step = <u64>load<f64>(<usize>load<u32>(a, 4))
  const to = <usize>load<u32>(a, 8)
  store<u64>(to, load<u64>(key))
  store<u64>(to, step, 8)
}
