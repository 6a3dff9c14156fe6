import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { above, below, claim, exactly, median, within } from './claim.js'
import { shown } from './report.js'
import { run } from './run.js'

const test = suite('npm run claims')

const squares = (limit: number) =>
  claim({
    name: 'squares',
    source: 'Euclid',
    measure: async seed => seed * seed,
    expected: [
      { what: 'the square', of: x => x, is: below(limit) },
      { what: 'half the square', of: x => x / 2, is: within(0, 2), over: 'median' },
    ],
  })

const output = async (limit: number, ...args: readonly string[]) => {
  let text = ''
  const code = await run([squares(limit)], args, more => {
    text += more
  })
  return { code, text }
}

test('a line of JSON a finding, with what each seed gave; the exit code says whether all hold', async () => {
  const { code, text } = await output(9, '--json', '--seeds', '4')
  assert.is(code, 1)
  assert.equal(
    text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
    [
      { claim: 'squares', source: 'Euclid', expected: 'the square < 9', measured: [0, 1, 4, 9], holds: false },
      {
        claim: 'squares',
        source: 'Euclid',
        expected: 'half the square in [0, 2] (median)',
        measured: [0, 0.5, 2, 4.5],
        holds: true,
      },
    ],
  )
  assert.is((await output(10, '--json', '--seeds', '4')).code, 0)
})

test('the table says what does not hold', async () => {
  const { text } = await output(9, '--seeds', '4')
  assert.match(text, /squares +│ Euclid +│ the square < 9 +│ 2.5 [(]0 to 9[)] +│ NO/)
  assert.match(text, /half the square in \[0, 2\] [(]median[)] +│ 1.25 [(]0 to 4.5[)] +│ yes/)
})

test('wrong arguments are refused in words', async () => {
  for (const [args, says] of [
    [['--only', 'cubes'], /no claim "cubes"; there are squares/],
    [['--seeds', '0'], /--seeds 0 is not a whole number >= 1/],
    [['--sed'], /Unknown option '--sed'/],
  ] as const)
    assert.ok(
      await output(1, ...args).then(
        () => false,
        (error: Error) => says.test(error.message),
      ),
    )
  assert.match((await output(1, '--help')).text, /squares +Euclid/)
})

test('bounds exclude what they say, and NaN meets none', () => {
  for (const [bound, yes, no] of [
    [exactly(1), 1, 1.1],
    [below(1), 0.9, 1],
    [above(1), 1.1, 1],
    [within(1, 2), 2, 2.1],
  ] as const) {
    assert.equal([yes, no, Number.NaN].map(bound.test), [true, false, false])
  }
})

test('the median of an even number is the mean of the two in the middle', () => {
  assert.is(median([10, 1, 3]), 3)
  assert.is(median([10, 1, 3, 4]), 3.5)
  assert.is(shown([0.12345, 2, 1]), '1 (0.123 to 2)')
})

test.run()
