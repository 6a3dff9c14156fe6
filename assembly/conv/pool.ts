// Pools over windows of images: maximum and average, and their gradients, four channels at a time.
//
// Words: [0] images, [1] second operand or 0, [2] out, [3] number of images, [4] height [5] width [6] channels of the
// images, [7] rows [8] columns of places, [9] [10] window, [11] [12] strides, [13] [14] dilations, [15] [16] padding
// before, [17] 1 if no two windows overlap; for averages [18] [19] before and [20] [21] after, the padding that counts.
// The second operand is the gradient at the places, or for `maxPoolPick` the images to pick from.
//
// What lies outside of the image is no candidate for a maximum, and zero for an average. The first maximum in the
// window's order counts, a NaN as the largest of numbers. A sum goes in the window's order, that of gradients in the
// order of the places.
import { storeAtMost } from '../tail'

// @ts-ignore: decorator
@inline
const MAX: i32 = 0
// @ts-ignore: decorator
@inline
const MAX_GRADIENT: i32 = 1
// @ts-ignore: decorator
@inline
const PICK: i32 = 2
// @ts-ignore: decorator
@inline
const AVERAGE: i32 = 3
// @ts-ignore: decorator
@inline
const AVERAGE_GRADIENT: i32 = 4

/** The first tap, of those `dilation` apart from `start` on, that is not below 0. */
// @ts-ignore: decorator
@inline
function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation
}

/** How many taps lie in [low, high). */
// @ts-ignore: decorator
@inline
function within(start: i32, dilation: i32, window: i32, low: i32, high: i32): i32 {
  const first = firstTap(start - low, dilation)
  const end = start >= high ? 0 : min(window, (high - start + dilation - 1) / dilation)
  return max(end - first, 0)
}

/**
 * Four channels at one place, whose bytes start at `place`, and at `tap` in the image those of the window's first tap
 * inside of it, of which there are down x across, stepY and stepX apart.
 */
// @ts-ignore: decorator
@inline
function block(
  MODE: i32, images: usize, second: usize, out: usize, place: usize, tap: usize,
  down: i32, across: i32, stepY: usize, stepX: usize, divisor: f32, alone: bool, lanes: i32,
): void {
  if (MODE == MAX || MODE == AVERAGE) {
    let total = MODE == MAX ? f32x4.splat(-Infinity) : f32x4.splat(0)
    for (let u = 0, line = images + tap; u < down; u++, line += stepY)
      for (let v = 0, at = line; v < across; v++, at += stepX)
        total = MODE == MAX ? f32x4.max(total, v128.load(at)) : f32x4.add(total, v128.load(at))
    storeAtMost(out + place, MODE == MAX ? total : f32x4.div(total, f32x4.splat(divisor)), lanes)
  } else if (MODE == AVERAGE_GRADIENT) {
    const part = f32x4.div(v128.load(second + place), f32x4.splat(divisor))
    for (let u = 0, line = out + tap; u < down; u++, line += stepY)
      for (let v = 0, at = line; v < across; v++, at += stepX)
        storeAtMost(at, alone ? part : f32x4.add(v128.load(at), part), lanes)
  } else {
    let best = v128.load(images + tap), first = i32x4.splat(0), k = 0
    for (let u = 0, line = images + tap; u < down; u++, line += stepY)
      for (let v = 0, at = line; v < across; v++, k++, at += stepX) {
        const x = v128.load(at)
        const better = v128.or(f32x4.gt(x, best), v128.and(f32x4.ne(x, x), f32x4.eq(best, best)))
        best = v128.bitselect(x, best, better)
        first = v128.bitselect(i32x4.splat(k), first, better)
      }
    k = 0
    let value = MODE == PICK ? f32x4.splat(0) : v128.load(second + place)
    for (let u = 0, line = tap + (MODE == PICK ? second : out); u < down; u++, line += stepY)
      for (let v = 0, at = line; v < across; v++, k++, at += stepX) {
        const hit = i32x4.eq(first, i32x4.splat(k))
        if (MODE == PICK) value = v128.bitselect(v128.load(at), value, hit)
        else storeAtMost(at, alone ? v128.and(value, hit) : f32x4.add(v128.load(at), v128.and(value, hit)), lanes)
      }
    if (MODE == PICK) storeAtMost(out + place, value, lanes)
  }
}

/** Where x counts instead of the best so far: where it is greater, or the first that is no number. */
// @ts-ignore: decorator
@inline
function better(x: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(x, best))
}

