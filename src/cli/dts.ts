/**
 * The last step of `npm run build`: the emitted declarations name fp-ts and io-ts themselves, instead of the package's
 * private import map, so that every way of resolving modules finds them.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'

const dist = new URL('../../dist/', import.meta.url)

const publicNames = (text: string): string =>
  text.replaceAll(/(['"])#(fp|io)\//g, (_, quote: string, name: string) => `${quote}${name}-ts/lib/`)

const files = await readdir(dist, { recursive: true })
await Promise.all(
  files
    .filter(file => file.endsWith('.d.ts'))
    .map(async file => {
      const path = new URL(file, dist)
      const text = await readFile(path, 'utf8')
      const named = publicNames(text)
      if (named !== text) await writeFile(path, named)
    }),
)
