/**
 * npm run ulps [names]: the error of the f32 kernels over all 2^32 bit patterns, in as many processes as there are cores.
 * The exit code is 1 when a measured maximum is not the stated one. All of it takes six and a half minutes of CPU.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { points, sample, scalarKernels, scalarNames, scalars } from './scalar.js'
import { bitsOf, endsOf, kernels, measured, type Name, names, type Run, runsOf, type Worst } from './ulps.js'

interface Task extends Run {
  readonly name: Name
}
interface Answer extends Worst {
  readonly name: Name
  readonly broken: string | null
}

const size = 1 << 24
/** Runs cut into pieces of a second or so. */
const tasksOf = (name: Name): readonly Task[] =>
  runsOf(measured[name]).flatMap(({ from, count, is }) =>
    Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
      name,
      is,
      from: from + i * size,
      count: Math.min(size, count - i * size),
    })),
  )

const work = async (): Promise<void> => {
  const { sweep, exception } = await kernels()
  process.on('message', ({ name, from, count, is }: Task) => {
    const bad = is === 'swept' ? null : exception(name, is, from, count)
    const worst = is === 'swept' ? sweep(name, from, count) : { most: 0, at: 0 }
    process.send?.({ name, ...worst, broken: bad === null ? null : `${name}(${bad}) is not ${is}` } satisfies Answer)
  })
}

const round4 = (x: number): number => Math.ceil(x * 1e4) / 1e4

/** The f64 kernels, at points. */
const sampled = async (): Promise<readonly string[]> => {
  const module = await scalarKernels()
  return scalarNames.flatMap(name => {
    const { most, at } = sample(module, name, points)
    const rounded = Math.ceil(most * 100) / 100
    console.log(`${name.padEnd(10)} ${rounded.toFixed(2)}     ${at.join(', ')}   (f64, ${points} points)`)
    return rounded === scalars[name].most ? [] : [`${name}: ${rounded}, stated ${scalars[name].most}`]
  })
}

const main = async (): Promise<void> => {
  const chosen = process.argv.slice(2)
  const wanted = names.filter(n => chosen.length === 0 || chosen.includes(n))
  const start = performance.now()
  const queue = wanted.flatMap(tasksOf)
  const worst = new Map<Name, Worst>(wanted.map(name => [name, endsOf(measured[name])]))
  const broken: string[] = []
  const take = ({ name, most, at, broken: bad }: Answer): void => {
    if (bad !== null) broken.push(bad)
    const seen = worst.get(name) ?? { most: 0, at: 0 }
    // which process is first must not matter: of equal errors the lowest bit pattern's counts
    if (most > seen.most || (most === seen.most && bitsOf(at) < bitsOf(seen.at))) worst.set(name, { most, at })
  }
  const workers = Array.from({ length: Math.min(availableParallelism(), queue.length) }, () => {
    const worker: ChildProcess = fork(fileURLToPath(import.meta.url), ['--work'], { serialization: 'advanced' })
    return new Promise<void>((resolve, reject) => {
      const next = (): void => {
        const task = queue.shift()
        if (task) worker.send(task)
        else worker.disconnect()
      }
      worker.on('exit', code => (code === 0 ? resolve() : reject(new Error(`a process ended with ${code}`))))
      worker.on('message', (answer: Answer) => {
        take(answer)
        next()
      })
      next()
    })
  })
  await Promise.all(workers)
  console.log('function   ULP      at')
  for (const [name, { most, at }] of worst) {
    const { most: stated, at: place } = measured[name]
    const same = round4(most) === stated && bitsOf(place) === bitsOf(at)
    if (!same) broken.push(`${name}: ${most} at ${at} (0x${bitsOf(at).toString(16)}), stated ${stated} at ${place}`)
    console.log(`${name.padEnd(10)} ${round4(most).toFixed(4)}   ${at}`)
  }
  if (chosen.length === 0) broken.push(...(await sampled()))
  for (const line of broken) console.log(line)
  console.log(
    `all 2^32 bit patterns of ${wanted.length} functions, ${Math.round((performance.now() - start) / 1000)} s`,
  )
  process.exitCode = broken.length > 0 ? 1 : 0
}

await (process.argv.includes('--work') ? work() : main())
