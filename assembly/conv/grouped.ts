// grouped: what `convolve` computes, with the same words and bits, for groups of few channels, of which four stand in the
// lanes of every vector; at most CHUNK (tap, channel of the group). [26] is 1 if the weights were packed by
// `groupedFilters`.
//
// Scratch: the offsets of every (tap, channel taken) from a place, the sums of some places, the weights, by four groups
// and four channels given, as [tap, channel taken][channel given][lane], and part of an image (lane-block.ts).
import { epilogue } from '../epilogue'
import { transpose } from '../matmul/transpose'
import { arrange, block, lefts, rowsOfPart } from './lane-block'
import { gatherLanes, scatterLanes } from './lanes'

/** Bytes of the sums. */
// @ts-ignore: decorator
@inline
const SUMS: usize = 128

function packWeights(args: usize, to: usize): void {
  const weights = <usize>load<u32>(args, 4), groups = load<u32>(args, 76), taken = load<u32>(args, 80)
  const given = load<u32>(args, 84), alongK = <usize>load<u32>(args, 88) << 2, alongN = <usize>load<u32>(args, 92) << 2
  const apart = <usize>load<u32>(args, 96) << 2, count = load<u32>(args, 100)
  for (let g: u32 = 0; g < groups; g += 4)
    for (let n: u32 = 0; n < given; n += 4)
      for (let t: u32 = 0; t < count; t++)
        for (let c: u32 = 0; c < taken; c++)
          for (let i = n; i < min(n + 4, given); i++, to += 16) {
            const from = weights + (<usize>load<u32>(args + 112 + t * 12, 8) << 2) + c * alongK + i * alongN + g * apart
            v128.store(to, gatherLanes(from, apart, min(groups - g, 4)))
          }
}

/** Packs all weights; record as that of `grouped`. */
export function groupedFilters(args: usize): void {
  packWeights(args, <usize>load<u32>(args, 8))
}

/** The sums of `given` (1 to 4) channels of some places to their groups, `apart` bytes from each other. */
function put(sums: usize, places: u32, given: u32, y: usize, place: usize, apart: usize, lanes: u32): void {
  for (; places != 0; places--, y += place) {
    if (given == 4 && lanes == 4) {
      transpose(v128.load(sums), v128.load(sums, 16), v128.load(sums, 32), v128.load(sums, 48), y, apart)
      sums += 64
    } else if (apart == 8 && lanes == 4) {
      const first = v128.load(sums), second = v128.load(sums, 16)
      v128.store(y, v128.shuffle<f32>(first, second, 0, 4, 1, 5))
      v128.store(y, v128.shuffle<f32>(first, second, 2, 6, 3, 7), 16)
      sums += 32
    } else for (let i: usize = 0; i < given; i++, sums += 16) scatterLanes(y + (i << 2), apart, v128.load(sums), lanes)
  }
}

export function grouped(args: usize): void {
  const images = load<u32>(args, 16), height = load<u32>(args, 20), width = load<u32>(args, 24)
  const pixel = <usize>load<u32>(args, 28) << 2, rows = load<u32>(args, 32), columns = load<u32>(args, 36)
  const stepY = load<u32>(args, 40), stepX = load<u32>(args, 44)
  const place = <usize>load<u32>(args, 56) << 2, line = load<u32>(args, 52) * place
  const image = load<u32>(args, 48) * line, down = load<u32>(args, 60) * line, right = load<u32>(args, 64) * place
  const groups = load<u32>(args, 76), taken = load<u32>(args, 80), given = load<u32>(args, 84)
  const count = load<u32>(args, 100), taps = args + 112, k = count * taken, kept = load<u32>(args, 104) != 0
  let top = load<i32>(taps), bottom = top, left = load<i32>(taps, 4), most = left
  for (let t: u32 = 1; t < count; t++) {
    const y = load<i32>(taps + t * 12), x = load<i32>(taps + t * 12, 4)
    top = min(top, y), bottom = max(bottom, y), left = min(left, x), most = max(most, x)
  }
  const span = u32(bottom - top) + 1, wide = (columns - 1) * stepX + u32(most - left) + 1
  const cell = <usize>taken << 4, wideBytes = wide * cell, lane = <usize>given << 2
  const entries = <usize>load<u32>(args, 12), end = entries + (<usize>k << 2), sums = end + 15 & ~15
  const weights = kept ? <usize>load<u32>(args, 4) : sums + SUMS
  const part = kept ? sums + SUMS : weights + (<usize>((groups + 3) >> 2) * k * given << 4)
  for (let i: u32 = 0; i < k; i++) {
    const tap = taps + (i / taken) * 12, y = u32(load<i32>(tap) - top), x = u32(load<i32>(tap, 4) - left)
    store<u32>(entries + (<usize>i << 2), <u32>((y * wide + x) * cell + ((i % taken) << 4)))
  }
  if (!kept) packWeights(args, weights)
  const tall = rowsOfPart(rows, wideBytes, stepY, span)
  const out = <usize>load<u32>(args, 8) + load<u32>(args, 68) * line + load<u32>(args, 72) * place
  for (let n: u32 = 0; n < images; n++)
    for (let row: u32 = 0; row < rows; row += tall) {
      const some = min(tall, rows - row), source = <usize>load<u32>(args) + n * height * width * pixel
      let w = weights
      for (let g: u32 = 0; g < groups; g += 4) {
        const lanes = min(groups - g, 4)
        arrange(
          part, source + (g * taken << 2), height, width, pixel, <i32>(row * stepY) + top, left,
          (some - 1) * stepY + span, wide, taken, lanes,
        )
        for (let i: u32 = 0; i < given; i += 4) {
          const outs = min(given - i, 4), along = <usize>outs << 4
          for (let r: u32 = 0; r < some; r++) {
            let x = part + r * stepY * wideBytes, y = out + n * image + (row + r) * down + (g * given + i << 2)
            for (let column: u32 = 0; column < columns;) {
              const places = lefts(columns - column, outs)
              block(places, outs, x, stepX * cell, w, along, entries, end, sums, false)
              put(sums, places, outs, y, right, lane, lanes)
              column += places
              x += places * stepX * cell
              y += places * right
            }
          }
          w += k * along
        }
      }
      const done = (n * rows + row) * columns
      epilogue(<usize>load<u32>(args, 108), done, done + some * columns)
    }
}
