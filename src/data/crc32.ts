/** CRC-32 (RFC 1952, section 8). */

const POLYNOMIAL = 0xedb88320

/** Four tables of 256 words: table k advances a byte that has k more bytes behind it in the same word. */
const crcTables = (): Int32Array => {
  const tables = new Int32Array(1024)
  for (let i = 0; i < 256; i++) {
    let c = i
    for (let bit = 0; bit < 8; bit++) c = (c >>> 1) ^ (c & 1 ? POLYNOMIAL : 0)
    tables[i] = c
  }
  for (let i = 256; i < 1024; i++) {
    const before = tables[i - 256] as number
    tables[i] = (before >>> 8) ^ (tables[before & 255] as number)
  }
  return tables
}

/** The checksum of gzip, zip and png: four bytes a step (slicing-by-4). */
export const crc32 = (bytes: Uint8Array): number => {
  const table = crcTables()
  const at = (k: number, byte: number): number => table[256 * k + (byte & 255)] as number
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let crc = -1
  let i = 0
  for (; i + 4 <= bytes.length; i += 4) {
    const word = crc ^ view.getInt32(i, true)
    crc = at(3, word) ^ at(2, word >>> 8) ^ at(1, word >>> 16) ^ at(0, word >>> 24)
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ at(0, crc ^ (bytes[i] as number))
  return ~crc >>> 0
}
