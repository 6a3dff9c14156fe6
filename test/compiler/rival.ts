/** A process of `files.test.ts`: builds four modules with the host's cache and prints them. */

import { sum } from './sum.js'
import { built } from './support.js'

const modules: { readonly bias: number; readonly cached: boolean; readonly base64: string }[] = []
for (const bias of [1, 2, 3, 4]) {
  const { binary, cached } = await built(sum(bias), {})
  modules.push({ bias, cached, base64: Buffer.from(binary).toString('base64') })
}
process.stdout.write(JSON.stringify(modules))
