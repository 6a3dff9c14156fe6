// The transforms of Winograd's minimal filtering F(2x2, 3x3), four channels at a time (Lavin & Gray, "Fast Algorithms
// for Convolutional Neural Networks", 2016): y = A' [(G g G') * (B' d B)] A with a 4x4 patch d of the image, the 3x3
// filter g, and 2x2 places y. Element p = 4 i + j of a transformed patch stands `along` bytes after element p - 1.

/** B' d B of the patch whose rows are alongY and pixels alongX bytes apart: additions only. */
export function transformImage(from: usize, alongY: usize, alongX: usize, to: usize, along: usize): void {
  const x2 = alongX << 1, x3 = x2 + alongX
  let p = from
  let d0 = v128.load(p), d1 = v128.load(p + alongX), d2 = v128.load(p + x2), d3 = v128.load(p + x3)
  const a0 = f32x4.sub(d0, d2), a1 = f32x4.add(d1, d2), a2 = f32x4.sub(d2, d1), a3 = f32x4.sub(d1, d3)
  p += alongY
  d0 = v128.load(p), d1 = v128.load(p + alongX), d2 = v128.load(p + x2), d3 = v128.load(p + x3)
  const b0 = f32x4.sub(d0, d2), b1 = f32x4.add(d1, d2), b2 = f32x4.sub(d2, d1), b3 = f32x4.sub(d1, d3)
  p += alongY
  d0 = v128.load(p), d1 = v128.load(p + alongX), d2 = v128.load(p + x2), d3 = v128.load(p + x3)
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
  d0 = v128.load(p), d1 = v128.load(p + alongX), d2 = v128.load(p + x2), d3 = v128.load(p + x3)
  v128.store(q, f32x4.sub(b0, f32x4.sub(d0, d2)))
  q += along
  v128.store(q, f32x4.sub(b1, f32x4.add(d1, d2)))
  q += along
  v128.store(q, f32x4.sub(b2, f32x4.sub(d2, d1)))
  q += along
  v128.store(q, f32x4.sub(b3, f32x4.sub(d1, d3)))
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

/** A' m A: 2x2 places, of which those with a row below `rows` and a column below `columns` are stored. */
export function transformResult(
  from: usize, along: usize, to: usize, alongY: usize, alongX: usize, rows: u32, columns: u32,
): void {
  let m0 = v128.load(from), m1 = v128.load(from + along)
  let m2 = v128.load(from + (along << 1)), m3 = v128.load(from + (along << 1) + along)
  const row = along << 2
  let s = f32x4.add(f32x4.add(m0, m1), m2), t = f32x4.sub(f32x4.sub(m1, m2), m3)
  let y00 = s, y01 = t
  from += row
  m0 = v128.load(from), m1 = v128.load(from + along)
  m2 = v128.load(from + (along << 1)), m3 = v128.load(from + (along << 1) + along)
  s = f32x4.add(f32x4.add(m0, m1), m2), t = f32x4.sub(f32x4.sub(m1, m2), m3)
  y00 = f32x4.add(y00, s), y01 = f32x4.add(y01, t)
  let y10 = s, y11 = t
  from += row
  m0 = v128.load(from), m1 = v128.load(from + along)
  m2 = v128.load(from + (along << 1)), m3 = v128.load(from + (along << 1) + along)
  s = f32x4.add(f32x4.add(m0, m1), m2), t = f32x4.sub(f32x4.sub(m1, m2), m3)
  y00 = f32x4.add(y00, s), y01 = f32x4.add(y01, t)
  y10 = f32x4.sub(y10, s), y11 = f32x4.sub(y11, t)
  from += row
  m0 = v128.load(from), m1 = v128.load(from + along)
  m2 = v128.load(from + (along << 1)), m3 = v128.load(from + (along << 1) + along)
  s = f32x4.add(f32x4.add(m0, m1), m2), t = f32x4.sub(f32x4.sub(m1, m2), m3)
  y10 = f32x4.sub(y10, s), y11 = f32x4.sub(y11, t)
  v128.store(to, y00)
  if (columns > 1) v128.store(to + alongX, y01)
  if (rows > 1) {
    v128.store(to + alongY, y10)
    if (columns > 1) v128.store(to + alongY + alongX, y11)
  }
}

/** A y A' of 2x2 places; those outside of `rows` x `columns` count as zeros. */
export function transformPlaces(
  from: usize, alongY: usize, alongX: usize, rows: u32, columns: u32, to: usize, along: usize,
): void {
  const zero = f32x4.splat(0)
  const y00 = v128.load(from), y01 = columns > 1 ? v128.load(from + alongX) : zero
  const y10 = rows > 1 ? v128.load(from + alongY) : zero
  const y11 = rows > 1 && columns > 1 ? v128.load(from + alongY + alongX) : zero
  placesRow(y00, y01, to, along)
  placesRow(f32x4.add(y00, y10), f32x4.add(y01, y11), to + (along << 2), along)
  placesRow(f32x4.sub(y00, y10), f32x4.sub(y01, y11), to + (along << 3), along)
  placesRow(f32x4.neg(y10), f32x4.neg(y11), to + along * 12, along)
}

/** One row of A y A', from a row of A y. */
// @ts-ignore: decorator
@inline
function placesRow(y0: v128, y1: v128, to: usize, along: usize): void {
  v128.store(to, y0)
  v128.store(to + along, f32x4.add(y0, y1))
  v128.store(to + (along << 1), f32x4.sub(y0, y1))
  v128.store(to + (along << 1) + along, f32x4.neg(y1))
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
