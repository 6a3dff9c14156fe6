/** Pictures, and how one is drawn from another: windows, mirrors, bilinear sampling. */

export interface Size {
  readonly height: number
  readonly width: number
  readonly channels: number
}

export interface Picture extends Size {
  /** [height, width, channels], row-major */
  readonly pixels: Float32Array
  /** the number that is white, as 0 is black: 255 where pixels were bytes, otherwise 1 */
  readonly white: number
}

/** A picture of the same size: each of its numbers from row, column and channel. */
export const drawn = (x: Picture, at: (i: number, j: number, c: number) => number): Picture => {
  const { height, width, channels } = x
  const pixels = new Float32Array(x.pixels.length)
  let k = 0
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) for (let c = 0; c < channels; c++) pixels[k++] = at(i, j, c)
  return { ...x, pixels }
}

/** The number at a place, 0 outside of the picture. */
export const at = ({ height, width, channels, pixels }: Picture, i: number, j: number, c: number): number =>
  i < 0 || j < 0 || i >= height || j >= width ? 0 : (pixels[(i * width + j) * channels + c] as number)

/** Between the four numbers around a place, by its distance from them; 0 outside. */
export const bilinear = (x: Picture, row: number, column: number, c: number): number => {
  const [top, left] = [Math.floor(row), Math.floor(column)]
  const [down, right] = [row - top, column - left]
  const above = at(x, top, left, c) * (1 - right) + at(x, top, left + 1, c) * right
  const below = at(x, top + 1, left, c) * (1 - right) + at(x, top + 1, left + 1, c) * right
  return above * (1 - down) + below * down
}

/** Left and right exchanged. */
export const mirrored = (x: Picture): Picture => drawn(x, (i, j, c) => at(x, i, x.width - 1 - j, c))

/** Top and bottom exchanged. */
export const upended = (x: Picture): Picture => drawn(x, (i, j, c) => at(x, x.height - 1 - i, j, c))

/** The same window of the plane, moved down and to the right over the picture; 0 outside. */
export const moved =
  (down: number, right: number) =>
  (x: Picture): Picture =>
    drawn(x, (i, j, c) => at(x, i + down, j + right, c))

export interface Box {
  readonly top: number
  readonly left: number
  readonly height: number
  readonly width: number
}

export const isInside = ({ top, left, height, width }: Box, i: number, j: number): boolean =>
  i >= top && i < top + height && j >= left && j < left + width

/** The box set to 0. */
export const without =
  (box: Box) =>
  (x: Picture): Picture =>
    drawn(x, (i, j, c) => (isInside(box, i, j) ? 0 : at(x, i, j, c)))

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high)

/** The box at the size of the whole picture: bilinear, half-pixel centers, its edges repeated. */
export const enlarged =
  (box: Box) =>
  (x: Picture): Picture =>
    drawn(x, (i, j, c) =>
      bilinear(
        x,
        box.top + clamp(((i + 0.5) * box.height) / x.height - 0.5, 0, box.height - 1),
        box.left + clamp(((j + 0.5) * box.width) / x.width - 0.5, 0, box.width - 1),
        c,
      ),
    )
