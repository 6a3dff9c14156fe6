// One sliver of up to eight columns of C, all tiles of a band. C's rows lie where a table says, or `along` bytes apart.
import { four } from '../matmul/four'
import { tile } from '../matmul/tile'
import { ENTRY } from './band'
import { next } from './pack'

/** A tile of four columns or fewer. */
function narrow(a: usize, b: usize, length: usize, spare: usize): void {
  tile(4, 4, a, b, length, spare, 32, false, 0, 0, 0)
}

/** One row of a tile that was computed aside. */
// @ts-ignore: decorator
@inline
function put(from: usize, to: usize, columns: u32, add: bool): void {
  for (let j: usize = 0; j < <usize>columns << 2; j += 4) {
    const sum = load<f32>(from + j)
    store<f32>(to + j, add ? load<f32>(to + j) + sum : sum)
  }
}

/** C's rows at `shift` bytes from the addresses in the table. */
export function scattered(
  panel: usize, sliver: usize, length: usize, table: usize, count: u32, shift: usize, columns: u32, add: bool,
  spare: usize,
): void {
  for (let t: u32 = 0; count != 0; t++) {
    const rows = min(count, 4)
    const c0 = <usize>load<u32>(table, 12) + shift, c1 = <usize>load<u32>(table, 28) + shift
    const along = c1 - c0
    if (
      columns == 8 && rows == 4 &&
      u32(load<u32>(table, 44) - load<u32>(table, 28)) == <u32>along &&
      u32(load<u32>(table, 60) - load<u32>(table, 44)) == <u32>along
    ) four(panel, sliver, length, c0, along, add ? c0 : 0, along)
    else {
      if (columns > 4) four(panel, sliver, length, spare, 32, 0, 0)
      else narrow(panel, sliver, length, spare)
      for (let r: usize = 0; r < rows; r++)
        put(spare + 32 * r, <usize>load<u32>(table + r * ENTRY, 12) + shift, columns, add)
    }
    panel = next(panel, t, length)
    table += 4 * ENTRY
    count -= rows
  }
}

/** C's rows `along` bytes apart from `c` on. */
export function dense(
  panel: usize, sliver: usize, length: usize, c: usize, along: usize, count: u32, columns: u32, add: bool,
  spare: usize,
): void {
  for (let t: u32 = 0; count != 0; t++) {
    const rows = min(count, 4)
    if (columns == 8 && rows == 4) four(panel, sliver, length, c, along, add ? c : 0, along)
    else {
      if (columns > 4) four(panel, sliver, length, spare, 32, 0, 0)
      else narrow(panel, sliver, length, spare)
      for (let r: usize = 0; r < rows; r++) put(spare + 32 * r, c + r * along, columns, add)
    }
    panel = next(panel, t, length)
    c += along << 2
    count -= rows
  }
}
