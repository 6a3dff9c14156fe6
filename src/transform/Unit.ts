/** What a program runs in: fused regions, kernels of their own, and what a product leads. */
import type { Node, Program } from '../graph/Program.js'

/** A region's operand: `splat` is one value per row of the loop, `vector` one per column; it `stays` or advances by row. */
export interface Operand {
  readonly node: number
  readonly lanes: 'vector' | 'splat'
  readonly stays: boolean
}

/** One step of a region; an argument below `inputs.length` is an operand, others are earlier steps. */
export interface Step {
  readonly fn: string
  readonly args: readonly number[]
  /** the node of the program that this step computes */
  readonly node: number
}

/** The value of a step, as a node of the program. */
export interface Leaving {
  readonly step: number
  readonly node: number
}

/** What a reduction at the region's edge makes of the values of a step, as a node of the program. */
export interface Reduced extends Leaving {
  readonly kind: 'sum' | 'max'
}

export interface Region {
  readonly _tag: 'Region'
  readonly inputs: readonly Operand[]
  readonly steps: readonly Step[]
  /** the steps whose values leave the region, and the nodes they are */
  readonly outputs: readonly Leaving[]
  readonly reductions: readonly Reduced[]
  /** what the reductions go over: all rows of a column, or all columns of a row */
  readonly over: 'outer' | 'inner'
  /** sizes of the loop, possibly multiples of the rows */
  readonly outer: number
  readonly inner: number
  /** equal for regions that the same kernel can run */
  readonly key: string
}

/** A node run by a kernel of its own. */
export interface Single {
  readonly _tag: 'Single'
  readonly node: number
}

/** A product, and what runs on each part of its result as soon as that is there (see Epilogue.ts). */
export interface Led {
  readonly _tag: 'Led'
  readonly units: readonly (Region | Single)[]
}

export type Unit = Region | Single | Led

const none = { reductions: [], over: 'outer' } as const

/**
 * `vs|mul_f32(0,1)|2`: operands, steps, leaving steps; and, if there are any, the reductions of steps, behind what they
 * go over (`|inner sum(0);max(0)`).
 */
export const regionKey = (
  inputs: readonly Pick<Operand, 'lanes'>[],
  steps: readonly Omit<Step, 'node'>[],
  outputs: readonly Pick<Leaving, 'step'>[],
  { reductions, over }: { readonly reductions: readonly Omit<Reduced, 'node'>[]; readonly over: Region['over'] } = none,
): string =>
  [
    inputs.map(i => (i.lanes === 'vector' ? 'v' : 's')).join(''),
    steps.map(s => `${s.fn}(${s.args.join(',')})`).join(';'),
    outputs.map(o => o.step).join(','),
    ...(reductions.length > 0 ? [`${over} ${reductions.map(r => `${r.kind}(${r.step})`).join(';')}`] : []),
  ].join('|')

/** FNV-1a, 32 bits. */
export const hashText = (text: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** The nodes a unit reads; of those that it computes itself too. */
export const reads = (program: Program, unit: Unit): readonly number[] => {
  if (unit._tag === 'Led') return unit.units.flatMap(u => reads(program, u))
  return unit._tag === 'Region' ? unit.inputs.map(i => i.node) : (program.nodes[unit.node] as Node).args
}

/** The nodes a unit computes. */
export const writes = (unit: Unit): readonly number[] => {
  if (unit._tag === 'Led') return unit.units.flatMap(writes)
  return unit._tag === 'Region' ? [...unit.outputs, ...unit.reductions].map(o => o.node) : [unit.node]
}

/** A unit's parts in the order in which they run. */
export const partsOf = (unit: Unit): readonly (Region | Single)[] => (unit._tag === 'Led' ? unit.units : [unit])
