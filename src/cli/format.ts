/** Numbers of a run as text for people. */
import type { Metrics } from '../train/reported.js'

/** Three or four digits: 0.957, 0.0123, 61300, 1.2e-7 */
export const short = (x: number): string => {
  if (!Number.isFinite(x)) return `${x}`
  const size = Math.abs(x)
  if (size !== 0 && size < 0.001) return x.toExponential(1)
  return size < 0.1 ? x.toFixed(4) : size < 100 ? x.toFixed(3) : x.toFixed(0)
}

/** 61300.4 as 61,300 */
export const grouped = (x: number): string =>
  Number.isFinite(x) ? x.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',') : `${x}`

/** What a line of progress says. */
export interface View {
  readonly epoch: number
  readonly epochs: number
  /** batches done of the epoch, and how many it has */
  readonly batch: number
  readonly batches: number
  readonly train: Metrics
  /** after the last epoch that was judged */
  readonly validation: Metrics | null
  readonly rate: number | null
  readonly samplesPerSecond: number
}

const pairs = (metrics: Metrics): string =>
  Object.entries(metrics)
    .map(([name, x]) => `${name} ${short(x)}`)
    .join('  ')

const place = ({ epoch, epochs }: View): string => `epoch ${`${epoch}`.padStart(`${epochs}`.length)}/${epochs}`

const rateOf = ({ rate }: View): readonly string[] => (rate === null ? [] : [`rate ${short(rate)}`])

/** `epoch  3/100  batch 5/24  loss 0.123  accuracy 0.957  validation: loss 0.2  accuracy 0.9  rate 0.1  61,300 samples/s` */
export const fullLine = (v: View): string =>
  [
    place(v),
    ...(v.batch < v.batches ? [`batch ${v.batch}/${v.batches}`] : []),
    pairs(v.train),
    ...(v.validation ? [`validation: ${pairs(v.validation)}`] : []),
    ...rateOf(v),
    `${grouped(v.samplesPerSecond)} samples/s`,
  ].join('  ')

/** The same for a narrow terminal, validation behind a stroke: `epoch  3/100  loss 0.123|0.2  accuracy 0.957|0.9  ...` */
export const narrowLine = (v: View): string =>
  [
    place(v),
    ...Object.entries(v.train).map(([name, x]) => {
      const judged = v.validation?.[name]
      return `${name} ${short(x)}${judged === undefined ? '' : `|${short(judged)}`}`
    }),
    ...rateOf(v),
    `${grouped(v.samplesPerSecond)}/s`,
  ].join('  ')
