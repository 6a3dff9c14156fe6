// The transforms of Winograd's minimal filtering F(2x2, 3x3), four channels at a time (Lavin & Gray, "Fast Algorithms
// for Convolutional Neural Networks", 2016): y = A' [(G g G') * (B' d B)] A with a 4x4 patch d of the image, the 3x3
// filter g, and 2x2 places y. Element p = 4 i + j of a transformed patch stands `along` bytes after element p - 1.

import { next } from './pack'

/** Pixel j of a row of a patch: `along` bytes from each other, or, if STEP, in two parts of a plane and STEP bytes apart. */
// @ts-ignore: decorator
@inline
function pixel(STEP: u32, j: u32, p: usize, along: usize): v128 {
  if (STEP == 0) return v128.load(p + j * along)
  const at = j & 1 ? p + along : p
  if (j < 2) return v128.load(at)
  return STEP == 4 ? v128.load(at, 4) : v128.load(at, 32)
}

/** B' d B of a patch whose rows are alongY bytes apart: additions only. */
// @ts-ignore: decorator
@inline
function image(STEP: u32, from: usize, alongY: usize, alongX: usize, to: usize, along: usize): void {
  let p = from
  let d0 = pixel(STEP, 0, p, alongX), d1 = pixel(STEP, 1, p, alongX)
  let d2 = pixel(STEP, 2, p, alongX), d3 = pixel(STEP, 3, p, alongX)
  const a0 = f32x4.sub(d0, d2), a1 = f32x4.add(d1, d2), a2 = f32x4.sub(d2, d1), a3 = f32x4.sub(d1, d3)
  p += alongY
  d0 = pixel(STEP, 0, p, alongX), d1 = pixel(STEP, 1, p, alongX)
  d2 = pixel(STEP, 2, p, alongX), d3 = pixel(STEP, 3, p, alongX)
  const b0 = f32x4.sub(d0, d2), b1 = f32x4.add(d1, d2), b2 = f32x4.sub(d2, d1), b3 = f32x4.sub(d1, d3)
  p += alongY
  d0 = pixel(STEP, 0, p, alongX), d1 = pixel(STEP, 1, p, alongX)
  d2 = pixel(STEP, 2, p, alongX), d3 = pixel(STEP, 3, p, alongX)
  const c0 = f32x4.sub(d0, d2), c1 = f32x4.add(d1, d2), c2 = f32x4.sub(d2, d1), c3 = f32x4.sub(d1, d3)
  let q = to
  v128.store(q, f32x4.sub(a0, c0))
  q += along
  v128.store(q, f32x4.sub(a1, c1))
  q += along
  v128.store(q, f32x4.sub(a2, c2))
  q += along
  v128.store(q, f32x4.sub(a3, c3))
  q += along
  v128.store(q, f32x4.add(b0, c0))
  q += along
  v128.store(q, f32x4.add(b1, c1))
  q += along
  v128.store(q, f32x4.add(b2, c2))
  q += along
  v128.store(q, f32x4.add(b3, c3))
  q += along
  v128.store(q, f32x4.sub(c0, b0))
  q += along
  v128.store(q, f32x4.sub(c1, b1))
  q += along
  v128.store(q, f32x4.sub(c2, b2))
  q += along
  v128.store(q, f32x4.sub(c3, b3))
  q += along
  p += alongY
  d0 = pixel(STEP, 0, p, alongX), d1 = pixel(STEP, 1, p, alongX)
  d2 = pixel(STEP, 2, p, alongX), d3 = pixel(STEP, 3, p, alongX)
  v128.store(q, f32x4.sub(b0, f32x4.sub(d0, d2)))
  q += along
  v128.store(q, f32x4.sub(b1, f32x4.add(d1, d2)))
  q += along
  v128.store(q, f32x4.sub(b2, f32x4.sub(d2, d1)))
  q += along
  v128.store(q, f32x4.sub(b3, f32x4.sub(d1, d3)))
}

/** The same for four times `quads` channels of a patch, as a k of the panels of matrices, `length` bytes each. */
export function transformPatch(
  from: usize, alongY: usize, alongX: usize, quads: u32, to: usize, length: usize, along: usize,
): void {
  for (let t: u32 = 0; t < quads; t++, from += 16) {
    image(0, from, alongY, alongX, to, along)
    to = next(to, t, length)
  }
}

