/** Findings as a table and as lines of JSON. */
import Table from 'cli-table3'
import { type Finding, median } from './claim.js'

const digits = (x: number): string => `${Number(x.toPrecision(3))}`

/** `0.93 (0.91 to 0.95)`: the median, the least and the greatest. */
export const shown = (all: readonly number[]): string => {
  const [mid, low, high] = [median(all), Math.min(...all), Math.max(...all)].map(digits)
  return low === high ? `${mid}` : `${mid} (${low} to ${high})`
}

/** A table of the findings of one run, those of a claim under each other. */
export const table = (findings: readonly Finding[]): string => {
  const drawn = new Table({
    head: ['claim', 'source', 'expected', 'measured', 'holds'],
    colWidths: [13, 24, 62, 30, 7],
    wordWrap: true,
    style: { head: [], border: [] },
  })
  for (const f of findings) {
    const own = findings.filter(g => g.claim === f.claim)
    const cells = [f.expected, shown(f.measured), f.holds ? 'yes' : 'NO']
    const rowSpan = own.length
    drawn.push(own[0] === f ? [{ content: f.claim, rowSpan }, { content: f.source, rowSpan }, ...cells] : cells)
  }
  return drawn.toString()
}

/** One finding as a line of JSON, with what each seed gave. */
export const jsonLine = ({ claim, source, expected, measured, holds }: Finding): string =>
  JSON.stringify({ claim, source, expected, measured, holds })
