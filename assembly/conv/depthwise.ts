// depthwise: what `convolve` computes, for groups of one channel taken or given; of the same words, but [26] is 1 if the
// weights were packed by `depthwiseFilters`. Vectors run over the groups, so that a place takes one multiplication for
// each tap and channel, and nothing is packed but the weights.
//
// An element's sum runs over (tap, channel of the group) in the order of the taps given, from zero; taps outside of the
// image take no part. So its bits depend on its window only. The rows of the taps only rise, or only fall.
//
// Scratch: entries of the taps (taps.ts), those inside of the image at one place, and the weights: for each channel
// given and eight groups 32 bytes a (tap, channel taken).
import { epilogue } from '../epilogue'
import { multiplyAdd } from '../multiply-add'
import { gatherLanes, putLanes, scatterLanes } from './lanes'
import { endInside, endWhole, firstInside, firstWhole, inside, locateTaps } from './taps'

/** Four places of eight groups, `blocks` times; a group's channel taken lies beside the next one's. */
function four(
  x: usize, step: usize, weights: usize, length: usize, entries: usize, end: usize, y: usize, place: usize, lane: usize,
  blocks: u32,
): void {
  for (; blocks != 0; blocks--) {
    let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00
    let w = weights
    for (let entry = entries; entry != end; entry += 8, w += 32) {
      const x0 = x + <usize>load<u32>(entry), x1 = x0 + step, x2 = x1 + step, x3 = x2 + step
      const w0 = v128.load(w), w1 = v128.load(w, 16)
      s00 = multiplyAdd(s00, v128.load(x0), w0), s01 = multiplyAdd(s01, v128.load(x0, 16), w1)
      s10 = multiplyAdd(s10, v128.load(x1), w0), s11 = multiplyAdd(s11, v128.load(x1, 16), w1)
      s20 = multiplyAdd(s20, v128.load(x2), w0), s21 = multiplyAdd(s21, v128.load(x2, 16), w1)
      s30 = multiplyAdd(s30, v128.load(x3), w0), s31 = multiplyAdd(s31, v128.load(x3, 16), w1)
    }
    putLanes(y, lane, s00, s01)
    putLanes(y + place, lane, s10, s11)
    putLanes(y + 2 * place, lane, s20, s21)
    putLanes(y + 3 * place, lane, s30, s31)
    x += 32
    y += lane << 3
    weights += length
  }
}

/** One place of all groups; what neighbouring groups take lies `from` bytes apart, what they give `lane` bytes. */
function one(
  x: usize, from: usize, weights: usize, length: usize, entries: usize, end: usize, y: usize, lane: usize, groups: u32,
): void {
  for (; groups >= 8; groups -= 8) {
    let s0 = f32x4.splat(0), s1 = s0
    for (let entry = entries; entry != end; entry += 8) {
      const at = x + <usize>load<u32>(entry), w = weights + <usize>load<u32>(entry, 4)
      s0 = multiplyAdd(s0, gatherLanes(at, from, 4), v128.load(w))
      s1 = multiplyAdd(s1, gatherLanes(at + (from << 2), from, 4), v128.load(w, 16))
    }
    putLanes(y, lane, s0, s1)
    x += from << 3
    y += lane << 3
    weights += length
  }
  while (groups != 0) {
    const some = min(groups, 4)
    let sum = f32x4.splat(0)
    for (let entry = entries; entry != end; entry += 8) {
      const w = v128.load(weights + <usize>load<u32>(entry, 4))
      sum = multiplyAdd(sum, gatherLanes(x + <usize>load<u32>(entry), from, some), w)
    }
    scatterLanes(y, lane, sum, some)
    x += from << 2
    y += lane << 2
    weights += 16
    groups -= some
  }
}

