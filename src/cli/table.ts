/** Names and values as a table for a terminal. */
import Table from 'cli-table3'

/** Two columns, the names and what they are; numbers are shown as they are, so round them first. */
export const table = (rows: Readonly<Record<string, string | number>>): string => {
  const drawn = new Table({
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: { head: [], border: [] },
  })
  drawn.push(...Object.entries(rows).map(([name, value]) => [name, `${value}`]))
  return drawn.toString()
}
