/** Pictures of the examples: read, cut, made smaller, and put on one sheet. Bytes, three a pixel. */
import { readFileSync, writeFileSync } from 'node:fs'
import { decode, encode } from 'fast-png'

export interface Photo {
  readonly height: number
  readonly width: number
  /** [height, width, 3] */
  readonly pixels: Uint8Array
}

/** A photograph of the folder examples/data. */
export const photo = (name: string): Photo => {
  const { height, width, channels, data } = decode(readFileSync(new URL(`../data/${name}`, import.meta.url)))
  if (channels !== 3 || !(data instanceof Uint8Array)) throw new Error(`${name} has no bytes of red, green and blue`)
  return { height, width, pixels: data }
}

/** The square window of `side` pixels at a place, made `size` pixels wide: means of side / size pixels, a whole number. */
export const cut = ({ width, pixels }: Photo, top: number, left: number, side: number, size: number): Uint8Array => {
  const n = side / size
  return Uint8Array.from({ length: size * size * 3 }, (_, k) => {
    const [row, column, channel] = [Math.floor(k / 3 / size) * n, (Math.floor(k / 3) % size) * n, k % 3]
    let sum = 0
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) sum += pixels[((top + row + i) * width + left + column + j) * 3 + channel] as number
    return Math.round(sum / (n * n))
  })
}

/** Writes rows of square pictures of `size` pixels as one PNG file, with a white line between them. */
export const writeSheet = (file: string, size: number, rows: readonly (readonly ArrayLike<number>[])[]): void => {
  const step = size + 2
  const [height, width] = [rows.length * step + 2, Math.max(...rows.map(r => r.length)) * step + 2]
  const data = new Uint8ClampedArray(height * width * 3).fill(255)
  rows.forEach((pictures, r) => {
    pictures.forEach((pixels, c) => {
      for (let i = 0; i < size; i++)
        data.set(
          Array.from({ length: size * 3 }, (_, j) => pixels[i * size * 3 + j] as number),
          ((2 + r * step + i) * width + 2 + c * step) * 3,
        )
    })
  })
  writeFileSync(file, encode({ height, width, data, channels: 3 }))
}
