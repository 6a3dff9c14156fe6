/**
 * Regions as AssemblyScript: one function each, one loop, everything in registers.
 *
 * Words of the record: [0] outer, [1] inner, then for every operand its address and the bytes it advances by after a
 * row of the loop, then the address of every output. The inner loop runs over four lanes at a time; the last
 * inner mod 4 elements of a row are computed as four and stored singly, so nothing beyond the output is written.
 *
 * With sums there follow the address of every sum, the bytes an output advances by after a row, and scratch memory: a
 * row of totals for every sum, then a row of partial sums. Their order is that of `reduceSum`: every column in order, in
 * chunks of 128 rows whose sums are added in order.
 */

import type { Op } from '../graph/Op.js'
import { regionKey } from '../transform/Fuse.js'

/** What the text of a region depends on: its key, taken apart. */
export interface RegionShape {
  readonly lanes: readonly ('v' | 's')[]
  readonly steps: readonly { readonly fn: string; readonly args: readonly number[] }[]
  readonly outputs: readonly number[]
  readonly sums: readonly number[]
}

const numbers = (text: string): readonly number[] => (text === '' ? [] : text.split(',').map(Number))

/** The inverse of `regionKey`. */
export const parseKey = (key: string): RegionShape => {
  const [lanes = '', steps = '', outputs = '', sums = ''] = key.split('|')
  return {
    lanes: [...lanes].map(l => (l === 'v' ? 'v' : 's')),
    steps: steps.split(';').map(text => {
      const open = text.indexOf('(')
      return {
        fn: text.slice(0, open),
        args: numbers(text.slice(open + 1, -1)),
      }
    }),
    outputs: numbers(outputs),
    sums: numbers(sums),
  }
}

/** Functions of many instructions: two at a time hide their latency, more only make code. */
const long = new Set(['exp', 'expm1', 'log', 'log1p', 'tanh', 'logistic', 'erf', 'pow'].map(f => `${f}_f32`))

/** Vectors per turn of the loop: short bodies are unrolled to hide the loop's own cost. */
const unroll = (r: RegionShape): number => {
  if (!r.lanes.includes('v') || r.sums.length > 0) return 1
  return r.steps.length > 4 ? 1 : r.steps.length > 1 || r.steps.some(s => long.has(s.fn)) ? 2 : 4
}

/** What the values of a region are called: its operands, then its steps. */
export type NameOf = (value: number) => string

const body = (r: RegionShape, nameOf: NameOf, vector: number, partial: boolean, indent: string): readonly string[] => {
  const at = vector === 0 ? '' : `, ${16 * vector}`
  const name = (a: number): string => (r.lanes[a] === 's' || vector === 0 ? nameOf(a) : `${nameOf(a)}_${vector}`)
  const step = (k: number): string => name(r.lanes.length + k)
  const loads = r.lanes.flatMap((l, i) => (l === 'v' ? [`const ${name(i)} = v128.load(p${i} + c${at});`] : []))
  const steps = r.steps.map((s, k) => `const ${step(k)} = ${s.fn}(${s.args.map(name).join(', ')});`)
  const stores = r.outputs.map((o, k) =>
    partial ? `storeLanes(q${k} + c, ${step(o)}, rest);` : `v128.store(q${k} + c, ${step(o)}${at});`,
  )
  const added = r.sums.map((o, j) => `v128.store(part${j} + c, f32x4.add(v128.load(part${j} + c), ${step(o)}));`)
  return [...loads, ...steps, ...stores, ...added].map(line => `${indent}${line}`)
}

const shortNames = ({ lanes }: RegionShape): NameOf => {
  const of = (a: number): string => (lanes[a] === 'v' ? `x${a}` : `s${a}`)
  return a => (a < lanes.length ? of(a) : `t${a - lanes.length}`)
}

/** The exported function of a region; `remark` stands above it. */
export const emitRegion = (
  name: string,
  key: string,
  nameOf: NameOf = shortNames(parseKey(key)),
  remark = key,
): string => {
  const r = parseKey(key)
  const outputsAt = 8 + 8 * r.lanes.length
  const sumsAt = outputsAt + 4 * r.outputs.length
  const turns = unroll(r)
  const row = [
    ...r.lanes.flatMap((l, i) => (l === 's' ? [`const ${nameOf(i)} = v128.load32_splat(p${i});`] : [])),
    'let c: usize = 0;',
    ...(turns > 1
      ? [
          `for (; c + ${16 * turns} <= whole; c += ${16 * turns}) {`,
          ...Array.from({ length: turns }, (_, v) => body(r, nameOf, v, false, '  ')).flat(),
          '}',
        ]
      : []),
    'for (; c < whole; c += 16) {',
    ...body(r, nameOf, 0, false, '  '),
    '}',
    'if (rest) {',
    ...body(r, nameOf, 0, true, '  '),
    '}',
    ...r.lanes.map((_, i) => `p${i} += d${i};`),
    ...r.outputs.map((_, k) => `q${k} += ${r.sums.length > 0 ? 'stride' : 'inner << 2'};`),
  ]
  const lines = [
    `/** ${remark} */`,
    `export function ${name}(a: usize): void {`,
    '  const inner = <usize>load<u32>(a, 4);',
    '  const whole = (inner & ~3) << 2;',
    '  const rest = inner & 3;',
    ...r.lanes.flatMap((_, i) => [
      `  let p${i} = <usize>load<u32>(a, ${8 + 8 * i});`,
      `  const d${i} = <usize>load<u32>(a, ${12 + 8 * i});`,
    ]),
    ...r.outputs.map((_, k) => `  let q${k} = <usize>load<u32>(a, ${outputsAt + 4 * k});`),
    ...(r.sums.length > 0
      ? summing(r.sums.length, sumsAt, row)
      : ['  for (let rows = load<u32>(a); rows > 0; rows--) {', ...row.map(line => `    ${line}`), '  }']),
    '}',
  ]
  return lines.join('\n')
}

