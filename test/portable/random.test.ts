/** Random recipes in Chromium and in this Node: the same bits, interpreted, built, with one thread and with two. */
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle } from './bundle.js'
import { hasChromium, inChromium } from './hosts.js'
import type { Outcomes, outcomes } from './random.js'

const test = suite('portable random recipes')
const count = 4

const files = await bundle('random', 'random-worker')
test.after(() => rmSync(dirname(files.random), { recursive: true }))

const inBrowser = hasChromium ? test : test.skip
inBrowser('Chromium, isolated, in a worker', async () => {
  const [seed = 0] = fc.sample(fc.noBias(fc.nat()), 1)
  const here: { readonly outcomes: typeof outcomes } = await import(files.random)
  const expected = await here.outcomes(seed, count)
  const found = await inChromium({ '/worker.mjs': files['random-worker'] }, true, page =>
    page.evaluate<readonly Outcomes[] | string>(`new Promise((resolve, reject) => {
      const worker = new Worker('/worker.mjs', { type: 'module' })
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(message))
      worker.postMessage([${seed}, ${count}])
    })`),
  )
  if (typeof found === 'string') throw new Error(`seed ${seed}: ${found}`)
  assert.is(found.length, count)
  expected.forEach(({ recipe, fitted, stepped }, i) => {
    const shown = `seed ${seed}, recipe ${i}: ${recipe}`
    assert.is(found[i]?.recipe, recipe)
    assert.equal(found[i]?.threads, [1, 2, 2])
    for (const hash of [...fitted, ...(found[i]?.fitted ?? [])]) assert.is(hash, fitted[0], shown)
    for (const hash of [...stepped, ...(found[i]?.stepped ?? [])]) assert.is(hash, stepped[0], shown)
  })
})

test.run()
