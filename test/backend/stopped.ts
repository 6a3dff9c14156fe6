/**
 * A process of `team.test.ts`: a worker takes a tile and says `taken`; once the process has been stopped for more than a
 * second it goes on for a while, and does its tile. Then the process prints what all tiles left.
 */
import { Worker } from 'node:worker_threads'
import { sharing, team, theft } from './sharing.js'

const { memory, words, run } = sharing(3000)
const thief = `${theft}
  const words = new Int32Array(buffer)
  let last = Date.now()
  require('node:fs').writeSync(1, 'taken')
  for (let now = last; now - last < 1000; now = Date.now()) last = now
  for (const from = Date.now(); Date.now() - from < 300; );
  words[2048 + tile] = 7
  words[0] = 1
  Atomics.add(words, (${team} + 64) / 4, 1)
  Atomics.notify(words, (${team} + 64) / 4)`
new Worker(thief, { eval: true, execArgv: [], workerData: memory.buffer })
while (Atomics.load(words, 0) === 0) {
  words.fill(0, 2048, 2052)
  run()
  await new Promise(setImmediate)
}
process.stdout.write(` ${words.subarray(2048, 2052).join(' ')}`)
