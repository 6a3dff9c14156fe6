/** The job in Node, Deno and Bun: `terminal.js <csv.gz> <threads>...` prints the outcomes as JSON. */
import { readFileSync } from 'node:fs'
import { trainEach } from './job.js'

const [, , csv = '', ...counts] = process.argv
process.stdout.write(JSON.stringify(await trainEach(readFileSync(csv), counts.map(Number))))