/** Whether all windows are 2 x 2 pixels side by side, wholly inside, of whole vectors of channels: the usual case. */
// @ts-ignore: decorator
@inline
function isPlain(args: usize): bool {
  const twos = load<u64>(args, 36) == 0x200000002 && load<u64>(args, 44) == 0x200000002
  const ones = load<u64>(args, 52) == 0x100000001 && load<u64>(args, 60) == 0
  const inside = load<u32>(args, 28) << 1 <= load<u32>(args, 16) && load<u32>(args, 32) << 1 <= load<u32>(args, 20)
  return twos && ones && inside && (load<u32>(args, 24) & 3) == 0
}

/** Maxima, or their gradients, under such windows. */
// @ts-ignore: decorator
@inline
function plain(MODE: i32, args: usize): void {
  const images = <usize>load<u32>(args), count = load<u32>(args, 12), rows = load<u32>(args, 28)
  const pixel = <usize>load<u32>(args, 24) << 2, line = load<u32>(args, 20) * pixel
  const image = load<u32>(args, 16) * line, columns = load<u32>(args, 32) * pixel
  let second = <usize>load<u32>(args, 4), out = <usize>load<u32>(args, 8)
  for (let n: u32 = 0; n < count; n++)
    for (let i: u32 = 0; i < rows; i++) {
      const from = n * image + <usize>(i << 1) * line
      for (let place: usize = 0; place < columns; place += pixel)
        for (let c: usize = 0; c < pixel; c += 16) {
          const tap = from + (place << 1) + c, at = images + tap
          const x0 = v128.load(at), x1 = v128.load(at + pixel)
          const x2 = v128.load(at + line), x3 = v128.load(at + line + pixel)
          if (MODE == MAX) {
            v128.store(out, f32x4.max(f32x4.max(f32x4.max(x0, x1), x2), x3))
            out += 16
          } else {
            const b1 = better(x1, x0), m1 = v128.bitselect(x1, x0, b1)
            const b2 = better(x2, m1), b3 = better(x3, v128.bitselect(x2, m1, b2)), b23 = v128.or(b2, b3)
            const g = v128.load(second), to = out + tap
            v128.store(to, v128.andnot(g, v128.or(b1, b23)))
            v128.store(to + pixel, v128.andnot(v128.and(g, b1), b23))
            v128.store(to + line, v128.andnot(v128.and(g, b2), b3))
            v128.store(to + line + pixel, v128.and(g, b3))
            second += 16
          }
        }
    }
}

// @ts-ignore: decorator
@inline
function pool(MODE: i32, args: usize): void {
  const images = <usize>load<u32>(args), second = <usize>load<u32>(args, 4), out = <usize>load<u32>(args, 8)
  const count = load<u32>(args, 12), height = load<i32>(args, 16), width = load<i32>(args, 20)
  const channels = load<i32>(args, 24), rows = load<i32>(args, 28), columns = load<i32>(args, 32)
  const kh = load<i32>(args, 36), kw = load<i32>(args, 40), sy = load<i32>(args, 44), sx = load<i32>(args, 48)
  const dy = load<i32>(args, 52), dx = load<i32>(args, 56), top = load<i32>(args, 60), left = load<i32>(args, 64)
  const alone = load<u32>(args, 68) != 0
  const pixel = <usize>channels << 2, stepY = <usize>(dy * width) * pixel, stepX = <usize>dx * pixel
  let place: usize = 0
  for (let n: u32 = 0; n < count; n++)
    for (let i = 0; i < rows; i++) {
      const y = i * sy - top, u = firstTap(y, dy), down = within(y, dy, kh, 0, height)
      for (let j = 0; j < columns; j++, place += pixel) {
        const x = j * sx - left, v = firstTap(x, dx), across = within(x, dx, kw, 0, width)
        let divisor: f32 = 1
        if (MODE == AVERAGE || MODE == AVERAGE_GRADIENT)
          divisor = <f32>(
            within(y, dy, kh, -load<i32>(args, 72), height + load<i32>(args, 80)) *
            within(x, dx, kw, -load<i32>(args, 76), width + load<i32>(args, 84))
          )
        const empty = down == 0 || across == 0
        const tap = empty ? 0 : <usize>((<i32>n * height + y + u * dy) * width + x + v * dx) * pixel
        for (let c: usize = 0, lanes = channels; lanes > 0; c += 16, lanes -= 4)
          block(
            MODE, images, second, out, place + c, tap + c, empty ? 0 : down, across, stepY, stepX, divisor, alone,
            lanes,
          )
      }
    }
}

export function maxPool(args: usize): void {
  if (isPlain(args)) plain(MAX, args)
  else pool(MAX, args)
}

export function maxPoolGradient(args: usize): void {
  if (isPlain(args)) plain(MAX_GRADIENT, args)
  else pool(MAX_GRADIENT, args)
}

export function maxPoolPick(args: usize): void {
  pool(PICK, args)
}

export function averagePool(args: usize): void {
  pool(AVERAGE, args)
}

export function averagePoolGradient(args: usize): void {
  pool(AVERAGE_GRADIENT, args)
}
