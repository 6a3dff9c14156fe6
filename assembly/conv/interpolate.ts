// Weighted sums along one axis: what resizing does to each axis of an image.
//
// Words: [0] from, [1] to, [2] outer, [3] inner, [4] size of the axis in `from` and [5] in `to`, [6] places, [7] taps,
// then for each place its taps: [0] index along the axis, [1] weight (f32). A sum goes in the order of the taps; that of
// the gradient in the order of the places, then of the taps.
import { storeAtMost } from '../tail'

/** to[o, place, i] = sum_tap weight from[o, index, i] */
export function interpolate(args: usize): void {
  const inner = <usize>load<u32>(args, 12) << 2, alongFrom = load<u32>(args, 16) * inner
  const places = load<u32>(args, 24), taps = load<u32>(args, 28)
  let from = <usize>load<u32>(args), to = <usize>load<u32>(args, 4)
  for (let o = load<u32>(args, 8); o != 0; o--) {
    let tap = args + 32
    for (let place: u32 = 0; place < places; place++) {
      const end = tap + (<usize>taps << 3)
      for (let i: usize = 0; i < inner; i += 16) {
        let sum = f32x4.mul(v128.load32_splat(tap, 4), v128.load(from + load<u32>(tap) * inner + i))
        for (let t = tap + 8; t != end; t += 8)
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(t, 4), v128.load(from + load<u32>(t) * inner + i)))
        storeAtMost(to + i, sum, <i32>((inner - i) >> 2))
      }
      to += inner
      tap = end
    }
    from += alongFrom
  }
}

/** to[o, index, i] += weight from[o, place, i], with `to` all zeros before */
export function interpolateGradient(args: usize): void {
  const inner = <usize>load<u32>(args, 12) << 2, alongTo = load<u32>(args, 20) * inner
  const places = load<u32>(args, 24), taps = load<u32>(args, 28)
  let from = <usize>load<u32>(args), to = <usize>load<u32>(args, 4)
  for (let o = load<u32>(args, 8); o != 0; o--) {
    let tap = args + 32
    for (let place: u32 = 0; place < places; place++) {
      for (const end = tap + (<usize>taps << 3); tap != end; tap += 8) {
        const row = to + load<u32>(tap) * inner, weight = v128.load32_splat(tap, 4)
        for (let i: usize = 0; i < inner; i += 16) {
          const part = f32x4.mul(weight, v128.load(from + i))
          storeAtMost(row + i, f32x4.add(v128.load(row + i), part), <i32>((inner - i) >> 2))
        }
      }
      from += inner
    }
    to += alongTo
  }
}
