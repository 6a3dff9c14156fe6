/** Programs: value numbering, order, printing, and what the verifier refuses. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { apply, constant, type Expr, input, param, tensor } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import { add, mul, sub } from '../../src/op/arithmetic.js'
import { broadcastTo, reshape, sum } from '../../src/op/broadcast.js'
import { matmul } from '../../src/op/matmul.js'
import { mean } from '../../src/op/reduce.js'
import { transpose } from '../../src/op/window.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { fuse } from '../../src/transform/Fuse.js'
import { grad } from '../../src/transform/Grad.js'
import { simplify } from '../../src/transform/Simplify.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { choices, grow, sizes } from './random.js'

const test = suite('Program')
const f32 = (...shape: readonly number[]) => tensorType('f32', shape)
const of = (...exprs: readonly Expr[]): Program.Program => expectRight(Program.of(exprs))
const why = (...exprs: readonly Expr[]): string => expectLeft(Program.of(exprs)).message

test('equal subexpressions become one node, also when they are different objects', () => {
  const half = (): Expr => add(mul(input('x', f32(3)), param('w', f32(3))), 1)
  const { nodes, outputs } = of(mul(half(), half()), half())
  assert.equal(
    nodes.map(({ expr }) => (expr._tag === 'Apply' ? expr.op.name : expr._tag)),
    ['Input', 'Param', 'mul', 'Const', 'broadcastTo', 'add', 'mul'],
  )
  assert.equal(outputs, [6, 5])
  assert.equal(nodes[6]?.args, [5, 5])
})

test('what differs in sign of zero, dtype, shape, attribute or kind of leaf stays apart', () => {
  const x = input('x', f32(2, 2))
  const apart: readonly (readonly [Expr, Expr])[] = [
    [constant(0), constant(-0)],
    [constant(1), constant(1, 'i32')],
    [tensor([1, 2], [2]), tensor([1, 2], [2, 1])],
    [sum(x, [0]), sum(x, [1])],
    [input('a', f32()), param('a', f32())],
    [sub(x, input('y', f32(2, 2))), sub(input('y', f32(2, 2)), x)],
  ]
  for (const [a, b] of apart) {
    const { outputs } = of(a, b)
    assert.is.not(outputs[0], outputs[1])
  }
  const { outputs } = of(tensor([1, -0], [2]), tensor([1, -0], [2]), constant(Number.NaN), constant(Number.NaN))
  assert.equal([outputs[0] === outputs[1], outputs[2] === outputs[3]], [true, true])
})

test('one name with two types is an error that shows both', () => {
  assert.match(why(input('x', f32(2)), input('x', f32(3))), /"x" is used as f32\[2\] and as f32\[3\]/)
  assert.match(why(param('w', f32()), param('w', tensorType('f64'))), /"w" is used as f32\[\] and as f64\[\]/)
})

test('types that no tensor can have are errors', () => {
  const x = input('x', f32(-1, 2))
  assert.match(why(matmul(x, x, { b: true })), /f32\[rows, rows\] depends on the rows twice/)
  assert.match(why(add(input('a', f32(-1, 1)), input('b', f32(-1)))), /depends on the rows twice/)
  assert.match(why(broadcastTo(constant(2, 'f64'), [3])), /f64 holds scalars only/)
  assert.match(why(reshape(constant(2), new Array(9).fill(1))), /more than 8 axes/)
  assert.match(why(input('x', f32(2.5))), /not a whole number/)
  assert.match(why(input('x', tensorType('u8', [2]))), /u8 only stores data sets/)
})

test('a chain of 100,000 operations neither overflows nor takes long, and shared structure stays linear', () => {
  let deep: Expr = input('x', f32(4))
  for (let i = 0; i < 100_000; i++) deep = add(deep, deep)
  const program = of(deep)
  assert.is(program.nodes.length, 100_001)
  const simple = expectRight(simplify(program))
  assert.is(fuse(simple).length, 1)
  const { gradients } = expectRight(grad(sum(deep), [input('x', f32(4))]))
  assert.is(of(...gradients).nodes.length > 1, true)
})

test('print', () => {
  const x = input('x', f32(-1, 3))
  const loss = mean(matmul(transpose(x), x))
  const text = Program.print(of(loss, tensor([1, -0, 3, 4, 5, 6, 7, 8, 9], [9])))
  assert.is(
    text,
    [
      '%0 = input x : f32[rows, 3]',
      '%1 = transpose(%0) {order=[1,0]} : f32[3, rows]',
      '%2 = matmul(%1, %0) {ta=false tb=false} : f32[3, 3]',
      '%3 = sum(%2) {axes=[0,1]} : f32[]',
      '%4 = const 9 : f32[]',
      '%5 = div(%3, %4) : f32[]',
      '%6 = const 1 -0 3 4 5 6 7 8 ... : f32[9]',
      'return %5, %6',
    ].join('\n'),
  )
})

test('random graphs verify, and so do their gradients and what is simplified', () => {
  fc.assert(
    fc.property(choices(25), sizes, (list, size) => {
      const pool = grow(list, size, 'real')
      const loss = pool.map(e => mean(e)).reduce((a, b) => add(a, b))
      const { value, gradients } = expectRight(grad(loss, pool.slice(0, 12)))
      const program = of(value, ...gradients)
      expectRight(Program.verify(program))
      gradients.forEach((g, i) => {
        assert.equal(g.type, pool[i]?.type)
      })
      const simple = expectRight(simplify(program))
      expectRight(Program.verify(simple))
      assert.ok(simple.nodes.length <= program.nodes.length)
    }),
    { numRuns: 30, seed: 1 },
  )
})

test('the order is topological, roots come in the order asked for, and rebuilding changes nothing', () => {
  fc.assert(
    fc.property(choices(25), sizes, (list, size) => {
      const program = of(...grow(list, size, 'whole'))
      program.nodes.forEach(({ args }, i) => {
        assert.ok(args.every(a => a < i))
      })
      assert.is(Program.print(of(...Program.outputs(program))), Program.print(program))
    }),
    { numRuns: 40, seed: 2 },
  )
})

test('verify refuses what is broken', () => {
  const x = input('x', f32(3))
  const good = of(add(x, mul(x, x)))
  const [leaf, product, total] = good.nodes as [Program.Node, Program.Node, Program.Node]
  const broken = (nodes: readonly Program.Node[], outputs: readonly number[] = [0]): string =>
    pipe(Program.verify({ nodes, outputs }), expectLeft).message
  expectRight(Program.verify(good))
  assert.match(broken([leaf, { ...product, args: [1, 0] }, total]), /after its use/)
  assert.match(broken([leaf, product, { ...product }]), /stands twice/)
  assert.match(broken([leaf, product, total], [3]), /not a node/)
  assert.match(broken([leaf, { ...product, args: [0] }]), /takes 2 operands, not 1/)
  const wrong = { ...(product.expr as Extract<Expr, { _tag: 'Apply' }>), type: f32(4) }
  assert.match(broken([leaf, { ...product, expr: wrong }]), /mul gives f32\[3\], not f32\[4\]/)
  const clash = { expr: input('x', f32(9)), args: [] }
  assert.match(broken([leaf, clash]), /is used as f32\[3\] and as f32\[9\]/)
})

test('an operation by hand is checked like all others', () => {
  const op = of(add(input('x', f32(3)), input('y', f32(3)))).nodes[2]?.expr as Extract<Expr, { _tag: 'Apply' }>
  assert.match(
    why(apply(op.op, [input('x', f32(3)), input('y', f32(2))])),
    /f32\[3\] and f32\[2\] differ; broadcast them/,
  )
})

test.run()