/** The loop of a region with sums. */
const summing = (sums: number, at: number, row: readonly string[]): readonly string[] => {
  const each = (f: (j: number) => string): readonly string[] => Array.from({ length: sums }, (_, j) => f(j))
  return [
    `  const stride = <usize>load<u32>(a, ${at + 4 * sums});`,
    '  const room = (inner + 3 & ~3) << 2;',
    `  const total0 = <usize>load<u32>(a, ${at + 4 * sums + 4});`,
    ...each(j => (j === 0 ? '' : `  const total${j} = total${j - 1} + room;`)).slice(1),
    ...each(j => `  const part${j} = ${j === 0 ? `total${sums - 1}` : `part${j - 1}`} + room;`),
    `  for (let c: usize = 0; c < ${2 * sums} * room; c += 16) v128.store(total0 + c, f32x4.splat(0));`,
    '  for (let left = load<u32>(a); left > 0; ) {',
    '    const chunk = min<u32>(left, 128);',
    '    for (let rows = chunk; rows > 0; rows--) {',
    ...row.map(line => `      ${line}`),
    '    }',
    '    for (let c: usize = 0; c < room; c += 16) {',
    ...each(j => `      v128.store(total${j} + c, f32x4.add(v128.load(total${j} + c), v128.load(part${j} + c)));`),
    ...each(j => `      v128.store(part${j} + c, f32x4.splat(0));`),
    '    }',
    '    left -= chunk;',
    '  }',
    ...each(j => `  const sum${j} = <usize>load<u32>(a, ${at + 4 * j});`),
    '  for (let c: usize = 0; c < whole; c += 16) {',
    ...each(j => `    v128.store(sum${j} + c, v128.load(total${j} + c));`),
    '  }',
    '  if (rest) {',
    ...each(j => `    storeLanes(sum${j} + whole, v128.load(total${j} + whole), rest);`),
    '  }',
  ]
}

const combinations = (n: number): readonly string[] =>
  n === 0 ? [''] : combinations(n - 1).flatMap(rest => [`${rest}v`, `${rest}s`])

const storage = { f32: 'f32', f64: 'f64', i32: 'i32', bool: 'i32', u8: 'u8' } as const

/** The kernel of an operation on step scalars. */
const emitScalar = (op: Op, sample: Op['samples'][number]): string => {
  const typing = { attrs: sample.attrs ?? {}, args: sample.args }
  const fn = op.lower._tag === 'Elementwise' ? op.lower.fn(typing) : ''
  const out = op.type(typing)
  const to = out._tag === 'Right' ? storage[out.right.dtype] : 'f64'
  const args = sample.args.map((a, i) => `load<${storage[a.dtype]}>(load<u32>(a, ${4 * i}))`)
  return [
    `export function ${fn}_scalar(a: usize): void {`,
    `  store<${to}>(load<u32>(a, ${4 * args.length}), ${fn}(${args.join(', ')}));`,
    '}',
  ].join('\n')
}

/** The key of an operation alone, with the given operand lanes. */
const aloneKey = (fn: string, lanes: string): string =>
  regionKey(
    [...lanes].map(l => ({ lanes: l === 'v' ? ('vector' as const) : ('splat' as const) })),
    [{ fn, args: [...lanes].map((_, i) => i) }],
    [{ step: 0 }],
  )

export interface Generated {
  readonly source: string
  /** region key -> exported function */
  readonly regions: ReadonlyMap<string, string>
}

/** The module of generated kernels: every elementwise operation alone, on every dtype, and the given regions. */
export const generate = (ops: readonly Op[], keys: Iterable<string>): Generated => {
  const regions = new Map<string, string>()
  const texts: string[] = []
  const functions = new Set<string>()
  for (const op of ops) {
    const seen = new Set<string>()
    if (op.lower._tag !== 'Elementwise') continue
    for (const sample of op.samples) {
      const fn = op.lower.fn({ attrs: sample.attrs ?? {}, args: sample.args })
      if (seen.has(fn) || functions.has(fn)) continue
      seen.add(fn)
      functions.add(fn)
      const out = op.type({ attrs: {}, args: sample.args })
      const scalar = [...sample.args, ...(out._tag === 'Right' ? [out.right] : [])].some(t => t.dtype === 'f64')
      if (scalar) texts.push(emitScalar(op, sample))
      for (const lanes of scalar ? [] : combinations(sample.args.length)) {
        const key = aloneKey(fn, lanes)
        regions.set(key, `${fn}_${lanes}`)
        texts.push(emitRegion(`${fn}_${lanes}`, key))
      }
    }
  }
  let n = 0
  for (const key of keys) {
    if (regions.has(key)) continue
    const name = `region_${n++}`
    regions.set(key, name)
    texts.push(emitRegion(name, key))
  }
  const header = [
    '/** Generated by the build; see src/backend/regions.ts. */',
    `import { ${[...functions].sort().join(', ')} } from "./elementwise";`,
    'import { storeLanes } from "./tail";',
  ].join('\n')
  return { source: `${header}\n\n${texts.join('\n\n')}\n`, regions }
}
