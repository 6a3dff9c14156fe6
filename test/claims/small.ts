/** The small version of a claim: two seeds, and one for each way to break the trick, which must be noticed. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Claim } from './claim.js'
import { shown } from './report.js'

const said = async (claim: Claim, seeds: readonly number[]) =>
  (await claim.findings(seeds)).map(f => ({ ...f, text: `${f.expected}: measured ${shown(f.measured)}` }))

/** Tests that `claim` holds and that each of `broken`, by what is wrong with it, does not. */
export const small = (claim: Claim, broken: Readonly<Record<string, Claim>>): void => {
  const test = suite(`claim ${claim.name}`)
  test('it holds', async () => {
    const findings = await said(claim, [0, 1])
    assert.equal(
      findings.filter(f => !f.holds).map(f => f.text),
      [],
    )
  })
  for (const [what, wrong] of Object.entries(broken))
    test(`not with ${what}`, async () => {
      const findings = await said(wrong, [0])
      assert.ok(
        findings.some(f => !f.holds),
        findings.map(f => f.text).join('\n'),
      )
    })
  test.run()
}
