import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { input, param } from '../../src/graph/Expr.js'
import * as Program from '../../src/graph/Program.js'
import * as Constraint from '../../src/optim/Constraint.js'
import * as Decay from '../../src/optim/Decay.js'
import * as Guard from '../../src/optim/Guard.js'
import * as Optimizer from '../../src/optim/Optimizer.js'
import * as Select from '../../src/optim/Select.js'
import * as Stage from '../../src/optim/Stage.js'
import { tensorType } from '../../src/shape/TensorType.js'
import { expectLeft } from '../support/assert.js'
import { paths } from './fixture.js'

const test = suite('Select')

test('patterns: * within a part, ** any number of parts, ? one character', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['**', 'a/b/c', true],
    ['**/b', 'b', true],
    ['**/b', 'a/b/b', true],
    ['**/b', 'a/b/w', false],
    ['*/b', 'a/b', true],
    ['*/b', 'b', false],
    ['*/b', 'a/b/b', false],
    ['a/**', 'a/b/c', true],
    ['a/**/d', 'a/d', true],
    ['a/**/d', 'a/b/c/d', true],
    ['a/**/d', 'b/d', false],
    ['dense*/g?mma', 'dense12/gamma', true],
    ['dense*/g?mma', 'dense12/gammas', false],
    ['dense1', 'dense1/w', false],
    ['*a*b*', 'xaxbx', true],
    ['a.c', 'abc', false],
  ]
  for (const [pattern, path, found] of cases) assert.is(Select.matches(pattern, path), found, `${pattern} ${path}`)
  const slow = '*a'.repeat(90)
  assert.is(Select.matches(slow, 'a'.repeat(5000)), true)
  assert.is(Select.matches(slow, `${'a'.repeat(5000)}b`), false)
})

test('what is excluded is not included', () => {
  const chosen = (s: Select.Select) => paths.filter(p => Select.includes(Select.of(s), p))
  assert.equal(chosen({}), paths)
  assert.equal(chosen({ exclude: Decay.biasesAndScales }), ['hidden/dense1/w'])
  assert.equal(chosen({ include: ['hidden/**'], exclude: ['**/b'] }), ['hidden/dense1/w'])
})

test('a pattern that finds nothing is an error that names it', () => {
  for (const stage of [
    Decay.l2(1, { include: ['**/weight'] }),
    Stage.only({ include: ['**/weight'] }, Guard.skip()),
    Optimizer.scaleRate({ include: ['**/w', '**/weight'], factor: 2 }),
    Constraint.maxNorm(1, { include: ['**/weight'] }),
  ]) {
    const p = param('p', tensorType('f32', [2, 2]))
    const stepped = Stage.run([stage], {
      gradients: [p],
      params: [p],
      paths: ['w'],
      slots: {},
      scalars: { '0/0/skipped': param('s', tensorType('f64')) },
      step: input('step', tensorType('f64')),
      loss: input('loss', tensorType('f32')),
    })
    assert.is(expectLeft(Program.of(stepped.params)).message, 'the pattern "**/weight" finds none of the parameters w')
  }
})

test.run()
