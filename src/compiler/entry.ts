/**
 * A built module as a cache holds it: 8 bytes of magic, the SHA-256 of its key and its bytes, its bytes. Law: what is
 * decoded is what was encoded under the same key; anything else, damaged, cut short or foreign, is null.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

const magic = utf8ToBytes('gradus/1')
const head = magic.length + 32

const digest = (key: string, payload: Uint8Array): Uint8Array =>
  sha256
    .create()
    .update(utf8ToBytes(`${key}\0`))
    .update(payload)
    .digest()

export const encode = (key: string, payload: Uint8Array): Uint8Array<ArrayBuffer> => {
  const entry = new Uint8Array(head + payload.length)
  entry.set(magic)
  entry.set(digest(key, payload), magic.length)
  entry.set(payload, head)
  return entry
}

export const decode = (key: string, entry: Uint8Array): Uint8Array<ArrayBuffer> | null => {
  if (entry.length < head || !magic.every((byte, i) => entry[i] === byte)) return null
  const payload = new Uint8Array(entry.subarray(head))
  return digest(key, payload).every((byte, i) => entry[magic.length + i] === byte) ? payload : null
}
