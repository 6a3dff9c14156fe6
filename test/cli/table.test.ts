import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { table } from '../../src/cli/table.js'

const test = suite('src/cli/table')

test('two columns, without colors', () => {
  assert.equal(table({ epochs: 67, 'test accuracy': '0.942' }).split('\n'), [
    '┌───────────────┬───────┐',
    '│ epochs        │ 67    │',
    '│ test accuracy │ 0.942 │',
    '└───────────────┴───────┘',
  ])
})

test.run()
