/** What the arbitraries draw is what they say, and varied enough to mean something. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Net, orThrow, Recipe } from '../../src/index.js'
import { analyze } from '../../src/nn/analyze.js'
import type { AnyNet } from '../../src/nn/Net.js'
import { check } from '../../src/optim/Stage.js'
import { Arbitrary, draw } from '../../src/testing/index.js'

const test = suite('arbitraries')
const kindsOf = (net: AnyNet): readonly string[] =>
  orThrow(analyze(net)).rows.flatMap(({ node }) => (node._tag === 'Apply' ? [node.kind] : []))

test('shapes and tensors stay within what is asked for', () => {
  fc.assert(
    fc.property(Arbitrary.shapes({ minRank: 1, maxRank: 3, maxSize: 4 }), shape => {
      assert.ok(shape.length >= 1 && shape.length <= 3 && shape.every(d => Number.isInteger(d) && d >= 1 && d <= 4))
    }),
  )
  fc.assert(
    fc.property(Arbitrary.tensors([3, 2], { domain: [-1, 3], avoid: [0] }), x => {
      assert.is(x.length, 6)
      assert.ok(x.every(v => v >= -1 && v <= 3 && Math.abs(v) >= 0.0499))
    }),
  )
  const x = draw(5000, 1, 'x', { domain: [-1, 1], avoid: [0, 1] })
  assert.equal(x, draw(5000, 1, 'x', { domain: [-1, 1], avoid: [0, 1] }))
  assert.not.equal(x, draw(5000, 2, 'x', { domain: [-1, 1], avoid: [0, 1] }))
  assert.ok(x.every(v => v >= -1 && v <= 0.951 && Math.abs(v) >= 0.0499))
  const mean = x.reduce((a, b) => a + b, 0) / 5000
  assert.ok(Math.abs(mean) < 0.05, `${mean}`)
})

test('nets are accepted, keep to their input and outputs, and use most layers', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(Arbitrary.nets({ input: [4, 2], outputs: 5, maxLayers: 10 }), net => {
      orThrow(Net.check(net))
      assert.equal([net.inputs, net.shape], [[4, 2], [5]])
      for (const kind of kindsOf(net)) seen.add(kind)
    }),
    { numRuns: 150, seed: 31 },
  )
  assert.ok(seen.size >= 24, [...seen].join(' '))
})

test('optimizers and recipes are accepted', () => {
  fc.assert(fc.property(Arbitrary.optimizers(), o => void orThrow(check(o))))
  const targets = new Set<string>()
  fc.assert(
    fc.property(Arbitrary.recipes(), recipe => {
      orThrow(Recipe.check(recipe))
      const data = Arbitrary.dataFor(recipe, 9)
      assert.equal([data.size, data.label.target], [9, recipe.loss.target])
      targets.add(data.label.target)
    }),
  )
  assert.is(targets.size, 2)
})

test.run()