/** The weights of all groups for each channel given, zeros past the last group. */
function packWeights(args: usize, to: usize): void {
  const weights = <usize>load<u32>(args, 4), groups = load<u32>(args, 76), taken = load<u32>(args, 80)
  const given = load<u32>(args, 84), alongK = <usize>load<u32>(args, 88) << 2, alongN = <usize>load<u32>(args, 92) << 2
  const apart = <usize>load<u32>(args, 96) << 2, k = load<u32>(args, 100) * taken
  for (let n: u32 = 0; n < given; n++)
    for (let g: u32 = 0; g < groups; g += 8)
      for (let i: u32 = 0; i < k; i++, to += 32) {
        const tap = args + 112 + <usize>(i / taken) * 12, low = min(groups - g, 4), high = min(groups - g, 8) - low
        const from = weights + (<usize>load<u32>(tap, 8) << 2) + (i % taken) * alongK + n * alongN + g * apart
        v128.store(to, gatherLanes(from, apart, low))
        v128.store(to, high == 0 ? f32x4.splat(0) : gatherLanes(from + (apart << 2), apart, high), 16)
      }
}

/** Packs all weights; record as that of `depthwise`. */
export function depthwiseFilters(args: usize): void {
  packWeights(args, <usize>load<u32>(args, 8))
}

export function depthwise(args: usize): void {
  const images = load<u32>(args, 16), height = load<u32>(args, 20), width = load<u32>(args, 24)
  const pixel = <usize>load<u32>(args, 28) << 2, rows = load<u32>(args, 32), columns = load<u32>(args, 36)
  const stepY = load<u32>(args, 40), stepX = load<u32>(args, 44), step = stepX * pixel
  const place = <usize>load<u32>(args, 56) << 2, line = load<u32>(args, 52) * place
  const image = load<u32>(args, 48) * line, down = load<u32>(args, 60) * line, right = load<u32>(args, 64) * place
  const groups = load<u32>(args, 76), taken = load<u32>(args, 80), given = load<u32>(args, 84)
  const count = load<u32>(args, 100), taps = args + 112, k = count * taken
  const from = <usize>taken << 2, lane = <usize>given << 2, length = <usize>k << 5
  const blocks = groups >> 3, rest = groups & 7, past = <usize>blocks << 5
  const entries = <usize>load<u32>(args, 12), edge = entries + (<usize>k << 3)
  const kept = load<u32>(args, 104) != 0, weights = kept ? <usize>load<u32>(args, 4) : edge + (<usize>k << 3)
  const packed = <usize>((groups + 7) >> 3) * length
  locateTaps(taps, 12, count, taken, width, <u32>pixel, entries)
  if (!kept) packWeights(args, weights)
  const low = firstWhole(taps, 12, count, stepX, columns)
  const high = endWhole(taps, 12, count, stepX, columns, low, width)
  const out = <usize>load<u32>(args, 8) + load<u32>(args, 68) * line + load<u32>(args, 72) * place
  for (let n: u32 = 0; n < images; n++)
    for (let row: u32 = 0; row < rows; row++) {
      const first = firstInside(taps, 12, count, row * stepY, height)
      const end = endInside(taps, 12, count, first, row * stepY, height)
      const begin = entries + (<usize>(first * taken) << 3), stop = entries + (<usize>(end * taken) << 3)
      let x = <usize>load<u32>(args) + <usize>((n * height + row * stepY) * width) * pixel
      let y = out + n * image + row * down
      for (let column: u32 = 0; column < columns;) {
        const whole = column >= low && column < high
        if (whole && taken == 1 && column + 4 <= high) {
          for (let m: u32 = 0; m < given; m++) {
            const w = weights + m * packed
            four(x, step, w + (<usize>first << 5), length, begin, stop, y + (m << 2), right, lane, blocks)
            for (let i: u32 = 0; i < 4 && rest != 0; i++)
              one(
                x + i * step + past, from, w + blocks * length, length, begin, stop,
                y + i * right + blocks * 8 * lane + (m << 2), lane, rest,
              )
          }
          column += 4
          x += 4 * step
          y += 4 * right
        } else {
          const at = whole ? begin : edge
          const last = whole ? stop : inside(taps, 12, first, end, taken, column * stepX, width, entries, edge)
          for (let m: u32 = 0; m < given; m++)
            one(x, from, weights + m * packed, length, at, last, y + (m << 2), lane, groups)
          column++
          x += step
          y += right
        }
      }
      const done = (n * rows + row) * columns
      epilogue(<usize>load<u32>(args, 108), done, done + columns)
    }
}
