import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { reader } from '../../src/graph/attrs.js'

const test = suite('attributes')

test('a reader gives the attributes it names, and no others', () => {
  const read = reader({ axis: 'number', index: 'numbers' })
  assert.equal(read({ axis: 1, index: [2, 0], size: 3 }), { axis: 1, index: [2, 0] })
})

test('what is missing or of another kind throws and is named', () => {
  const read = reader({ axis: 'number', index: 'numbers' })
  assert.throws(() => read({ index: [] }), 'the attribute axis must be number, but it is missing')
  assert.throws(() => read({ axis: [1], index: [] }), 'the attribute axis must be number, but it is a list')
  assert.throws(() => read({ axis: 1, index: 'all' }), 'the attribute index must be numbers, but it is "all"')
})

test.run()
