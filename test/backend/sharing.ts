/** A share of four tiles, laid out by hand in a memory that two threads share: each fills a word of its own with 7. */
import { core, instantiate } from '../../src/backend/kernels.js'

/** Where the team's words lie. */
export const team = 1024

/** `patience` in milliseconds; the words that the tiles fill are the four from the 2048th on. */
export const sharing = (patience: number) => {
  const pages = 4
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  const { run, indexOf } = instantiate(memory, core(true))
  const words = new Int32Array(memory.buffer)
  const [code, tiles, record] = [2048, 2064, 4096]
  words[(team + 204) / 4] = patience
  words[(team + 212) / 4] = 2
  words.set([indexOf.get('share') as number, record], code / 4)
  words.set([team, 4, tiles, 0], record / 4)
  for (let t = 0; t < 4; t++) {
    words.set([indexOf.get('fill32') as number, record + 64 * (t + 1)], tiles / 4 + 2 * t)
    words.set([8192 + 4 * t, 7, 1], (record + 64 * (t + 1)) / 4)
  }
  return { memory, words, run: () => run(code, code + 8) }
}

/** For a worker's text: takes the first of thread 1's tiles, once there is one, and returns its number. */
export const takeTile = `
  const takeTile = (buffer, team) => {
    const tickets = new BigUint64Array(buffer, team + 320 + 64, 1)
    for (;;) {
      const ticket = Atomics.load(tickets, 0)
      const [from, end] = [(ticket >> 16n) & 0xffffn, ticket & 0xffffn]
      if (from !== end && Atomics.compareExchange(tickets, 0, ticket, ticket + 0x10000n) === ticket) return Number(from)
    }
  }`

/** What a worker runs over the memory's buffer to take a `tile`. */
export const theft = `${takeTile}
  const buffer = require('node:worker_threads').workerData
  const tile = takeTile(buffer, ${team})`
