// depthwiseFilter: what `convolveFilter` computes, for groups of one channel; of the same words. Vectors run over the
// groups.
//
// An element sums over the places of all images whose tap is inside of the image, in order, in chunks of so many rows
// of places as have up to CHUNK of them, or of one: each from zero, and the chunks' sums in order.
//
// Scratch: entries of the taps (taps.ts), those inside of the image at one place, a chunk's sums, and all: for each
// filter of a group and eight groups 32 bytes a tap.
import { CHUNK } from '../matmul/chunk'
import { multiplyAdd } from '../multiply-add'
import { gatherLanes, scatterLanes } from './lanes'
import { endInside, endWhole, firstInside, firstWhole, inside, locateTaps } from './taps'

/** Four places of eight groups, `blocks` times; gradients of neighbouring groups are `lane` bytes apart. */
function four(
  x: usize, step: usize, y: usize, place: usize, lane: usize, sums: usize, length: usize, entries: usize, end: usize,
  blocks: u32,
): void {
  for (; blocks != 0; blocks--) {
    const y1 = y + place, y2 = y1 + place, y3 = y2 + place, half = lane << 2
    const g00 = gatherLanes(y, lane, 4), g01 = gatherLanes(y + half, lane, 4)
    const g10 = gatherLanes(y1, lane, 4), g11 = gatherLanes(y1 + half, lane, 4)
    const g20 = gatherLanes(y2, lane, 4), g21 = gatherLanes(y2 + half, lane, 4)
    const g30 = gatherLanes(y3, lane, 4), g31 = gatherLanes(y3 + half, lane, 4)
    let sum = sums
    for (let entry = entries; entry != end; entry += 8, sum += 32) {
      const x0 = x + <usize>load<u32>(entry), x1 = x0 + step, x2 = x1 + step, x3 = x2 + step
      let s0 = multiplyAdd(v128.load(sum), v128.load(x0), g00)
      let s1 = multiplyAdd(v128.load(sum, 16), v128.load(x0, 16), g01)
      s0 = multiplyAdd(s0, v128.load(x1), g10), s1 = multiplyAdd(s1, v128.load(x1, 16), g11)
      s0 = multiplyAdd(s0, v128.load(x2), g20), s1 = multiplyAdd(s1, v128.load(x2, 16), g21)
      s0 = multiplyAdd(s0, v128.load(x3), g30), s1 = multiplyAdd(s1, v128.load(x3, 16), g31)
      v128.store(sum, s0)
      v128.store(sum, s1, 16)
    }
    x += 32
    y += lane << 3
    sums += length
  }
}

/** One place of all groups. */
function one(
  x: usize, y: usize, lane: usize, sums: usize, length: usize, entries: usize, end: usize, groups: u32,
): void {
  for (let at = sums, half: usize = 0; groups != 0;) {
    const some = min(groups, 4), g = gatherLanes(y, lane, some)
    for (let entry = entries; entry != end; entry += 8) {
      const sum = at + <usize>load<u32>(entry, 4)
      v128.store(sum, multiplyAdd(v128.load(sum), gatherLanes(x + <usize>load<u32>(entry), 4, some), g))
    }
    x += 16
    y += lane << 2
    groups -= some
    at += half == 0 ? 16 : length - 16
    half ^= 1
  }
}

/** Adds the chunk's sums to all, and begins anew. */
function close(sums: usize, all: usize, bytes: usize): void {
  for (const end = sums + bytes; sums != end; sums += 16, all += 16) {
    v128.store(all, f32x4.add(v128.load(all), v128.load(sums)))
    v128.store(sums, f32x4.splat(0))
  }
}

/** From `all` to the filters [tap, filter]. */
function put(all: usize, count: u32, groups: u32, given: u32, out: usize): void {
  const lane = <usize>given << 2, along = groups * lane
  for (let m: u32 = 0; m < given; m++)
    for (let g: u32 = 0; g < groups; g += 8)
      for (let t: u32 = 0; t < count; t++, all += 32) {
        const to = out + t * along + g * lane + (m << 2), low = min(groups - g, 4), high = min(groups - g, 8) - low
        scatterLanes(to, lane, v128.load(all), low)
        if (high != 0) scatterLanes(to + (lane << 2), lane, v128.load(all, 16), high)
      }
}

export function depthwiseFilter(args: usize): void {
  const height = load<u32>(args, 20), width = load<u32>(args, 24), pixel = <usize>load<u32>(args, 28) << 2
  const rows = load<u32>(args, 32), columns = load<u32>(args, 36), place = <usize>load<u32>(args, 40) << 2
  const stepY = load<u32>(args, 44), stepX = load<u32>(args, 48), step = stepX * pixel
  const groups = load<u32>(args, 52), given = load<u32>(args, 60), count = load<u32>(args, 64), taps = args + 68
  const lane = <usize>given << 2, length = <usize>count << 5, blocks = groups >> 3, rest = groups & 7
  const entries = <usize>load<u32>(args, 12), edge = entries + (<usize>count << 3), sums = edge + (<usize>count << 3)
  const matrix = <usize>((groups + 7) >> 3) * length, bytes = given * matrix, all = sums + bytes
  const chunk = max(1, CHUNK / columns), lines = load<u32>(args, 16) * rows
  locateTaps(taps, 8, count, 1, width, <u32>pixel, entries)
  memory.fill(sums, 0, 2 * bytes)
  const low = firstWhole(taps, 8, count, stepX, columns)
  const high = endWhole(taps, 8, count, stepX, columns, low, width)
  let y = <usize>load<u32>(args, 4)
  for (let line: u32 = 0; line < lines; line++) {
    const row = line % rows, index = line / rows
    const first = firstInside(taps, 8, count, row * stepY, height)
    const end = endInside(taps, 8, count, first, row * stepY, height)
    const begin = entries + (<usize>first << 3), stop = entries + (<usize>end << 3)
    let x = <usize>load<u32>(args) + <usize>((index * height + row * stepY) * width) * pixel
    for (let column: u32 = 0; column < columns;) {
      const whole = column >= low && column < high
      if (whole && column + 4 <= high) {
        for (let m: u32 = 0; m < given; m++) {
          const to = sums + m * matrix
          four(x, step, y + (m << 2), place, lane, to + (<usize>first << 5), length, begin, stop, blocks)
          for (let i: u32 = 0; i < 4 && rest != 0; i++)
            one(
              x + i * step + (<usize>blocks << 5), y + i * place + blocks * 8 * lane + (m << 2), lane,
              to + blocks * length, length, begin, stop, rest,
            )
        }
        column += 4
        x += 4 * step
        y += 4 * place
      } else {
        const at = whole ? begin : edge
        const last = whole ? stop : inside(taps, 8, first, end, 1, column * stepX, width, entries, edge)
        for (let m: u32 = 0; m < given; m++) one(x, y + (m << 2), lane, sums + m * matrix, length, at, last, groups)
        column++
        x += step
        y += place
      }
    }
    if ((line + 1) % chunk == 0) close(sums, all, bytes)
  }
  if (lines % chunk != 0) close(sums, all, bytes)
  put(all, count, groups, given, <usize>load<u32>(args, 8))
}
