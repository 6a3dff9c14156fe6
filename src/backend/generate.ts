/**
 * A machine's programs as one AssemblyScript module: a function for every region, and for every program its steps as
 * straight code. A step is a kernel, of the core or a region, on the record at a constant address. The host writes the
 * records, since sizes depend on the number of rows; the addresses do not.
 */
import type { Node } from '../graph/Program.js'
import { showType } from '../shape/TensorType.js'
import type { Region, Unit } from '../transform/Fuse.js'
import { type Encoded, encodeUnits } from './encode.js'
import { placesOf } from './image.js'
import type { Form, MemoryMap, Placed } from './layout.js'
import { identifier, namesOf } from './names.js'
import type { Place } from './plan.js'
import { emitRegion, parseKey } from './regions.js'
import type { MachineSpec } from './spec.js'

export interface Generated {
  readonly source: string
  /** the function of a region, by its key */
  readonly regions: ReadonlyMap<string, string>
  /** the function of a program, and the calls that it makes */
  readonly programs: ReadonlyMap<string, { readonly fn: string; readonly model: readonly Encoded[] }>
}

const hex = (address: number): string => `0x${address.toString(16).padStart(6, '0')}`

const comment = (lines: readonly string[]): readonly string[] => lines.map(line => `// ${line}`.trimEnd())

/** Where the memory's named parts lie. */
const memory = (map: MemoryMap): readonly string[] => {
  const rows = [...map.slots, ...map.inputs].map(
    ([name, { at, type }]) => [hex(at), name.replace(/^\//, ''), showType(type)] as const,
  )
  const width = Math.max(0, ...rows.map(([, name]) => name.length))
  return rows.map(([at, name, type]) => `${at}  ${name.padEnd(width)}  ${type}`)
}

interface Named {
  readonly form: Form
  readonly names: readonly string[]
}

/** What a region computes: the names of what leaves it, of what it takes. */
const regionRemark = ({ names }: Named, region: Region): string =>
  `${region.outputs.map(o => names[o.node]).join(', ')} from ${region.inputs.map(i => names[i.node]).join(', ')}`

const regionText = (named: Named, region: Region, fn: string): string => {
  const { names } = named
  const nodes = [...region.inputs, ...region.steps].map(s => names[s.node] as string)
  const twice = new Set(nodes.filter((n, i) => nodes.indexOf(n) !== i))
  return emitRegion(
    fn,
    region.key,
    value => (twice.has(nodes[value] as string) ? `${nodes[value]}_v${value}` : (nodes[value] as string)),
    regionRemark(named, region),
  )
}

/** What a step does, in the words of the graph. */
const stepRemark = (map: MemoryMap, { form, names }: Named, unit: Unit, fn: string): string => {
  const { nodes } = form.plan.program
  const show = (node: number): string => {
    const place = form.plan.places.get(node) as Place
    return `${names[node]} @${hex(map.addressOf(place, 0))}`
  }
  if (unit._tag === 'Region')
    return `${unit.outputs.map(o => show(o.node)).join(', ')} = ${fn}(${unit.inputs.map(i => names[i.node]).join(', ')})`
  const { expr, args } = nodes[unit.node] as Node
  const op = expr._tag === 'Apply' ? expr.op.name : ''
  return `${show(unit.node)} ${showType(expr.type)} = ${op}(${args.map(a => names[a]).join(', ')})`
}

/** The straight code of a program. */
const straight = (
  spec: MachineSpec,
  map: MemoryMap,
  named: Named,
  { frame }: Placed,
  kernelOf: (key: string) => string,
): { readonly lines: readonly string[]; readonly model: readonly Encoded[] } => {
  const { plan } = named.form
  const { threads } = map.threads
  const units = encodeUnits(plan, { rows: spec.rows, threads, base: map.addressOf, kernelOf })
  const model = units.flat()
  const places = placesOf(frame, model)
  let n = 0 // local mutation: the next call's position
  const lines = units.flatMap((calls, k) => {
    const unit = plan.units[k]
    const fn = unit?._tag === 'Region' ? kernelOf(unit.key) : ''
    const remark = unit ? stepRemark(map, named, unit, fn) : 'what the state keeps'
    const code = calls.map(({ kernel, tiles }) => {
      const { code: pc, record } = places[n++] as { readonly code: number; readonly record: number }
      return threads > 1 && tiles
        ? `run(${hex(pc)}, ${hex(pc + 8)}) // ${kernel}, shared out`
        : `${kernel}(${hex(record)})`
    })
    return code.length === 0 ? [] : [...comment([remark]), ...code]
  })
  return { lines, model }
}

/** The module of a memory map whose programs have a whole form. */
export const generateModule = (spec: MachineSpec, map: MemoryMap): Generated => {
  const regions = new Map<string, string>()
  const regionTexts: string[] = []
  const functions = new Set<string>()
  const forms = [...map.programs].flatMap(([name, placed]) => {
    const { whole } = placed
    const wanted = spec.programs[name]
    return whole && wanted ? [{ name, placed, named: { form: whole, names: namesOf(whole.plan.program, wanted) } }] : []
  })
  const taken = new Set<string>()
  const free = (wish: string): string => {
    for (let i = 1; ; i++) {
      const name = i === 1 ? wish : `${wish}_${i}`
      if (taken.has(name)) continue
      taken.add(name)
      return name
    }
  }
  for (const { named } of forms)
    for (const unit of named.form.plan.units) {
      if (unit._tag !== 'Region' || regions.has(unit.key)) continue
      const fn = free(`region_${named.names[unit.outputs[0]?.node ?? 0]}`)
      regions.set(unit.key, fn)
      regionTexts.push(regionText(named, unit, fn))
      for (const { fn: used } of parseKey(unit.key).steps) functions.add(used)
    }
  const kernelOf = (key: string): string => regions.get(key) ?? key
  const own = new Set(regions.values())
  const imported = new Set<string>()
  const programs = new Map<string, { readonly fn: string; readonly model: readonly Encoded[] }>()
  const programTexts = forms.map(({ name, placed, named }) => {
    const fn = free(`program_${identifier(name)}`)
    const { lines, model } = straight(spec, map, named, placed, kernelOf)
    programs.set(name, { fn, model })
    for (const { kernel, tiles } of model)
      if (map.threads.threads > 1 && tiles) imported.add('run')
      else if (!own.has(kernel)) imported.add(kernel)
    return [
      `/** The steps of ${name}. */`,
      `export function ${fn}(_: usize): void {`,
      ...lines.map(l => `  ${l}`),
      '}',
    ].join('\n')
  })
  const declared = [...imported]
    .sort()
    .map(
      k =>
        `@external("core", "${k}")\ndeclare function ${k}(${k === 'run' ? 'pc: usize, end: usize' : 'record: usize'}): void`,
    )
  const source = [
    comment(['Generated by gradus. Where the memory holds what has a name:', '', ...memory(map)]).join('\n'),
    `import { ${[...functions].sort().join(', ')} } from './elementwise'\nimport { storeLanes } from './tail'`,
    `// Kernels of the core: each takes the address of its record.\n${declared.join('\n')}`,
    ...regionTexts,
    ...programTexts,
  ]
  return { source: `${source.join('\n\n')}\n`, regions, programs }
}
