import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CsvOptions, csv, type Data } from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'

const test = suite('Data.csv')

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const two = { inputs: [2], label: Label.classes(3) } as const
const message = (text: string, options: CsvOptions<readonly number[], Label.Label> = two): string =>
  expectLeft(csv(options)(bytes(text))).message

test('the digits', () => {
  const file = new Uint8Array(readFileSync(new URL('../../examples/data/digits.csv.gz', import.meta.url)))
  const digits: Data<readonly [8, 8, 1], Label.Class<10>> = expectRight(
    csv({ inputs: [8, 8, 1], label: Label.classes(10) })(file),
  )
  assert.is(digits.size, 1_797)
  const histogram = new Array<number>(10).fill(0)
  for (const label of digits.labels) histogram[label] = (histogram[label] ?? 0) + 1
  assert.equal(histogram, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
  const pixels = digits.columns.input ?? new Float32Array(0)
  assert.equal([...pixels.slice(0, 8)], [0, 0, 5, 13, 9, 1, 0, 0])
  assert.is(pixels.length, 1_797 * 64)
  assert.ok(pixels.every(p => p >= 0 && p <= 16))
})

test('label columns: last, first, by index, by name; plain or gzipped', () => {
  const read = (text: string, options: Partial<CsvOptions<readonly [2], Label.Class<3>>>): void => {
    for (const b of [bytes(text), new Uint8Array(gzipSync(text))]) {
      const data = expectRight(csv({ ...two, ...options })(b))
      assertBits(data.columns.input as Float32Array, Float32Array.of(0.5, -1, 2e3, 4))
      assert.equal([...data.labels], [2, 0])
    }
  }
  read('.5,-1,2\n2e3,4,0', {})
  read('\ufeff.5;-1;2\r\n\r\n 2E+3 ;4.;0\r\n\r\n', { separator: ';' })
  read('2,0.5,-1\n0,2000,4\n', { labelColumn: 'first' })
  read('0.5,2.0,-1\n2000,0,4\n', { labelColumn: 1 })
  read('a,kind,b\n0.5,2,-1\n"2000",0,4\n', { labelColumn: 'kind', header: true })
  read('0.5\t-1\t2\n2000\t4\t0\n', { separator: '\t' })
})

test('names and values as labels', () => {
  const pets = expectRight(csv({ inputs: [1], label: Label.classes('cat', 'dog') })(bytes('1,dog\n2, cat\n3,1')))
  assert.equal([...pets.labels], [1, 0, 1])
  const values = expectRight(csv({ inputs: [1], label: Label.values(2), labelColumn: 0 })(bytes('1,2,3\n4,5,6')))
  assert.equal([...values.labels], [1, 2, 4, 5])
  assert.equal([...(values.columns.input ?? [])], [3, 6])
  const odd = { inputs: [1], label: Label.classes('5', '6') } as const
  assert.equal([...expectRight(csv(odd)(bytes('0,5'))).labels], [0])
  assert.is(message('0,0', odd), 'csv: line 1, column 2: the label "0" is none of the names "5", "6"')
  const powers = { inputs: [1], label: Label.classes('1e1', '1e2') } as const
  assert.match(message('0,1e0', powers), /label "1e0" is none of the names "1e1", "1e2"/)
})

test('everything wrong is a sentence that names line and column', () => {
  assert.is(message('1,2,0\n1,2,0,4'), 'csv: line 2: expected 3 columns, but found 4')
  assert.is(message('1,2,0\n\n1,x,0'), 'csv: line 3, column 2: "x" is not a number')
  assert.is(message('"1\n",2,0\n1,,0'), 'csv: line 3, column 2: "" is not a number')
  assert.is(message('1,2,0\n1,NaN,0'), 'csv: line 2, column 2: NaN is not allowed: every value must be finite')
  assert.is(message('1,2,0\n-inf,2,0'), 'csv: line 2, column 1: -inf is not allowed: every value must be finite')
  assert.is(message('1,2,0\n1e39,2,0'), 'csv: line 2, column 1: 1e+39 is too large for a 32-bit float')
  assert.is(message('1,2,0\n0x1,2,0'), 'csv: line 2, column 1: "0x1" is not a number')
  assert.is(message('1,2,0\n1,2,3'), 'csv: line 2, column 3: the label 3 is out of range: 3 classes are labeled 0 to 2')
  assert.match(message('1,2,0\n1,2,-1'), /label -1 is out of range/)
  assert.match(message('1,2,0\n1,2,0.5'), /label "0.5" is not an integer/)
  assert.match(message('1,2,0\n1,2,NaN'), /line 2, column 3: the label "NaN"/)
  assert.match(message('a,b,c\n1,2,0'), /line 1, column 1: "a" is not a number \(is it a header/)
  assert.is(
    message('a,b,c\n1,2,0\nz,2,0', { ...two, header: true }),
    'csv: line 3, column 1 ("a"): "z" is not a number',
  )
})

test('empty files and impossible options are refused', () => {
  assert.is(message(''), 'csv: the file has no rows')
  assert.is(message('\n\n'), 'csv: the file has no rows')
  assert.is(message('a,b,c', { ...two, header: true }), 'csv: the file has no rows below its header')
  assert.match(message('1,2,0', { ...two, labelColumn: 3 }), /no label column 3/)
  assert.match(message('1,2,0', { ...two, labelColumn: 'kind' }), /there is no header/)
  assert.match(message('a,b,c\n1,2,0', { ...two, labelColumn: 'kind', header: true }), /no column "kind"/)
  assert.match(message('a,a,b\n1,2,0', { ...two, labelColumn: 'a', header: true }), /two columns "a"/)
  assert.match(
    message('a,b,c\n1,2,0', { inputs: [1], label: Label.values(2), labelColumn: 'c', header: true }),
    /from "c" on/,
  )
  assert.match(message('1,2,0', { ...two, separator: '' }), /separator/)
  assert.match(message('1,2,0', { ...two, separator: '"' }), /separator/)
  assert.match(message('1,2,0', { ...two, inputs: [0] }), /\[0\] is not a shape/)
  assert.match(message('1,2,0', { ...two, inputs: [-2] }), /\[-2\] is not a shape/)
  assert.match(message('1,2,0', { ...two, inputs: [2 ** 20, 2 ** 20] }), /at most 1073741824 numbers/)
  assert.match(message('1,2,0', { ...two, label: Label.classes(0) }), /classes is 0/)
  assert.match(message('1,2,0', { ...two, maxBytes: 3 }), /maxBytes/)
  // memory is bounded by the file, not by what a row would take
  assert.match(message('\n'.repeat(100_000), { ...two, inputs: [1_000_000] }), /no rows/)
})

test('lines that JSON can read are read as others are', () => {
  const field = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('0', '1', '2', '-0', '2.50', '1e-3', '-7E+2', ' 3', '0.1', '16777217') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', '.5', '01', '+1', '1.', '1e39', '1e999', 'null', 'true', '[1]', '[', 'x'),
    },
  )
  const label = fc.constantFrom('0', '1', '2', '2.0', '1e0', '-0', '3', '0.5')
  const row = fc.tuple(field, field, label, fc.constantFrom('1', '0.5', '2e0', '1e1', '-1', '1e39'))
  const rows = fc.array(fc.oneof({ weight: 9, arbitrary: row }, fc.constant(['']), fc.constant(['1', '2'])), {
    maxLength: 6,
  })
  const some = fc.record({ header: fc.boolean(), weightColumn: fc.constant(3), labelColumn: fc.constant(2) })
  fc.assert(
    fc.property(rows, some, fc.constantFrom('\n', '\r\n', '\r'), (lines, options, end) => {
      const read = (separator: string) =>
        csv({ ...two, ...options, separator })(bytes(lines.map(fields => fields.join(separator)).join(end)))
      assert.equal(read(','), read(';'))
    }),
    { numRuns: 2_000 },
  )
  assert.match(message('x,"y",z\n1,2,0', { ...two, header: true, labelColumn: '"y"' }), /the header has no column/)
  assert.match(message('1,2\n1,1e39', { inputs: [1], label: Label.values(1) }), /line 2, column 2: 1e\+39 is too large/)
  const numbers = expectRight(csv(two)(bytes('1e0,2,2.000e+00\n0.1,16777217,1')))
  assert.equal([...numbers.labels], [2, 1])
  assertBits(numbers.columns.input as Float32Array, Float32Array.of(1, 2, 0.1, 16777216))
})

test('JSON is asked for plain lines, and for none of a file with brackets or quotes, which it would make lists of', () => {
  const { parse } = JSON
  let asked = 0
  JSON.parse = (...args: Parameters<typeof parse>) => {
    asked++
    return parse(...args)
  }
  try {
    assert.is(expectRight(csv(two)(bytes('1,2,0\n3,4,1\n'))).size, 2)
    assert.is(asked, 2)
    for (const text of ['1,2,0\n[', '1,2,0\n{},2,0', '['.repeat(1000)]) assert.match(message(text), /csv: line [12]/)
    assert.is(expectRight(csv(two)(bytes('"1",2,0\n3,4,1'))).size, 2)
    assert.is(asked, 2)
  } finally {
    JSON.parse = parse
  }
})

test('no bytes make it throw', () => {
  const near = fc
    .array(fc.constantFrom('1', '2', ',', ',', '\n', '\r\n', '"', 'NaN', '.', 'e', '-', ' ', 'cat', '\u0000'), {
      maxLength: 40,
    })
    .map(parts => parts.join(''))
  const any = fc.oneof(fc.uint8Array({ maxLength: 200 }), near.map(bytes))
  const options = [two, { ...two, header: true }, { inputs: [1], label: Label.classes('cat', 'dog') }] as const
  fc.assert(
    fc.property(any, fc.constantFrom<CsvOptions<readonly number[], Label.Label>>(...options), (b, o) => {
      const result = csv(o)(b)
      if (result._tag === 'Right') assert.is(result.right.labels.length, result.right.size)
    }),
    { numRuns: 1_000 },
  )
})

test.run()
