/** The U-shaped curve of the validation loss, where early stopping leaves it, and which epoch it gives back. */
import { orThrow, Stop, Trainer } from 'gradus'
import { overfit, recipe } from './digits.js'
import { color, dots, type Figure, line, linear, rules, words } from './theme.js'

const settings = { epochs: 50, seed: 0 }
export const patience = 10

const data = async () => {
  const fit = async (stop?: Stop) =>
    orThrow(await Trainer.fit(recipe({ ...settings, ...(stop && { stop }) }))(overfit)())
  const [through, stopped] = [await fit(), await fit(Stop.early({ patience, restoreBest: true }))]
  const losses = (history: typeof through.history) =>
    history.map(({ epoch, train, validation }) => ({
      epoch,
      training: train.loss,
      validation: validation?.loss ?? Number.NaN,
    }))
  return {
    /** every epoch, as if nothing stopped it */
    through: losses(through.history),
    /** the epochs of the run that was stopped */
    stopped: losses(stopped.history),
    best: stopped.history.findLast(e => e.best)?.epoch ?? Number.NaN,
    /** the validation loss of the model that it gave back */
    restored: orThrow(stopped.evaluate(overfit.validation)).loss,
  }
}

const x = linear('epoch', [0, settings.epochs], { title: 'epoch', grid: false, tickCount: 6 })
const of = (field: string) => ({
  x,
  y: linear(field, [0, 2.2], { title: 'loss (cross-entropy)', tickCount: 5 }),
})

export const earlyStopping: Figure<Awaited<ReturnType<typeof data>>> = {
  name: 'early-stopping',
  about:
    'The training loss falls for ever, the validation loss is U-shaped; early stopping gives back its lowest point.',
  data,
  spec: ({ through, stopped, best, restored }) => {
    const end = stopped.length
    const [last] = through.slice(-1)
    return {
      title: {
        text: 'Early stopping gives back the bottom of the U',
        subtitle: [
          '400 handwritten digits, a quarter of which are labeled wrong;',
          `patience ${patience} epochs. Prechelt 1998`,
        ],
      },
      width: 440,
      height: 300,
      layer: [
        {
          data: { values: [{ from: end, to: settings.epochs }] },
          mark: { type: 'rect', color: color.faint, opacity: 0.6 },
          encoding: { x: { field: 'from', type: 'quantitative' }, x2: { field: 'to' } },
        },
        rules('x', [best, end]),
        line(through, of('training'), color.blue, { strokeWidth: 2.4 }),
        line(through, of('validation'), color.red, { strokeWidth: 2.4 }),
        words(last, of('training'), 'training', color.blue, { fontWeight: 'bold' }),
        words(last, of('validation'), 'validation', color.red, { fontWeight: 'bold' }),
        dots([{ epoch: best, validation: restored }], of('validation'), color.red, {
          size: 110,
          stroke: '#ffffff',
          strokeWidth: 2,
        }),
        words({ epoch: best, training: 1.95 }, of('training'), [`epoch ${best}`, 'given back'], color.ink),
        words(
          { epoch: end, training: 1.95 },
          of('training'),
          [`epoch ${end}: stopped after ${patience}`, 'epochs without progress'],
          color.ink,
        ),
      ],
    }
  },
}
