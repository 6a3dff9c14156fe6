// The transforms of Winograd's minimal filtering F(4x4, 3x3), at the points 0, -1, 1, 2, -1/2 and infinity: with a half
// and a two the errors are about a third of those with 2 and -2 (Barabasz, Anderson, Soodhalter & Gregg 2020, "Error
// analysis and improving the accuracy of Winograd convolution for deep neural networks"). Of four channels at a time,
// first the rows, then in place the columns. As for F(2x2, 3x3), element p of the result stands `along` bytes after
// element p - 1.

/** B' d of a row or a column, to six places `along` bytes apart. */
// @ts-ignore: decorator
@inline
function image(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, along: usize): void {
  const two = f32x4.splat(2), half = f32x4.splat(0.5), more = f32x4.splat(1.5)
  let p = to
  v128.store(p, f32x4.add(f32x4.sub(f32x4.add(d0, d4), f32x4.mul(two, d2)), f32x4.mul(more, f32x4.sub(d1, d3))))
  const c = f32x4.sub(d4, d2), e = f32x4.sub(d3, d1)
  const a = f32x4.sub(c, f32x4.mul(more, d3)), b = f32x4.sub(f32x4.mul(more, d2), e)
  p += along
  v128.store(p, f32x4.add(a, b))
  p += along
  v128.store(p, f32x4.sub(a, b))
  p += along
  v128.store(p, f32x4.add(c, f32x4.mul(half, e)))
  p += along
  v128.store(p, f32x4.sub(c, f32x4.mul(two, e)))
  v128.store(p + along, f32x4.sub(f32x4.sub(f32x4.add(d1, d5), f32x4.mul(two, d3)), f32x4.mul(more, c)))
}

/** B' d B of a patch whose rows are alongY bytes apart, pixels in parts of a plane, of which there are four, and STEP bytes. */
// @ts-ignore: decorator
@inline
function patch(STEP: u32, from: usize, alongY: usize, part: usize, to: usize, along: usize): void {
  const row = along * 6
  for (let r: u32 = 0; r < 6; r++, from += alongY) {
    const second = from + part, third = second + part
    const d4 = STEP == 4 ? v128.load(from, 4) : v128.load(from, 32)
    const d5 = STEP == 4 ? v128.load(second, 4) : v128.load(second, 32)
    image(
      v128.load(from), v128.load(second), v128.load(third), v128.load(third + part), d4, d5, to + r * row, along,
    )
  }
  for (let c: u32 = 0; c < 6; c++, to += along) {
    let p = to
    const d0 = v128.load(p)
    p += row
    const d1 = v128.load(p)
    p += row
    const d2 = v128.load(p)
    p += row
    const d3 = v128.load(p)
    p += row
    image(d0, d1, d2, d3, v128.load(p), v128.load(p + row), to, row)
  }
}

/** The same for four patches side by side in each of four planes, as four k's of a panel. */
export function transformPlanes4(
  from: usize, plane: usize, slot: usize, part: usize, to: usize, along: usize,
): void {
  for (const end = to + 128; to != end; to += 32, from += plane) patch(4, from, slot, part, to, along)
}

/** The same for four patches that were gathered. */
export function transformGathered4(from: usize, to: usize, along: usize): void {
  for (const end = to + 128; to != end; to += 32, from += 1536) patch(32, from, 256, 64, to, along)
}

/** G g of a row or a column. */
// @ts-ignore: decorator
@inline
function filter(g0: v128, g1: v128, g2: v128, to: usize, along: usize): void {
  const third = f32x4.splat(1.0 / 3.0), few = f32x4.splat(1.0 / 15.0), many = f32x4.splat(-16.0 / 15.0)
  const two = f32x4.splat(2), half = f32x4.splat(0.5)
  let p = to
  v128.store(p, g0)
  const outer = f32x4.add(g0, g2)
  p += along
  v128.store(p, f32x4.mul(third, f32x4.sub(outer, g1)))
  p += along
  v128.store(p, f32x4.neg(f32x4.mul(third, f32x4.add(outer, g1))))
  p += along
  v128.store(p, f32x4.mul(few, f32x4.add(g0, f32x4.mul(two, f32x4.add(g1, f32x4.mul(two, g2))))))
  p += along
  v128.store(p, f32x4.mul(many, f32x4.sub(g0, f32x4.mul(half, f32x4.sub(g1, f32x4.mul(half, g2))))))
  v128.store(p + along, g2)
}

