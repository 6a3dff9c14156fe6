/** Figures out of samples, as lines of JSON and as a table. */
import type { Workload } from './workloads.js'

/** What one library did at one workload. `min` and `max` are the least and the greatest number, in the unit. */
export interface Figure {
  readonly workload: Workload
  readonly lib: string
  readonly threads: number
  readonly median: number
  readonly min: number
  readonly max: number
}

/** A workload that a library does, or should, and could not. */
export interface Failure {
  readonly workload: Workload
  readonly lib: string
  readonly reason: string
}

export const failureLine = ({ workload, lib, reason }: Failure): string => `${workload.name}: ${lib} fails: ${reason}`

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0

export const figure = (
  workload: Workload,
  { name: lib, threads }: { readonly name: string; readonly threads: number },
  milliseconds: readonly number[],
): Figure => {
  const sorted = milliseconds.map(workload.measure).sort((a, b) => a - b)
  return { workload, lib, threads, median: quantile(sorted, 0.5), min: quantile(sorted, 0), max: quantile(sorted, 1) }
}

const isSpeed = ({ unit }: Workload): boolean => unit === 'GFLOP/s'

const digits = (x: number): string => x.toFixed(x < 10 ? 3 : x < 100 ? 2 : 1)

/** `max` is left out of times: it says more about the machine than about the library. */
export const jsonLine = ({ workload, lib, threads, median, min, max }: Figure): string =>
  JSON.stringify({
    workload: workload.name,
    lib,
    runtime: `node ${process.versions.node}`,
    threads,
    median: Number(digits(median)),
    min: Number(digits(min)),
    ...(isSpeed(workload) && { max: Number(digits(max)) }),
    unit: workload.unit,
  })

/** How many times as fast as `other` a figure is, by the medians. */
const ratio = (other: Figure, { workload, median }: Figure): number =>
  isSpeed(workload) ? median / other.median : other.median / median

/** The rows of the workloads; `best` is the shortest time or the greatest speed. */
export const table = (figures: readonly Figure[]): string => {
  const rows = figures.map((f, i) => {
    const own = figures.find(g => g.workload === f.workload && g.lib === 'gradus' && g.threads === 1)
    return [
      figures[i - 1]?.workload === f.workload ? '' : f.workload.name,
      f.threads === 1 ? f.lib : `${f.lib}, ${f.threads} threads`,
      digits(f.median),
      digits(isSpeed(f.workload) ? f.max : f.min),
      f.workload.unit,
      own && own !== f ? `${ratio(f, own).toFixed(2)}x` : '',
    ]
  })
  return columns(
    [['workload', 'library', 'median', 'best', 'unit', 'gradus is faster by'], ...rows],
    c => c === 2 || c === 3,
  )
}

/** Lines of cells below each other; numbers to the right. */
export const columns = (all: readonly (readonly string[])[], isNumber: (column: number) => boolean): string => {
  const widths = all[0]?.map((_, c) => Math.max(...all.map(row => row[c]?.length ?? 0))) ?? []
  return all
    .map(row => row.map((cell, c) => (isNumber(c) ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0))))
    .map(row => row.join('  ').trimEnd())
    .join('\n')
}
