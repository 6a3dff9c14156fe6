/** What the tests of figures share: a reader of the SVG that a figure becomes. */
import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { draw } from '../../examples/figures/draw.js'
import type { Figure } from '../../examples/figures/theme.js'

/** How many marks of each type an SVG shows, by Vega's names of them. */
export type Marks = Readonly<Record<string, number>>

const token =
  /<(?<close>\/)?(?<name>[a-zA-Z]+)(?<attributes>(?: [a-zA-Z:0-9-]+="[^"<&]*")*)(?<self>\/)?>|(?<text>[^<>]+)/y

/** Reads all of the text as elements within elements; throws where it is not well-formed. */
export const marksOf = (svg: string): Marks => {
  const open: { readonly name: string; readonly mark: string | undefined }[] = [] // local mutation: a stack
  const counts: Record<string, number> = {}
  token.lastIndex = 0
  while (token.lastIndex < svg.length) {
    const at = token.lastIndex
    const found = token.exec(svg)?.groups
    if (!found) throw new Error(`no XML from character ${at} on: ${svg.slice(at, at + 80)}`)
    const { close, name = '', attributes = '', self, text } = found
    if (text !== undefined) {
      if (/&(?!amp;|lt;|gt;|quot;|#\d+;)/.test(text)) throw new Error(`a bare & in ${text}`)
    } else if (close) {
      const top = open.pop()
      if (top?.name !== name) throw new Error(`</${name}> closes <${top?.name}>`)
    } else {
      const mark = open.at(-1)?.mark
      if (mark !== undefined) counts[mark] = (counts[mark] ?? 0) + 1
      if (!self) open.push({ name, mark: / class="mark-(?!group)([a-z]+) role-mark/.exec(attributes)?.[1] })
    }
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)?.name}> is not closed`)
  return counts
}

/** Draws the figure: it must show these marks, all at numbers, and say in its title what it is about. */
export const drawn = async <D>(figure: Figure<D>, data: D, marks: Marks): Promise<string> => {
  const svg = await draw(figure, data)
  assert.equal(marksOf(svg), marks)
  assert.not.match(svg, /NaN|undefined|Infinity|null/)
  assert.ok(svg.includes(`<title>${figure.about.replaceAll('&', '&amp;')}</title>`))
  return svg
}

/** The same bytes from a second run as from the first, whose SVG is given. */
export const repeats = async <D>(figure: Figure<D>, svg: string): Promise<void> =>
  assert.ok((await draw(figure, await figure.data())) === svg, `${figure.name}: a second run draws something else`)

/** The figure of README.md, drawn at another time, has these bytes, too; and it is small. */
export const stands = ({ name }: { readonly name: string }, svg: string): void => {
  const file = readFileSync(new URL(`../../examples/figures/svg/${name}.svg`, import.meta.url), 'utf8')
  assert.ok(file === svg, `${name}.svg is out of date: npm run figures, look at it, and commit it`)
  assert.ok(svg.length < 60_000, `${name}.svg has ${svg.length} characters`)
}
