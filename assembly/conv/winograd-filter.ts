// winogradFilter: the gradient of 3x3 filters (stride 1, no dilation, no groups) by F(2x2, 3x3): patches of the image
// and the gradients at their 2x2 places are transformed, sixteen products over the patches follow, and what they sum to
// is transformed back at the end.
//
// A transformed element sums over the patches of all images in order, in chunks of so many as word [13] says: each from
// zero, in order, and the chunks' sums in order.
//
// Words: [0] images, [1] gradients, [2] out, [3] scratch, [4] number of images, [5] height [6] width [7] channels,
// [8] rows [9] columns of places, [10] filters, [11] top [12] left padding, [13] patches of a chunk, a multiple of four,
// [14] the first filter whose gradient is computed and [15] the one after the last. Channels are a multiple of four,
// filters, and these two, of eight.
import { four } from '../matmul/four'
import { next } from './pack'
import { fetch, GAP, locate, PATCH } from './patch'
import { transformGradient, transformPatch, transformPlaces } from './winograd-tile'

export function winogradFilter(args: usize): void {
  const scratch = <usize>load<u32>(args, 12), channels = load<u32>(args, 28), chunk = load<u32>(args, 52)
  const rows = load<u32>(args, 32), columns = load<u32>(args, 36), filters = load<u32>(args, 40)
  const begin = load<u32>(args, 56), end = load<u32>(args, 60)
  const down = rows + 1 >> 1, across = columns + 1 >> 1, patches = load<u32>(args, 16) * down * across
  const alongX = <usize>filters << 2, alongY = <usize>columns * alongX, sum = <usize>channels * alongX
  const matrixC = sum + GAP
  // eight rows a panel, also where the channels end in four
  const padded = channels + 7 & ~7
  const table = scratch, sums = table + 4 * PATCH, panels = sums + (matrixC << 4)
  const slivers = panels + ((<usize>padded * chunk << 2) + GAP << 4), edges = slivers + ((<usize>filters * chunk << 2) + GAP << 4)
  for (let first: u32 = 0; first < patches; first += chunk) {
    const depth = min(chunk, patches - first), length = <usize>depth << 5
    const matrixA = (<usize>padded * depth << 2) + GAP, matrixB = (<usize>filters * depth << 2) + GAP
    fetch(
      4, first, depth, down, across,
      load<u32>(args), load<u32>(args, 20), load<u32>(args, 24), <usize>channels << 2, load<u32>(args, 44),
      load<u32>(args, 48), table,
    )
    fetch(2, first, depth, down, across, load<u32>(args, 4), rows, columns, alongX, 0, 0, table)
    for (let k: u32 = 0; k < depth; k += 4) {
      const count = min(4, depth - k)
      locate(
        table, first + k, count, down, across,
        load<u32>(args), load<u32>(args, 20), load<u32>(args, 24), <usize>channels << 2, load<u32>(args, 44),
        load<u32>(args, 48), edges, load<u32>(args, 4), rows, columns, alongY, alongX,
      )
      for (let i: u32 = 0; i < count; i++) {
        const entry = table + <usize>i * PATCH
        const at = <usize>(k + i) << 5
        transformPatch(
          load<u32>(entry), load<u32>(entry, 4), load<u32>(entry, 8), channels >> 2, panels + at, length, matrixA,
        )
        transformPlaces(
          <usize>load<u32>(entry, 12) + (<usize>begin << 2), alongY, alongX, load<u32>(entry, 16), load<u32>(entry, 20),
          end - begin >> 3, slivers + (<usize>begin >> 3) * length + at, length, matrixB,
        )
      }
    }
    for (let p: u32 = 0; p < 16; p++) {
      const a = panels + p * matrixA, b = slivers + p * matrixB, c = sums + p * matrixC
      for (let n = begin; n < end; n += 8) {
        let panel = a, to = c + (<usize>n << 2)
        for (let t: u32 = 0; t << 2 < channels; t++, to += alongX << 2) {
          four(panel, b + (<usize>(n >> 3) * length), length, to, alongX, first != 0 ? to : 0, alongX)
          panel = next(panel, t, length)
        }
      }
    }
  }
  const out = <usize>load<u32>(args, 8)
  if (patches == 0) memory.fill(out, 0, 9 * sum)
  else
    for (let row: usize = 0; row < sum; row += alongX)
      for (let at = row + (<usize>begin << 2); at < row + (<usize>end << 2); at += 16)
        transformGradient(sums + at, matrixC, out + at, 3 * sum, sum)
}
