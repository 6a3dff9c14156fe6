/** Moving 32-bit elements: strided copy, fill, iota. */

/**
 * Words: [0] from, [1] to, [2..9] sizes, outermost first, [10..17] strides of the source in elements (0 repeats),
 * [18..25] strides of the target.
 */
export function copy32(a: usize): void {
  let axis: u32 = 0
  while (axis < 7 && load<u32>(a + 8 + (axis << 2)) == 1) axis++
  walk(a, axis, <usize>load<u32>(a), <usize>load<u32>(a, 4))
}

function walk(a: usize, axis: u32, from: usize, to: usize): void {
  const word = a + (<usize>axis << 2)
  const n = load<u32>(word, 8)
  const stepFrom = <usize>load<u32>(word, 40) << 2
  const stepTo = <usize>load<u32>(word, 72) << 2
  if (axis < 7) {
    for (let i: u32 = 0; i < n; i++) {
      walk(a, axis + 1, from, to)
      from += stepFrom
      to += stepTo
    }
  } else if (stepFrom == 4 && stepTo == 4) memory.copy(to, from, <usize>n << 2)
  else {
    for (let i: u32 = 0; i < n; i++) {
      store<u32>(to, load<u32>(from))
      from += stepFrom
      to += stepTo
    }
  }
}

/** Words: [0] to, [1] the bits of the element, [2] count. */
export function fill32(a: usize): void {
  let to = <usize>load<u32>(a)
  const end = to + (<usize>load<u32>(a, 8) << 2)
  const bits = load<u32>(a, 4)
  const four = i32x4.splat(bits)
  for (; to + 16 <= end; to += 16) v128.store(to, four)
  for (; to < end; to += 4) store<u32>(to, bits)
}

/** Words: [0] to, [1] count. Writes 0, 1, 2, ... */
export function iota(a: usize): void {
  const to = <usize>load<u32>(a)
  const n = load<u32>(a, 4)
  for (let i: u32 = 0; i < n; i++) store<u32>(to + (<usize>i << 2), i)
}
