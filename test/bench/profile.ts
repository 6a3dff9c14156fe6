/**
 * Where gradus' time goes: in products and convolutions, in regions of elementwise operations, elsewhere; and what is
 * moved through memory, against what a copy moves in the same run.
 */
import { regions } from '../../src/backend/kernels.gen.js'
import type { Task, Work } from './driver.js'
import { tasks } from './gradus.js'
import { limit } from './limit.js'
import { columns } from './report.js'
import { bandwidth } from './traffic.js'
import type { Workload } from './workloads.js'

const products = /^(matmul|convolve|winograd|depthwise|grouped)/
const fused: ReadonlySet<string> = new Set(Object.values(regions))

export interface Profile {
  readonly workload: string
  readonly gflop: number
  /** the products' operations by the time of the whole run */
  readonly speed: number
  /** what the machine can do at most, in GFLOP/s */
  readonly limit: number
  /** what the steps read and write, in MB and in GB a second of the whole run, and of the regions' time */
  readonly megabytes: number
  readonly moved: number
  readonly movedInRegions: number
  /** GB/s of a copy */
  readonly bandwidth: number
  /** shares of the kernels' time */
  readonly products: number
  readonly regions: number
  readonly others: number
}

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1] ?? 0

const timed = async (task: Task, seconds: number): Promise<number> => {
  const samples: number[] = []
  const end = performance.now() + 1000 * seconds
  do {
    const start = performance.now()
    await task.run(1)
    samples.push(performance.now() - start)
  } while (performance.now() < end)
  return median(samples)
}

/** The median time of each kernel of a run. */
const kernelsOf = ({ kernels }: Work, seconds: number): ReturnType<Work['kernels']> => {
  const runs: ReturnType<Work['kernels']>[] = []
  const end = performance.now() + 1000 * seconds
  do runs.push(kernels())
  while (performance.now() < end)
  return (runs[0] ?? []).map(({ kernel }, i) => ({ kernel, time: median(runs.map(r => r[i]?.time ?? 0)) }))
}

export const profile = async (wanted: readonly Workload[]): Promise<readonly Profile[]> => {
  const most = await limit()
  const copied = await bandwidth()
  const found: Profile[] = []
  for (const { name } of wanted) {
    const task = await tasks[name]?.()
    if (!task?.work) continue
    await timed(task, 0.5)
    const milliseconds = await timed(task, 1)
    const kernels = kernelsOf(task.work, 1)
    const traffic = task.work.traffic()
    const total = kernels.reduce((sum, k) => sum + k.time, 0)
    const share = (of: (kernel: string) => boolean): number =>
      kernels.reduce((sum, k) => (of(k.kernel) ? sum + k.time : sum), 0) / total
    const [inProducts, inRegions] = [share(k => products.test(k)), share(k => fused.has(k))]
    found.push({
      workload: name,
      gflop: task.work.flop / 1e9,
      speed: task.work.flop / (milliseconds * 1e6),
      limit: most,
      megabytes: traffic.all / 1e6,
      moved: traffic.all / (milliseconds * 1e6),
      movedInRegions: traffic.regions / (inRegions * milliseconds * 1e6),
      bandwidth: copied,
      products: inProducts,
      regions: inRegions,
      others: 1 - inProducts - inRegions,
    })
  }
  return found
}

const percent = (x: number): string => `${(100 * x).toFixed(1)} %`

export const profileTable = (profiles: readonly Profile[]): string =>
  columns(
    [
      ['workload', 'GFLOP', 'GFLOP/s', 'of the limit', 'products', 'regions', 'others', 'MB', 'GB/s', 'in regions'],
      ...profiles.map(p => [
        p.workload,
        p.gflop.toPrecision(4),
        p.speed.toFixed(1),
        (p.speed / p.limit).toFixed(2),
        ...[p.products, p.regions, p.others].map(percent),
        p.megabytes.toPrecision(3),
        p.moved.toFixed(1),
        p.regions === 0 ? '' : p.movedInRegions.toFixed(1),
      ]),
    ],
    c => c > 0,
  )
