/** In Node, Deno and Bun: what `make` gives the first and the second time, and what trains on the csv that is named. */
import { readFileSync } from 'node:fs'
import { make, trained } from './build.js'

const csv = readFileSync(process.argv[2] ?? '')
const outcomes = [await make(3), await make(3)]
const hash = await trained(csv, 2)
process.stdout.write(JSON.stringify({ outcomes, hash }))
