// The epilogue of a product: what follows it (regions, a pool) runs on each part of its result as soon as that is there,
// while it lies in the cache. A row of the result is its last axis.
//
// Words of an epilogue: [0] where a record may be written, [1] the result's row at which the product's call begins, [2]
// whether nothing else reads the result, and this reads each part of it where the call's first row lies, [3] kernels;
// then for each: its index in the function table, the rows that one of its grains reads, the words of its record, and for
// each of those: its value for no grain from the first one on, what it grows by with the first grain, and with the number
// of grains.

/** Whether rows are to take the place of those that the epilogue has read. */
// @ts-ignore: decorator
@inline
export function passing(words: usize): bool {
  return words != 0 && load<u32>(words, 8) != 0
}

/** Runs the epilogue on rows `from` to `to` of the call, once `to` are done; 0 is none. */
// @ts-ignore: decorator
@inline
export function epilogue(words: usize, from: u32, to: u32): void {
  if (words != 0) run(words, from + load<u32>(words, 4), to + load<u32>(words, 4))
}

function run(words: usize, from: u32, to: u32): void {
  const record = <usize>load<u32>(words)
  let at = words + 16
  for (let kernels = load<u32>(words, 12); kernels != 0; kernels--) {
    const kernel = load<u32>(at), each = load<u32>(at, 4), bytes = <usize>load<u32>(at, 8) << 2
    const first = from / each, count = to / each - first, starts = at + 12, counts = starts + bytes
    at = counts + 2 * bytes
    if (count == 0) continue
    for (let w: usize = 0; w < bytes; w += 4)
      store<u32>(record + w, load<u32>(starts + w) + first * load<u32>(counts + w) + count * load<u32>(counts + bytes + w))
    call_indirect<void>(kernel, record)
  }
}
