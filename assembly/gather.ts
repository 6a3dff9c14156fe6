/** Picking rows by index. An index out of range is clamped. */

@inline
function rowAt(index: usize, i: u32, n: u32): u32 {
  return <u32>min(max(load<i32>(index + (<usize>i << 2)), 0), <i32>n - 1)
}

/** Words: [0] table, [1] indices, [2] to, [3] count, [4] elements in a row, [5] rows of the table. */
export function gather32(a: usize): void {
  const table = <usize>load<u32>(a)
  const index = <usize>load<u32>(a, 4)
  let to = <usize>load<u32>(a, 8)
  const count = load<u32>(a, 12)
  const bytes = <usize>load<u32>(a, 16) << 2
  const n = load<u32>(a, 20)
  for (let i: u32 = 0; i < count; i++) {
    memory.copy(to, table + bytes * rowAt(index, i, n), bytes)
    to += bytes
  }
}

/** Words: [0] indices, [1] updates, [2] to, [3] count, [4] elements in a row, [5] rows of the target. */
export function scatterAdd(a: usize): void {
  const index = <usize>load<u32>(a)
  let from = <usize>load<u32>(a, 4)
  const to = <usize>load<u32>(a, 8)
  const count = load<u32>(a, 12)
  const bytes = <usize>load<u32>(a, 16) << 2
  const n = load<u32>(a, 20)
  for (let i: u32 = 0; i < count; i++) {
    const row = to + bytes * rowAt(index, i, n)
    for (let c: usize = 0; c < bytes; c += 4) store<f32>(row + c, load<f32>(row + c) + load<f32>(from + c))
    from += bytes
  }
}
