/** What dropout does to a net that can learn its training data by heart. */
import { orThrow, Trainer } from 'gradus'
import { overfit, recipe } from './digits.js'
import { color, type Figure, line, linear, panel, words } from './theme.js'

const epochs = 50
const seeds = [0, 1, 2]

const nets = [
  { dropout: 0, says: 'no dropout', ink: color.red },
  { dropout: 0.5, says: 'dropout 0.5', ink: color.blue },
]

interface Seen {
  readonly epoch: number
  /** over the validation data */
  readonly loss: number
  /** in percent, over the validation data */
  readonly accuracy: number
}

const historyOf = async (dropout: number, seed: number): Promise<readonly Seen[]> => {
  const { history } = orThrow(await Trainer.fit(recipe({ dropout, epochs, seed }))(overfit)())
  return history.map(({ epoch, validation }) => ({
    epoch,
    loss: validation?.loss ?? Number.NaN,
    accuracy: 100 * (validation?.['accuracy'] ?? Number.NaN),
  }))
}

const mean = (of: readonly (readonly Seen[])[]): readonly Seen[] =>
  Array.from({ length: epochs }, (_, i) => {
    const average = (field: keyof Seen): number =>
      of.reduce((sum, run) => sum + (run[i]?.[field] ?? Number.NaN), 0) / of.length
    return { epoch: i + 1, loss: average('loss'), accuracy: average('accuracy') }
  })

const data = async () =>
  Promise.all(nets.map(async n => ({ ...n, runs: await Promise.all(seeds.map(seed => historyOf(n.dropout, seed))) })))

export const dropout: Figure<Awaited<ReturnType<typeof data>>> = {
  name: 'dropout',
  about: 'With dropout the validation loss keeps falling and the accuracy rises; without it both turn back.',
  data,
  spec: all => {
    const part = (title: string, field: keyof Seen, domain: readonly number[]) => {
      const at = {
        x: linear('epoch', [0, epochs], { title: 'epoch', grid: false, tickCount: 6 }),
        y: linear(field, domain, { tickCount: 5 }),
      }
      return {
        title: panel(title),
        width: 310,
        height: 260,
        layer: all.flatMap(({ says, ink, runs }) => [
          line(
            runs.flatMap((run, seed) => run.map(e => ({ ...e, seed }))),
            { ...at, detail: { field: 'seed' } },
            ink,
            { opacity: 0.3, strokeWidth: 1.2 },
          ),
          line(mean(runs), at, ink, { strokeWidth: 2.6 }),
          words(mean(runs).at(-1), at, says, ink, { fontWeight: 'bold' }),
        ]),
      }
    }
    return {
      title: {
        text: 'Dropout keeps a large net from learning the noise by heart',
        subtitle: `400 handwritten digits, a quarter of which are labeled wrong; ${seeds.length} seeds and their mean. Srivastava et al. 2014`,
      },
      bounds: 'flush',
      spacing: 140,
      hconcat: [
        part('Validation loss (cross-entropy)', 'loss', [0.5, 2]),
        part('Validation accuracy (%)', 'accuracy', [40, 90]),
      ],
    }
  },
}
