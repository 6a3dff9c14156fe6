/** Builds in Node, Deno and Bun: prints what `make` gives the first and the second time. */
import { make } from './build.js'

process.stdout.write(JSON.stringify([await make(3), await make(3)]))
