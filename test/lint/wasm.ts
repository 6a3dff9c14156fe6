/**
 * The determinism contract for a compiled module: no state of its own (no data, no mutable global, no start function, no
 * memory), nothing asked of the host but `env.memory`, no growth of it, and no relaxed SIMD. A small reader of the
 * binary format: https://webassembly.github.io/spec/core/binary/
 */

/** What follows an opcode: v a LEB128 number, l a list of them, m a memory argument, a digit that many bytes. */
type Immediates = string

const range = (from: number, to: number, immediates: Immediates): readonly (readonly [number, Immediates])[] =>
  Array.from({ length: to - from + 1 }, (_, i) => [from + i, immediates] as const)

const plain = new Map<number, Immediates>([
  ...range(0x02, 0x04, 'v'),
  ...range(0x0c, 0x0d, 'v'),
  [0x0e, 'lv'],
  [0x10, 'v'],
  [0x11, 'vv'],
  [0x12, 'v'],
  [0x13, 'vv'],
  [0x1c, 'l'],
  ...range(0x20, 0x26, 'v'),
  ...range(0x28, 0x3e, 'm'),
  ...range(0x3f, 0x42, 'v'),
  [0x43, '4'],
  [0x44, '8'],
  [0xd0, 'v'],
  [0xd2, 'v'],
])

/** 0xfc: saturating conversions, then operations on memory and tables */
const bulk = new Map<number, Immediates>([
  [8, 'vv'],
  [9, 'v'],
  [10, 'vv'],
  [11, 'v'],
  [12, 'vv'],
  [13, 'v'],
  [14, 'vv'],
  ...range(15, 17, 'v'),
])

/** 0xfd: SIMD; the numbers from 0x100 are the relaxed ones */
const simd = new Map<number, Immediates>([
  ...range(0, 11, 'm'),
  ...range(12, 13, '88'),
  ...range(21, 34, '1'),
  ...range(84, 91, 'm1'),
  ...range(92, 93, 'm'),
])

class Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  byte(): number {
    const value = this.bytes[this.at]
    if (value === undefined || this.at >= this.end) throw new Error('the module ends early')
    this.at += 1
    return value
  }

  /** A LEB128 number; exact for the unsigned ones below 2^53, and for any other only its length matters. */
  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  /** The next `length` bytes, which this reader passes over. */
  take(length: number): Reader {
    if (this.at + length > this.end) throw new Error('the module ends early')
    const inner = new Reader(this.bytes, this.at, this.at + length)
    this.at += length
    return inner
  }

  text(): string {
    const { at, end } = this.take(this.number())
    return new TextDecoder().decode(this.bytes.subarray(at, end))
  }

  skip(immediates: Immediates): void {
    for (const kind of immediates) {
      if (kind === 'v') this.number()
      else if (kind === 'm') this.memoryArgument()
      else if (kind === 'l') for (let n = this.number(); n > 0; n--) this.number()
      else this.take(Number(kind))
    }
  }

  private memoryArgument(): void {
    const alignment = this.number()
    if (alignment >= 64) this.number()
    this.number()
  }
}

const hex = (x: number): string => `0x${x.toString(16)}`

/** Passes over one instruction; says what is wrong with it, if anything is. */
const instruction = (r: Reader): string | undefined => {
  const opcode = r.byte()
  if (opcode === 0xfc) r.skip(bulk.get(r.number()) ?? '')
  else if (opcode === 0xfd) {
    const vector = r.number()
    r.skip(simd.get(vector) ?? '')
    if (vector >= 0x100) return `a relaxed SIMD instruction (0xfd ${hex(vector)})`
  } else if (opcode === 0xfe) {
    if (r.number() === 3) r.byte()
    else r.skip('m')
  } else {
    r.skip(plain.get(opcode) ?? '')
    if (opcode === 0x40) return 'memory.grow'
  }
  return undefined
}

const globals = (section: Reader): readonly string[] => {
  const found: string[] = []
  for (let n = section.number(), i = 0; i < n; i++) {
    section.byte()
    if (section.byte() === 1) found.push(`global ${i} is mutable`)
    while (section.bytes[section.at] !== 0x0b) instruction(section)
    section.byte()
  }
  return found
}

const limits = (r: Reader): void => {
  if ((r.number() & 1) === 1) r.number()
  r.number()
}

const importKinds = ['function', 'table', 'memory', 'global'] as const

const imports = (section: Reader): readonly string[] => {
  const found: string[] = []
  for (let n = section.number(); n > 0; n--) {
    const name = `${section.text()}.${section.text()}`
    const kind = importKinds[section.byte()]
    if (kind === 'function') section.number()
    else if (kind === 'memory') limits(section)
    else if (kind === 'global') section.take(2)
    else {
      section.byte()
      limits(section)
    }
    if (name !== 'env.memory' || kind !== 'memory') found.push(`it imports the ${kind ?? 'tag'} ${name}`)
  }
  return found
}

const code = (section: Reader): readonly string[] => {
  const found: string[] = []
  for (let n = section.number(), i = 0; i < n; i++) {
    const body = section.take(section.number())
    for (let locals = body.number(); locals > 0; locals--) {
      body.number()
      body.byte()
    }
    while (body.at < body.end) {
      const what = instruction(body)
      if (what !== undefined) found.push(`function ${i} of its own has ${what}`)
    }
  }
  return found
}

const refused = (what: string) => (): readonly string[] => [what]

const sections: { readonly [id: number]: (section: Reader) => readonly string[] } = {
  2: imports,
  5: refused('it has a memory of its own'),
  6: globals,
  8: refused('it has a start function'),
  10: code,
  11: refused('it has a data section'),
}

/** What a module does that a kernel module must not; empty when nothing. Throws when the bytes are no module. */
export const wasmFaults = (bytes: Uint8Array): readonly string[] => {
  const r = new Reader(bytes)
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  if (magic.some(byte => r.byte() !== byte)) throw new Error('no WebAssembly module')
  const found: string[] = []
  while (r.at < r.end) {
    const id = r.byte()
    const section = r.take(r.number())
    found.push(...(sections[id]?.(section) ?? []))
  }
  return found
}
