// groupedFilter: what `convolveFilter` computes, with the same words and bits, for groups of few channels, of which four
// stand in the lanes of every vector; [13] are the groups from the addresses on.
//
// Scratch: the offsets of the places of some rows, for four groups the sums of a chunk and of those before it, as [tap]
// and blocks of up to four channels taken and four given, then part of the gradients and of an image (lane-block.ts).
import { CHUNK } from '../matmul/chunk'
import { arrange, block, lefts, rowsOfPart } from './lane-block'
import { scatterLanes } from './lanes'

/** Adds a chunk's sums to those before it, or takes the place of none. */
function close(sums: usize, totals: usize, first: bool): void {
  for (const end = totals; sums != end; sums += 16, totals += 16) {
    const sum = v128.load(sums)
    v128.store(totals, first ? sum : f32x4.add(v128.load(totals), sum))
  }
}

/** From the totals of four groups to the filters [tap][channel taken][group][channel given], rows `along` bytes apart. */
function put(totals: usize, count: u32, taken: u32, given: u32, out: usize, along: usize, lanes: u32): void {
  for (let t: u32 = 0; t < count; t++)
    for (let i: u32 = 0; i < given; i += 4) {
      const right = min(given - i, 4)
      for (let c: u32 = 0; c < taken;) {
        const left = lefts(taken - c, right)
        for (let at: u32 = 0; at < left; at++)
          for (let j: u32 = 0; j < right; j++, totals += 16)
            scatterLanes(
              out + (t * taken + c + at) * along + (<usize>(i + j) << 2), <usize>given << 2, v128.load(totals), lanes,
            )
        c += left
      }
    }
}

export function groupedFilter(args: usize): void {
  const images = load<u32>(args, 16), height = load<u32>(args, 20), width = load<u32>(args, 24)
  const pixel = <usize>load<u32>(args, 28) << 2, rows = load<u32>(args, 32), columns = load<u32>(args, 36)
  const along = <usize>load<u32>(args, 40) << 2, stepY = load<u32>(args, 44), stepX = load<u32>(args, 48)
  const groups = load<u32>(args, 52), taken = load<u32>(args, 56), given = load<u32>(args, 60)
  const count = load<u32>(args, 64), taps = args + 68
  let top = load<i32>(taps), bottom = top, left = load<i32>(taps, 4), most = left
  for (let t: u32 = 1; t < count; t++) {
    const y = load<i32>(taps + t * 8), x = load<i32>(taps + t * 8, 4)
    top = min(top, y), bottom = max(bottom, y), left = min(left, x), most = max(most, x)
  }
  const span = u32(bottom - top) + 1, wide = (columns - 1) * stepX + u32(most - left) + 1
  const cell = <usize>taken << 4, wideBytes = wide * cell, place = <usize>given << 4
  const tall = min(rowsOfPart(rows, wideBytes, stepY, span), rowsOfPart(rows, columns * place, 1, 1))
  const entries = <usize>load<u32>(args, 12), bytes = count * taken * place
  const sums = entries + (<usize>(tall * columns) << 2) + 15 & ~15, totals = sums + bytes
  const gradients = totals + bytes, part = gradients + tall * columns * place
  for (let i: u32 = 0; i < tall * columns; i++)
    store<u32>(entries + (<usize>i << 2), <u32>(i / columns * stepY * wideBytes + i % columns * stepX * cell))
  for (let g: u32 = 0; g < groups; g += 4) {
    const lanes = min(groups - g, 4)
    memory.fill(totals, 0, bytes)
    let room: u32 = CHUNK, first = true
    for (let n: u32 = 0; n < images; n++)
      for (let row: u32 = 0; row < rows; row += tall) {
        const some = min(tall, rows - row), places = some * columns
        arrange(
          part, <usize>load<u32>(args) + n * height * width * pixel + (g * taken << 2), height, width, pixel,
          <i32>(row * stepY) + top, left, (some - 1) * stepY + span, wide, taken, lanes,
        )
        arrange(
          gradients, <usize>load<u32>(args, 4) + n * rows * columns * along + (g * given << 2), rows, columns, along,
          row, 0, some, columns, given, lanes,
        )
        for (let at: u32 = 0; at < places;) {
          const depth = min(room, places - at), begin = entries + (<usize>at << 2), end = begin + (<usize>depth << 2)
          let sum = sums
          for (let t: u32 = 0; t < count; t++) {
            const tap = taps + t * 8, y = u32(load<i32>(tap) - top), x = u32(load<i32>(tap, 4) - left)
            for (let i: u32 = 0; i < given; i += 4) {
              const right = min(given - i, 4), w = gradients + at * place + (<usize>i << 4)
              for (let c: u32 = 0; c < taken;) {
                const some = lefts(taken - c, right)
                block(
                  some, right, part + y * wideBytes + x * cell + (<usize>c << 4), 16, w, place, begin, end, sum,
                  room != CHUNK,
                )
                sum += some * right << 4
                c += some
              }
            }
          }
          at += depth
          room -= depth
          if (room == 0) {
            close(sums, totals, first)
            room = CHUNK
            first = false
          }
        }
      }
    if (room != CHUNK) close(sums, totals, first)
    put(totals, count, taken, given, <usize>load<u32>(args, 8) + (g * given << 2), along, lanes)
  }
}