/** The same for four patches side by side in each of four planes, as four k's of a panel. */
export function transformPlanes(
  from: usize, plane: usize, slot: usize, part: usize, to: usize, along: usize,
): void {
  for (const end = to + 128; to != end; to += 32, from += plane) image(4, from, slot, part, to, along)
}

/** The same for four patches that were gathered. */
export function transformGathered(from: usize, to: usize, along: usize): void {
  for (const end = to + 128; to != end; to += 32, from += 512) image(32, from, 128, 64, to, along)
}

/** One row of G g G', from a row of G g. */
// @ts-ignore: decorator
@inline
function filterRow(g0: v128, g1: v128, g2: v128, to: usize, along: usize): void {
  const half = f32x4.splat(0.5), outer = f32x4.add(g0, g2)
  v128.store(to, g0)
  v128.store(to + along, f32x4.mul(f32x4.add(outer, g1), half))
  v128.store(to + (along << 1), f32x4.mul(f32x4.sub(outer, g1), half))
  v128.store(to + (along << 1) + along, g2)
}

/** G g G' of the filter whose rows are alongY and elements alongX bytes apart (either may be negative). */
export function transformFilter(from: usize, alongY: usize, alongX: usize, to: usize, along: usize): void {
  const half = f32x4.splat(0.5), x2 = alongX + alongX, row = along << 2
  const a0 = v128.load(from), a1 = v128.load(from + alongX), a2 = v128.load(from + x2)
  from += alongY
  const b0 = v128.load(from), b1 = v128.load(from + alongX), b2 = v128.load(from + x2)
  from += alongY
  const c0 = v128.load(from), c1 = v128.load(from + alongX), c2 = v128.load(from + x2)
  filterRow(a0, a1, a2, to, along)
  const o0 = f32x4.add(a0, c0), o1 = f32x4.add(a1, c1), o2 = f32x4.add(a2, c2)
  filterRow(
    f32x4.mul(f32x4.add(o0, b0), half), f32x4.mul(f32x4.add(o1, b1), half), f32x4.mul(f32x4.add(o2, b2), half),
    to + row, along,
  )
  filterRow(
    f32x4.mul(f32x4.sub(o0, b0), half), f32x4.mul(f32x4.sub(o1, b1), half), f32x4.mul(f32x4.sub(o2, b2), half),
    to + 2 * row, along,
  )
  filterRow(c0, c1, c2, to + 3 * row, along)
}

/**
 * A' m A: 2x2 places, of which those with a row below `rows` and a column below `columns` are stored. Of four channels,
 * `quads` times; an element of m stands 64 bytes after the one before.
 */
export function transformResult(
  from: usize, to: usize, alongY: usize, alongX: usize, rows: u32, columns: u32, quads: u32,
): void {
  const right = to + alongX, below = to + alongY, beyond = below + alongX
  let at: usize = 0
  const end = <usize>quads << 4
  do {
    let m0 = v128.load(from), m1 = v128.load(from, 64), m2 = v128.load(from, 128), m3 = v128.load(from, 192)
    let s = f32x4.add(f32x4.add(m0, m1), m2), t = f32x4.sub(f32x4.sub(m1, m2), m3)
    let y00 = s, y01 = t
    m0 = v128.load(from, 256), m1 = v128.load(from, 320), m2 = v128.load(from, 384), m3 = v128.load(from, 448)
    s = f32x4.add(f32x4.add(m0, m1), m2), t = f32x4.sub(f32x4.sub(m1, m2), m3)
    y00 = f32x4.add(y00, s), y01 = f32x4.add(y01, t)
    let y10 = s, y11 = t
    m0 = v128.load(from, 512), m1 = v128.load(from, 576), m2 = v128.load(from, 640), m3 = v128.load(from, 704)
    s = f32x4.add(f32x4.add(m0, m1), m2), t = f32x4.sub(f32x4.sub(m1, m2), m3)
    v128.store(to + at, f32x4.add(y00, s))
    if (columns > 1) v128.store(right + at, f32x4.add(y01, t))
    y10 = f32x4.sub(y10, s), y11 = f32x4.sub(y11, t)
    if (rows > 1) {
      m0 = v128.load(from, 768), m1 = v128.load(from, 832), m2 = v128.load(from, 896), m3 = v128.load(from, 960)
      s = f32x4.add(f32x4.add(m0, m1), m2), t = f32x4.sub(f32x4.sub(m1, m2), m3)
      v128.store(below + at, f32x4.sub(y10, s))
      if (columns > 1) v128.store(beyond + at, f32x4.sub(y11, t))
    }
    from += 16
    at += 16
  } while (at != end)
}

