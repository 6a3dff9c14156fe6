// Strips: up to STRIP patches, one after the other, of Winograd's transforms, in planes of one channel each, so that the
// lanes of a vector are patches side by side and a transformed vector is a k of a panel as it is. A plane holds a slot for
// each row of pixels that the patches lie on, those of a patch-row one below the other; patch-rows that follow each other
// share two. Pixel `tile * m + r` from the slot's first patch on stands as element m of the slot's part r (of `tile`).
// Outside of the image there are zeros.
import { transpose } from '../matmul/transpose'
import { touch } from './patch'

/** Patches of a strip, a multiple of eight. */
// @ts-ignore: decorator
@inline
export const STRIP: u32 = 64

/** Channels that are put into planes together, a multiple of four up to sixteen. */
// @ts-ignore: decorator
@inline
export const CHANNELS: u32 = 8

/** Bytes of a slot's part. */
// @ts-ignore: decorator
@inline
export function partBytes(across: u32): usize {
  return <usize>(min(across, STRIP) + 7 & ~3) << 2
}

/** Bytes of a plane. */
// @ts-ignore: decorator
@inline
export function planeBytes(tile: u32, across: u32): usize {
  return <usize>(((STRIP - 1) / across + 2) * (tile + 2) * tile) * partBytes(across) + 64
}

/** Rows of pixels that a patch-row shares with the one before, of which the strip holds patches from `column` on. */
// @ts-ignore: decorator
@inline
export function sharedRows(column: u32, row: u32): u32 {
  return column == 0 && row != 0 ? 2 : 0
}

/**
 * A slot, `count` elements of its parts, `part` bytes each, of four times `quads` channels: pixels from column x on of the
 * row of `width` pixels at `from`, 0 for one that is not there. `zeros` are 64 bytes.
 */
function fill(
  tile: u32, from: usize, x: i32, width: u32, pixel: usize, count: u32, to: usize, part: usize, plane: usize, quads: u32,
  zeros: usize,
): void {
  const there = from ? width : 0
  for (const end = to + (<usize>count << 2); to < end; to += 16, x += 3 * tile) {
    for (let r: u32 = 0, at = to; r < tile; r++, at += part, x++) {
      const x1 = x + tile, x2 = x1 + tile, x3 = x2 + tile
      let p0 = u32(x) < there ? from + <usize>x * pixel : zeros, p1 = u32(x1) < there ? from + <usize>x1 * pixel : zeros
      let p2 = u32(x2) < there ? from + <usize>x2 * pixel : zeros, p3 = u32(x3) < there ? from + <usize>x3 * pixel : zeros
      let q = at
      for (let left = quads; left != 0; left--) {
        transpose(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), q, plane)
        p0 += 16, p1 += 16, p2 += 16, p3 += 16
        q += plane << 2
      }
    }
  }
}

/**
 * Puts patches `first` to `first + count` (at least 1) of images with down x across patches, the first of which starts at
 * -top, -left, into planes of four times `quads` channels. `source` is the first of these channels, `pixel` the bytes of a
 * pixel.
 */
export function fillPlanes(
  tile: u32, first: u32, count: u32, down: u32, across: u32,
  source: usize, height: u32, width: u32, pixel: usize, top: u32, left: u32, quads: u32,
  planes: usize, zeros: usize, spare: usize,
): void {
  const part = partBytes(across), slot = part * tile, plane = planeBytes(tile, across), line = <usize>width * pixel
  let column = first % across, row = first / across % down, image = first / across / down, begin: u32 = 0
  for (;;) {
    const n = min(count, across - column)
    for (let u = begin; u < tile + 2; u++) {
      const y = row * tile + u - top, x = <i32>(column * tile - left)
      const from = y < height ? source + <usize>(image * height + y) * line : 0
      if (spare != 0 && from != 0) {
        const begins = max(x, 0), ends = min(x + (n + 1) * tile, width)
        store<u32>(spare, touch(from + begins * pixel, (ends - begins) * pixel))
      }
      fill(tile, from, x, width, pixel, n + 1, planes + u * slot, part, plane, quads, zeros)
    }
    count -= n
    if (count == 0) return
    if (++row == down) {
      row = 0
      image++
    }
    begin = sharedRows(column, row)
    column = 0
    planes += (tile + 2 - begin) * slot
  }
}

