/** Nets as text for people. */
import * as E from '#fp/Either.js'
import { showShape, sizeOf } from '../shape/TensorType.js'
import { analyze, type Row, shortKind } from './analyze.js'
import type { ParamSpec } from './Definition.js'
import type { AnyNet, LayerNode } from './Node.js'
import { settings, tableOf } from './table.js'

const count = (specs: Readonly<Record<string, ParamSpec>>): number =>
  Object.values(specs).reduce((n, { shape }) => n + sizeOf(shape), 0)

/** 266610 as 266,610 */
const grouped = (n: number): string => `${n}`.replace(/\B(?=(\d{3})+$)/g, ',')

const cells = (row: Row, shared: boolean): readonly string[] => {
  const { node, path, shape, params } = row
  if (node._tag === 'Input') return [path, 'input', showShape(shape), '']
  const marks = `${node.frozen ? ' (frozen)' : ''}${shared && Object.keys(params).length > 0 ? ' (shared)' : ''}`
  return [path, `${shortKind(node.kind)}${marks}`, showShape(shape), shared ? '' : grouped(count(params))]
}

/**
 * A table of path, layer, output shape per example and number of parameters, and their total; for a net that
 * `Net.check` refuses, its error. Shared parameters count once.
 */
export const summary = (net: AnyNet): string => {
  const analysis = analyze(net)
  if (E.isLeft(analysis)) return `${analysis.left.path}: ${analysis.left.message}`
  const { rows } = analysis.right
  const first = new Map<string, Row>()
  for (const row of rows) if (row.node._tag === 'Apply' && !first.has(row.path)) first.set(row.path, row)
  const lines = [
    ['path', 'layer', 'output', 'parameters'],
    ...rows.map(row => cells(row, row.node._tag === 'Apply' && first.get(row.path) !== row)),
  ]
  const widths = [0, 1, 2, 3].map(i => Math.max(...lines.map(line => (line[i] ?? '').length)))
  const table = lines.map(line =>
    line
      .map((cell, i) => (i === 3 ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join('  ')
      .trimEnd(),
  )
  const owners = [...first.values()]
  const trainable = new Set(rows.flatMap(r => (r.node._tag === 'Apply' && !r.node.frozen ? [r.path] : [])))
  const total = owners.reduce((n, r) => n + count(r.params), 0)
  const free = owners.reduce((n, r) => n + (trainable.has(r.path) ? count(r.params) : 0), 0)
  const state = owners.reduce((n, r) => n + count(r.state), 0)
  const note = [
    ...(free < total ? [`${grouped(free)} trainable`] : []),
    ...(state > 0 ? [`and ${grouped(state)} numbers of state`] : []),
  ].join(', ')
  return [...table, `total ${grouped(total)} parameters${note === '' ? '' : `, ${note}`}`].join('\n')
}

const whereabouts = ({ name, scope, frozen }: LayerNode): string =>
  [
    name === undefined ? '' : ` as ${name}`,
    scope.length === 0 ? '' : ` in ${scope.join('/')}`,
    frozen ? ' frozen' : '',
  ].join('')

/** One line a node: `%1 = gradus/elu {"alpha":1} (%0)`, with its name and scope where it has them. */
export const print = (net: AnyNet): string => {
  const { entries, output } = tableOf(net)
  const lines = entries.map(({ node, args }, i) =>
    node._tag === 'Input'
      ? `%${i} = input ${node.name === null ? '' : `${node.name} `}${showShape(node.shape)}`
      : `%${i} = ${node.kind} ${settings(node)} (${args.map(a => `%${a}`).join(', ')})${whereabouts(node)}`,
  )
  return [...lines, `return %${output}`].join('\n')
}