/** One row of A y A', from a row of A y: of eight channels. */
// @ts-ignore: decorator
@inline
function placesRow(y0: v128, y1: v128, z0: v128, z1: v128, to: usize, along: usize): usize {
  v128.store(to, y0)
  v128.store(to, z0, 16)
  to += along
  v128.store(to, f32x4.add(y0, y1))
  v128.store(to, f32x4.add(z0, z1), 16)
  to += along
  v128.store(to, f32x4.sub(y0, y1))
  v128.store(to, f32x4.sub(z0, z1), 16)
  to += along
  v128.store(to, f32x4.neg(y1))
  v128.store(to, f32x4.neg(z1), 16)
  return to + along
}

/**
 * A y A' of 2x2 places of eight times `eights` channels, as a k of the panels of matrices, `length` bytes each; places
 * outside of `rows` x `columns` count as zeros.
 */
export function transformPlaces(
  from: usize, alongY: usize, alongX: usize, rows: u32, columns: u32, eights: u32, to: usize, length: usize, along: usize,
): void {
  const zero = f32x4.splat(0), right = columns > 1, below = rows > 1, beyond = right && below
  for (; eights != 0; eights--, from += 32, to += length) {
    const x = from + alongX, y = from + alongY, z = y + alongX
    const y00 = v128.load(from), z00 = v128.load(from, 16)
    const y01 = right ? v128.load(x) : zero, z01 = right ? v128.load(x, 16) : zero
    const y10 = below ? v128.load(y) : zero, z10 = below ? v128.load(y, 16) : zero
    const y11 = beyond ? v128.load(z) : zero, z11 = beyond ? v128.load(z, 16) : zero
    let p = placesRow(y00, y01, z00, z01, to, along)
    p = placesRow(f32x4.add(y00, y10), f32x4.add(y01, y11), f32x4.add(z00, z10), f32x4.add(z01, z11), p, along)
    p = placesRow(f32x4.sub(y00, y10), f32x4.sub(y01, y11), f32x4.sub(z00, z10), f32x4.sub(z01, z11), p, along)
    placesRow(f32x4.neg(y10), f32x4.neg(y11), f32x4.neg(z10), f32x4.neg(z11), p, along)
  }
}

/** One row of G' m G, from a row of G' m. */
// @ts-ignore: decorator
@inline
function gradientRow(m0: v128, m1: v128, m2: v128, m3: v128, to: usize, alongX: usize): void {
  const half = f32x4.splat(0.5), s = f32x4.mul(f32x4.add(m1, m2), half)
  v128.store(to, f32x4.add(m0, s))
  v128.store(to + alongX, f32x4.mul(f32x4.sub(m1, m2), half))
  v128.store(to + (alongX << 1), f32x4.add(s, m3))
}

/** G' m G: the gradient of a filter. */
export function transformGradient(from: usize, along: usize, to: usize, alongY: usize, alongX: usize): void {
  const half = f32x4.splat(0.5), row = along << 2
  for (let i: u32 = 0; i < 3; i++, to += alongY) {
    let p = from
    let m0: v128, m1: v128, m2: v128, m3: v128
    if (i == 1) {
      m0 = middle(p + row, row, half)
      p += along
      m1 = middle(p + row, row, half)
      p += along
      m2 = middle(p + row, row, half)
      p += along
      m3 = middle(p + row, row, half)
    } else {
      const edge: usize = i == 0 ? 0 : 3 * row
      m0 = outer(p + edge, p + row, row, half)
      p += along
      m1 = outer(p + edge, p + row, row, half)
      p += along
      m2 = outer(p + edge, p + row, row, half)
      p += along
      m3 = outer(p + edge, p + row, row, half)
    }
    gradientRow(m0, m1, m2, m3, to, alongX)
  }
}

// @ts-ignore: decorator
@inline
function middle(at: usize, row: usize, half: v128): v128 {
  return f32x4.mul(f32x4.sub(v128.load(at), v128.load(at + row)), half)
}

// @ts-ignore: decorator
@inline
function outer(edge: usize, at: usize, row: usize, half: v128): v128 {
  return f32x4.add(v128.load(edge), f32x4.mul(f32x4.add(v128.load(at), v128.load(at + row)), half))
}
