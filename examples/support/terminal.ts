/** What the examples share: their command line, and how they end. */
import { parseArgs } from 'node:util'
import type { Either } from 'fp-ts/lib/Either.js'

export interface Options {
  readonly seed: number
  readonly epochs: number
  readonly out: string
  /** of the training data, at most */
  readonly rows: number
}

interface Defaults {
  /** one sentence for --help */
  readonly about: string
  readonly epochs: number
  readonly out: string
  /** all rows of the training data, where fewer may be asked for */
  readonly rows?: number
}

/** The value, or the end of the program with the error's sentence: a run that the user stopped ends with 130. */
export const orExit = <A>(result: Either<{ readonly _tag: string; readonly message: string }, A>): A => {
  if (result._tag === 'Right') return result.right
  process.stderr.write(`${result.left.message}\n`)
  process.exit(result.left._tag === 'Aborted' ? 130 : 1)
}

/** Says what is wrong with the command line, and ends. */
const refuse = (message: string): never => {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const whole = (flag: string, text: string, least: number): number => {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) && value >= least
    ? value
    : refuse(`--${flag} must be a whole number${least > 0 ? ` of at least ${least}` : ''}, but it is "${text}".`)
}

const parsed = () => {
  try {
    return parseArgs({
      options: {
        seed: { type: 'string', default: '0' },
        epochs: { type: 'string' },
        out: { type: 'string' },
        rows: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : `${error}`).split(/[.]\s/)
    return refuse(`${reason}; ${reason.endsWith('ambiguous') ? 'write --seed=-1' : '--help lists the options'}.`)
  }
}

/** The options given, or the defaults. --help prints them and ends; a wrong one is one sentence and exit code 2. */
export const options = ({ about, epochs, out, rows }: Defaults): Options => {
  const values = parsed()
  if (values.rows !== undefined && rows === undefined) refuse("Unknown option '--rows'; --help lists the options.")
  if (values.help) {
    process.stdout.write(
      `${about}\n\n` +
        `  --seed N     an integer that decides everything random (default 0)\n` +
        `  --epochs N   at most so many passes over the training data (default ${epochs})\n` +
        (rows === undefined ? '' : `  --rows N     trains on the first N rows only (default ${rows}, all)\n`) +
        `  --out FILE   where the result is saved (default ${out})\n` +
        `  --help       this text\n`,
    )
    process.exit(0)
  }
  return {
    seed: whole('seed', values.seed, Number.MIN_SAFE_INTEGER),
    epochs: whole('epochs', values.epochs ?? `${epochs}`, 1),
    rows: values.rows === undefined ? (rows ?? Number.POSITIVE_INFINITY) : whole('rows', values.rows, 1),
    out: values.out === '' ? refuse('--out needs the name of a file.') : (values.out ?? out),
  }
}
