/** Weights of rows go where their rows go, and are read from memory, csv and JSON. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { expectLeft, expectRight } from '../support/assert.js'

const test = suite('weights of rows')
const as = { inputs: [1], label: Label.classes(3) } as const
type Rows = Data.Data<readonly [1], Label.Class<3>>

/** Row i is x = i, of class i mod 3, with weight i / 2. */
const weighed = (n: number): Rows => {
  const ids = Array.from({ length: n }, (_, i) => i)
  return expectRight(Data.of(as)({ x: ids, y: ids.map(i => i % 3), weights: ids.map(i => i / 2) }))
}
/** Every weight is that of its row. */
const belongs = (data: Rows): boolean =>
  data.weights?.length === data.size && data.weights.every((w, r) => w === (data.columns['input']?.[r] as number) / 2)

test('rows taken, in whatever way, take their weights along', () => {
  const data = weighed(20)
  const by = { validation: 0.3, seed: 1 }
  const parts = [Data.split(by), Data.stratifiedSplit(by)].map(f => expectRight(f(data)))
  const folds = [Data.kFold({ folds: 3, seed: 1 }), Data.stratifiedKFold({ folds: 3, seed: 1 })].map(f =>
    expectRight(f(data)),
  )
  const all = [...parts, ...folds.flat()].flatMap(p => [p.train, p.validation])
  assert.is(all.length, 16)
  for (const part of [data, Data.slice(3, -2)(data), Data.take(4)(data), expectRight(Data.as(as)(data)), ...all])
    assert.ok(belongs(part))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 19 })), rows => belongs(expectRight(Data.gather(rows)(data)))),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), i =>
      assert.equal(expectRight(Data.concat(Data.slice(i)(data))(Data.slice(0, i)(data))), data),
    ),
  )
})

test('rows without weights count 1 beside those that have some', () => {
  const [a, b] = [weighed(3), Data.withoutWeights(weighed(2))]
  assert.is(b.weights, null)
  assert.equal([...(expectRight(Data.concat(b)(a)).weights ?? [])], [0, 0.5, 1, 1, 1])
  assert.equal([...(expectRight(Data.concat(a)(b)).weights ?? [])], [1, 1, 0, 0.5, 1])
  assert.is(expectRight(Data.concat(b)(b)).weights, null)
})

test('given in memory: copied and checked', () => {
  const weights = [1, 2]
  const data = expectRight(Data.withWeights(weights)(weighed(2)))
  weights[0] = 9
  assert.equal([...(data.weights ?? [])], [1, 2])
  const of = (w: readonly number[]) => Data.of(as)({ x: [1, 2], y: [0, 1], weights: w })
  assert.is(expectLeft(of([1])).message, 'weights: there are 1 weights for 2 rows')
  assert.is(expectLeft(of([1, -1])).message, 'weights[1]: the weight -1 is negative')
  assert.match(expectLeft(of([Number.NaN, 1])).message, /^weights\[0\]: NaN is not allowed/)
})

const csv = (text: string, options: Partial<Data.CsvOptions<readonly [2], Label.Class<3>>>) =>
  Data.csv({ inputs: [2], label: Label.classes(3), ...options })(new TextEncoder().encode(text))

test('csv: a column by index or name, wherever the label stands', () => {
  const read = (text: string, options: Parameters<typeof csv>[1]) => {
    const { columns, labels, weights } = expectRight(csv(text, options))
    assert.equal(
      [[...(columns['input'] ?? [])], [...labels], [...(weights ?? [])]],
      [
        [5, 6, 7, 8],
        [2, 0],
        [0.5, 3],
      ],
    )
  }
  read('.5,5,6,2\n3,7,8,0', { weightColumn: 0 })
  read('5,6,2,.5\n7,8,0,3', { weightColumn: 3 }) // the label is last among the others
  read('.5,2,5,6\n3,0,7,8', { weightColumn: 0, labelColumn: 'first' })
  read('.5,2,5,6\n3,0,7,8', { weightColumn: 0, labelColumn: 1 })
  read('5,2,.5,6\n7,0,3,8', { weightColumn: 2, labelColumn: 1 })
  read('5,.5,2,6\n7,3,0,8', { weightColumn: 1, labelColumn: 2 })
  read('a,w,kind,b\n5,.5,2,6\n7,3,0,8', { weightColumn: 'w', labelColumn: 'kind', header: true })
  read('kind,a,b,w\n2,5,6,.5\n0,7,8,3', { weightColumn: 'w', labelColumn: 'kind', header: true })
})

test('csv: values as labels leave the weight out', () => {
  const options = { inputs: [1], label: Label.values(2), labelColumn: 'u', weightColumn: 'w', header: true } as const
  const data = expectRight(Data.csv(options)(new TextEncoder().encode('u,w,v,x\n1,9,2,3\n4,8,5,6')))
  assert.equal(
    [[...data.labels], [...(data.columns['input'] ?? [])], [...(data.weights ?? [])]],
    [
      [1, 2, 4, 5],
      [3, 6],
      [9, 8],
    ],
  )
})

test('csv: what is wrong', () => {
  const says = (text: string, options: Parameters<typeof csv>[1], words: RegExp) =>
    assert.match(expectLeft(csv(text, options)).message, words)
  says('1,2,0,-1', { weightColumn: 3 }, /^csv: line 1, column 4: the weight -1 is negative/)
  says('1,2,0,x', { weightColumn: 3 }, /column 4: "x" is not a number/)
  says('1,2,0,nan', { weightColumn: 3 }, /nan is not allowed/)
  says('1,2,0', { weightColumn: 3 }, /expected 4 columns, but found 3/)
  says('1,2,0,1', { weightColumn: 4 }, /there is no weight column 4: the last is 3/)
  says('1,2,0,1', { weightColumn: 'w' }, /"w" is a name, but there is no header/)
  says('a,b,c,d\n1,2,0,1', { weightColumn: 'w', header: true }, /the header has no column "w"/)
  says('1,2,0,1', { weightColumn: 3, labelColumn: 3 }, /both the label and the weight/)
  says('a,b,c,d\n1,2,0,1', { weightColumn: 'd', labelColumn: 'd', header: true }, /"d" cannot be both/)
  says('1,2,0,1', { weightColumn: 0, labelColumn: 4 }, /there is no label column 4: the last is 3/)
})

test('json: a field of the row', () => {
  const json = (text: string) => Data.json({ ...as, weight: 'importance' })(text)
  const rows = '{"input": [1], "label": 0, "importance": 0.25}, {"label": 2, "input": [2], "importance": 3}'
  assert.equal([...(expectRight(json(`[${rows}]`)).weights ?? [])], [0.25, 3])
  assert.is(expectRight(Data.json(as)(`[${rows}]`)).weights, null)
  const says = (row: string, words: RegExp) => assert.match(expectLeft(json(`[${rows}, ${row}]`)).message, words)
  says('{"input": [1], "label": 0}', /^json: row 3: importance: undefined is not a number/)
  says('{"input": [1], "label": 0, "importance": -2}', /^json: row 3: importance: the weight -2 is negative$/)
  says('{"input": [1], "label": 0, "importance": "1"}', /^json: row 3: importance: "1" is not a number/)
})

test.run()
