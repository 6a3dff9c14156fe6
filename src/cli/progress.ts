/**
 * Progress of a run in a terminal: a live line with a bar there, a plain line now and then anywhere else.
 *
 *     import { progress } from 'gradus/cli'
 *     const bar = progress()
 *     const fitted = await Trainer.fit(recipe, { on: bar.on })({ train, validation })()
 *     bar.stop()
 */
import CliProgress from 'cli-progress'
import type { FitEvent } from '../train/events.js'
import { fullLine, narrowLine, type View } from './format.js'

const { Format, Presets, SingleBar } = CliProgress

export interface ProgressOptions {
  /** where to write; default `process.stderr`, so that the output proper can be piped */
  readonly stream?: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  /** milliseconds between two plain lines; default 1000 */
  readonly every?: number
  /** a clock in milliseconds; default `performance.now` */
  readonly now?: () => number
}

export interface Progress {
  /** for `Trainer.fit(recipe, { on })` */
  readonly on: (event: FitEvent) => void
  /** Ends the live line, also that of a run that failed or was stopped; may be called twice. */
  readonly stop: () => void
}

/** Shows one view after another. */
interface Screen {
  readonly show: (view: View) => void
  /** a line that stays */
  readonly say: (text: string) => void
  readonly stop: () => void
}

/** A bar whose timer does not keep the process alive, so that a run that fails without `stop` still ends it. */
class Bar extends SingleBar {
  declare timer: NodeJS.Timeout | null

  override render(): void {
    super.render()
    this.timer?.unref()
  }
}

const widest = 30

const live = (stream: NodeJS.WritableStream): Screen => {
  const bar = new Bar(
    {
      stream,
      linewrap: true,
      format: (options, { progress, maxWidth }, view: View) => {
        const full = fullLine(view)
        const text = full.length + widest / 2 < maxWidth ? full : narrowLine(view)
        const barsize = Math.min(maxWidth - text.length - 3, widest)
        return barsize < 4
          ? text
          : `${Format.BarFormat(progress, { ...options, barsize, ...strings(barsize) })}  ${text}`
      },
    },
    Presets.shades_classic,
  )
  return {
    show: view => {
      const done = view.epoch - 1 + view.batch / view.batches
      if (bar.isActive) bar.update(done, view)
      else bar.start(view.epochs, done, { ...view })
    },
    say: text => {
      bar.stop()
      stream.write(`${text}\n`)
    },
    stop: () => bar.stop(),
  }
}

/** The strings that the library cuts a bar of some width from. */
const strings = (barsize: number) => ({
  barCompleteString: Presets.shades_classic.barCompleteChar.repeat(barsize),
  barIncompleteString: Presets.shades_classic.barIncompleteChar.repeat(barsize),
})

const plain = (stream: NodeJS.WritableStream, every: number, now: () => number): Screen => {
  let written = now() // local mutation: when the last line was written, and what was left out since
  let pending: View | null = null
  const write = (view: View): void => {
    stream.write(`${fullLine(view)}\n`)
    written = now()
    pending = null
  }
  const stop = (): void => {
    if (pending) write(pending)
  }
  return {
    show: view => {
      pending = view
      if (now() - written >= every) write(view)
    },
    say: text => {
      stop()
      stream.write(`${text}\n`)
    },
    stop,
  }
}

/** Watches one run. In a terminal a live line; elsewhere a line every `every` milliseconds and one at the end. */
export const progress = (options: ProgressOptions = {}): Progress => {
  const stream = options.stream ?? process.stderr
  const screen =
    stream.isTTY === true
      ? live(stream)
      : plain(stream, options.every ?? 1000, options.now ?? (() => performance.now()))
  let [epochs, batches] = [1, 1] // local mutation: what the run said at its start, and the last validation
  let validation: View['validation'] = null
  return {
    stop: screen.stop,
    on: event => {
      switch (event._tag) {
        case 'Started':
          ;({ epochs, batches } = event)
          break
        case 'Progress':
          screen.show({ ...event, epochs, validation })
          break
        case 'Epoch':
          validation = event.validation
          screen.show({ ...event, batch: batches, batches, epochs })
          if (event.epoch === epochs) screen.stop()
          break
        case 'Stopped': {
          const { epoch, reason, restored } = event
          const kept = restored === null ? '' : `; the parameters are those of epoch ${restored}`
          screen.say(`stopped after epoch ${epoch}: ${reason}${kept}`)
        }
      }
    },
  }
}
