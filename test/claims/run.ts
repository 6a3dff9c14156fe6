/** The command line of `npm run claims`. */
import { parseArgs } from 'node:util'
import { progress } from '../support/progress.js'
import type { Claim, Finding } from './claim.js'
import { jsonLine, table } from './report.js'

const helpFor = (claims: readonly Claim[]): string => `npm run claims -- [options]

Measures what papers claim of the tricks and prints claim, source, expected, measured (median, least and greatest over
the seeds) and whether it holds. The exit code is 1 if one does not.

  --only A,B    only these claims
  --seeds 5     with the seeds 0 to 4
  --json        one JSON object a line, with what each seed gave, instead of the table
  --help        this text

${claims.map(c => `  ${c.name.padEnd(13)} ${c.source}`).join('\n')}
`

const options = (claims: readonly Claim[], args: readonly string[]) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seeds: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const seeds = Number(values.seeds)
  if (!Number.isInteger(seeds) || seeds < 1) throw new Error(`--seeds ${values.seeds} is not a whole number >= 1`)
  const names = values.only?.split(',') ?? claims.map(c => c.name)
  const wanted = names.map((name): Claim => {
    const found = claims.find(c => c.name === name)
    if (!found) throw new Error(`no claim "${name}"; there are ${claims.map(c => c.name).join(', ')}`)
    return found
  })
  return { wanted, seeds: Array.from({ length: seeds }, (_, i) => i), json: values.json, help: values.help }
}

/** Measures the claims that the arguments name; the exit code. Throws for arguments that are wrong. */
export const run = async (
  claims: readonly Claim[],
  args: readonly string[],
  write: (text: string) => void,
): Promise<0 | 1> => {
  const { wanted, seeds, json, help } = options(claims, args)
  if (help) {
    write(helpFor(claims))
    return 0
  }
  const line = progress(wanted.length * seeds.length)
  const all: Finding[] = []
  for (const { name, findings } of wanted) {
    const found = await findings(seeds, seed => line.step(`${name}, seed ${seed}`))
    line.clear()
    if (json) for (const f of found) write(`${jsonLine(f)}\n`)
    all.push(...found)
  }
  if (!json) write(`${table(all)}\n`)
  return all.every(f => f.holds) ? 0 : 1
}
