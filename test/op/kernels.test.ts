/** What operations are lowered to: kernels that exist, and as many calls for any number of rows. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encode } from '../../src/backend/encode.js'
import { regions } from '../../src/backend/kernels.gen.js'
import { core } from '../../src/backend/kernels.js'
import { plan } from '../../src/backend/plan.js'
import { apply, type Expr, input } from '../../src/graph/Expr.js'
import type { Lowered, Op } from '../../src/graph/Op.js'
import * as Program from '../../src/graph/Program.js'
import { ops } from '../../src/op/index.js'
import { resolveType, type TensorType } from '../../src/shape/TensorType.js'
import { fuse } from '../../src/transform/Fuse.js'
import { alone } from '../backend/planned.js'
import { choices, grow, sizes } from '../graph/random.js'
import { expectRight } from '../support/assert.js'

const exported = new Set(WebAssembly.Module.exports(core()).map(e => e.name))
const test = suite('lowering')

const lowered = (op: Op, args: readonly TensorType[], attrs: Lowered['attrs'], rows: number): Lowered => ({
  attrs,
  args: args.map(a => resolveType(a, rows)),
  out: resolveType(
    apply(
      op,
      args.map((t, i) => input(`x${i}`, t)),
      attrs,
    ).type,
    rows,
  ),
  rows,
})

for (const op of ops)
  test(`${op.name}: its kernels exist and its names are its own`, () => {
    for (const { args, attrs = {} } of op.samples()) {
      const c = lowered(op, args, attrs, 3)
      if (op.lower._tag === 'Alias') return
      if (op.lower._tag === 'Elementwise') {
        const fn = op.lower.fn(c)
        const names =
          args.some(a => a.dtype === 'f64') || c.out.dtype === 'f64'
            ? [`${fn}_scalar`]
            : [...lanes(args.length)].map(l => `${fn}_${l}`)
        for (const name of names) assert.ok(exported.has(name), name)
      } else for (const { kernel } of op.lower.calls(c)) assert.ok(exported.has(kernel), kernel)
    }
  })

const lanes = (n: number): readonly string[] => (n === 0 ? [''] : lanes(n - 1).flatMap(l => [`${l}v`, `${l}s`]))

test('operations have names of their own, and every region of the core is exported', () => {
  assert.is(new Set(ops.map(op => op.name)).size, ops.length)
  for (const [key, name] of Object.entries(regions)) assert.ok(exported.has(name), `${key}: ${name}`)
})

test('random programs: all kernels exist, and calls and words are as many for any number of rows', () => {
  fc.assert(
    fc.property(choices(25), sizes, (list, { m, n }) => {
      const program = expectRight(Program.of(grow(list, { rows: 2, m, n }, 'real')))
      const layout = { state: new Map(), inputs: new Map(), constant: () => 0 }
      const wanted = { results: program.outputs, updates: new Map() }
      const p = plan(program, alone(fuse(program)), layout, wanted, 9)
      const callsOf = (rows: number) => encode(p, { rows, base: () => 0, kernelOf: key => regions[key] ?? key })
      const shapeOf = (rows: number) => callsOf(rows).map(c => `${c.kernel} ${c.words.length}`)
      for (const { kernel, words } of callsOf(9)) {
        assert.ok(exported.has(kernel), kernel)
        assert.ok(words.every(w => typeof w === 'number' && Number.isInteger(w) && w >= 0))
      }
      for (const rows of [0, 1, 2, 8]) assert.equal(shapeOf(rows), shapeOf(9))
    }),
    { numRuns: 50, seed: 11 },
  )
})

test('scratch memory never shrinks with more rows', () => {
  fc.assert(
    fc.property(choices(25), sizes, (list, { m, n }) => {
      for (const { expr } of expectRight(Program.of(grow(list, { rows: 2, m, n }, 'real'))).nodes) {
        if (expr._tag !== 'Apply' || expr.op.lower._tag !== 'Kernel') continue
        const { op } = expr
        const types = expr.args.map((a: Expr) => a.type)
        const scratch = [0, 1, 2, 3, 7, 8, 9].map(rows =>
          op.lower._tag === 'Kernel' ? (op.lower.scratch?.(lowered(op, types, expr.attrs, rows)) ?? 0) : 0,
        )
        assert.equal(
          scratch,
          [...scratch].sort((a, b) => a - b),
          op.name,
        )
      }
    }),
    { numRuns: 30, seed: 12 },
  )
})

test.run()
