/**
 * The process of one library: imports the driver named by the first argument and answers requests to measure, so that
 * one library's heap and compiler do not disturb another.
 *
 * A sample is the mean of as many runs as take 5 ms. A workload is warmed up when it is first asked for. There are three
 * samples at least, unless they take very long.
 */
import type { Answer, Driver, Request, Task } from './driver.js'

const sampleMilliseconds = 5
const warmUpSeconds = 0.5
const fewestSamples = 3
const longestSeconds = 3

const timed = async (task: Task, times: number): Promise<number> => {
  const start = performance.now()
  await task.run(times)
  return (performance.now() - start) / times
}

const samplesOf = async (task: Task, seconds: number, times: number): Promise<readonly number[]> => {
  const samples: number[] = []
  const start = performance.now()
  const passed = (limit: number): boolean => performance.now() - start >= 1000 * limit
  do samples.push(await timed(task, times))
  while (!passed(seconds) || (samples.length < fewestSamples && !passed(longestSeconds)))
  return samples
}

interface Warm {
  readonly task: Task
  /** runs of a sample */
  readonly times: number
}

const warmUp = async (task: Task): Promise<Warm> => {
  const shortest = Math.min(...(await samplesOf(task, warmUpSeconds, 1)))
  return { task, times: Math.max(1, Math.round(sampleMilliseconds / shortest)) }
}

const answer = (a: Answer): void => {
  process.send?.(a)
}
const failed = (error: unknown): Answer => ({
  _tag: 'Failed',
  message: error instanceof Error ? error.message : String(error),
})

const serve = ({ version, tasks }: Driver): void => {
  const warm = new Map<string, Warm>()
  const measure = async ({ workload, seconds }: Request): Promise<Answer> => {
    const make = tasks[workload]
    if (!make) return { _tag: 'Measured', samples: [] }
    const known = warm.get(workload) ?? (await warmUp(await make()))
    warm.set(workload, known)
    return { _tag: 'Measured', samples: await samplesOf(known.task, seconds, known.times) }
  }
  process.on('message', (request: Request) => {
    measure(request).catch(failed).then(answer)
  })
  answer({ _tag: 'Ready', version })
}

process.on('disconnect', () => process.exit())
const [, , driver = ''] = process.argv
import(driver).then(serve, (error: unknown) => answer(failed(error)))