/** G g G' of the filter whose rows are alongY and elements alongX bytes apart (either may be negative). */
export function transformFilter4(from: usize, alongY: usize, alongX: usize, to: usize, along: usize): void {
  const row = along * 6
  for (let r: u32 = 0; r < 3; r++, from += alongY)
    filter(v128.load(from), v128.load(from + alongX), v128.load(from + alongX + alongX), to + r * row, along)
  for (let c: u32 = 0; c < 6; c++, to += along)
    filter(v128.load(to), v128.load(to + row), v128.load(to + (row << 1)), to, row)
}

/**
 * A' m A: 4x4 places, of which those with a row below `rows` and a column below `columns` are stored; m is used up. Of
 * four channels, `quads` times; an element of m stands 64 bytes after the one before.
 */
export function transformResult4(
  from: usize, to: usize, alongY: usize, alongX: usize, rows: u32, columns: u32, quads: u32,
): void {
  for (; quads != 0; quads--, from += 16, to += 16) result(from, 64, to, alongY, alongX, rows, columns)
}

// @ts-ignore: decorator
@inline
function result(
  from: usize, along: usize, to: usize, alongY: usize, alongX: usize, rows: u32, columns: u32,
): void {
  const row = along * 6, two = f32x4.splat(2), four = f32x4.splat(4), eight = f32x4.splat(8)
  const half = f32x4.splat(0.5), quarter = f32x4.splat(0.25), eighth = f32x4.splat(0.125)
  for (let r: u32 = 0; r < 6; r++) {
    let p = from + r * row
    const at = p, m0 = v128.load(p)
    p += along
    const m1 = v128.load(p)
    p += along
    const m2 = v128.load(p)
    p += along
    const m3 = v128.load(p)
    p += along
    const m4 = v128.load(p), m5 = v128.load(p + along)
    const a = f32x4.add(m1, m2), b = f32x4.sub(m2, m1)
    p = at
    v128.store(p, f32x4.add(f32x4.add(m0, a), f32x4.add(m3, m4)))
    p += along
    v128.store(p, f32x4.add(b, f32x4.sub(f32x4.mul(two, m3), f32x4.mul(half, m4))))
    p += along
    v128.store(p, f32x4.add(a, f32x4.add(f32x4.mul(four, m3), f32x4.mul(quarter, m4))))
    v128.store(p + along, f32x4.add(f32x4.add(b, f32x4.sub(f32x4.mul(eight, m3), f32x4.mul(eighth, m4))), m5))
  }
  for (let j: u32 = 0; j < min(columns, 4); j++, from += along, to += alongX) {
    let p = from
    const m0 = v128.load(p)
    p += row
    const m1 = v128.load(p)
    p += row
    const m2 = v128.load(p)
    p += row
    const m3 = v128.load(p)
    p += row
    const m4 = v128.load(p), m5 = v128.load(p + row)
    const a = f32x4.add(m1, m2), b = f32x4.sub(m2, m1)
    p = to
    v128.store(p, f32x4.add(f32x4.add(m0, a), f32x4.add(m3, m4)))
    p += alongY
    if (rows > 1) v128.store(p, f32x4.add(b, f32x4.sub(f32x4.mul(two, m3), f32x4.mul(half, m4))))
    p += alongY
    if (rows > 2) v128.store(p, f32x4.add(a, f32x4.add(f32x4.mul(four, m3), f32x4.mul(quarter, m4))))
    if (rows > 3) v128.store(p + alongY, f32x4.add(f32x4.add(b, f32x4.sub(f32x4.mul(eight, m3), f32x4.mul(eighth, m4))), m5))
  }
}
