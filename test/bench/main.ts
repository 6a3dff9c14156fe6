/**
 * npm run bench: gradus and its peers at the same work, in turn, each in a process of its own, on one thread; gradus on
 * several too if asked.
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { progress } from '../support/progress.js'
import { type Library, start } from './library.js'
import { type Failure, type Figure, failureLine, figure, jsonLine, table } from './report.js'
import { type Workload, workloads } from './workloads.js'

/** Seconds of one library at one workload in one round. */
const turn = 0.4

const peers = [
  { name: 'tfjs-wasm', driver: 'peers/tfjs.mjs' },
  { name: 'jax-js', driver: 'peers/jax.mjs' },
  { name: 'onnxruntime-web', driver: 'peers/onnx.mjs' },
] as const

const help = `npm run bench -- [options]

  --only W2,W2b   only these workloads
  --rounds 5      how often every library has its turn
  --no-peers      gradus alone
  --threads 2,4   gradus also with so many threads
  --profile       gradus alone: GFLOP/s of its products, shares of its kernels' time, GB/s through memory
  --json          one JSON object a line instead of the table
  --help

${workloads.map(w => `  ${w.name.padEnd(10)} ${`${w.unit},`.padEnd(8)} ${w.about}`).join('\n')}
`

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const options = () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      'no-peers': { type: 'boolean', default: false },
      threads: { type: 'string', default: '' },
      profile: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is not a whole number >= 1`)
  const names = values.only?.split(',') ?? workloads.map(w => w.name)
  const wanted = names.map((name): Workload => {
    const found = workloads.find(w => w.name === name)
    if (!found) throw new Error(`no workload "${name}"; there are ${workloads.map(w => w.name).join(', ')}`)
    return found
  })
  const threads = values.threads === '' ? [] : values.threads.split(',').map(Number)
  if (!threads.every(n => Number.isInteger(n) && n >= 2))
    throw new Error(`--threads ${values.threads} are not whole numbers >= 2`)
  const { 'no-peers': alone, profile, json, help: asked } = values
  return { wanted, rounds, threads, peers: !alone, profile, json, help: asked }
}

/** Starts gradus and, if they are installed, the peers. */
const libraries = async (threads: readonly number[], withPeers: boolean): Promise<readonly Library[]> => {
  const own = await Promise.all([1, ...threads].map(n => start('gradus', 'gradus.ts', n)))
  if (!withPeers) return own
  if (!existsSync(new URL('peers/node_modules', import.meta.url))) {
    say('the peers are not installed: npm ci --prefix test/bench/peers')
    return own
  }
  const started = await Promise.all(
    peers.map(({ name, driver }) =>
      start(name, driver).catch((error: Error) => {
        say(`${name}: ${error.message}`)
        return null
      }),
    ),
  )
  return [...own, ...started.filter(l => l !== null)]
}

/** What the libraries did at a workload, and why those that could not do it failed. */
interface Outcome {
  readonly figures: readonly Figure[]
  readonly failures: readonly Failure[]
}

/** Round by round; every other round goes through the libraries backwards. A library that failed is not asked again. */
const outcomeOf = async (
  workload: Workload,
  libs: readonly Library[],
  rounds: number,
  step: (what: string) => void,
): Promise<Outcome> => {
  const samples = new Map(libs.map(l => [l, [] as number[]]))
  const failures: Failure[] = []
  for (let round = 0; round < rounds; round++) {
    for (const lib of round % 2 === 0 ? libs : [...libs].reverse()) {
      if (failures.some(f => f.lib === lib.name)) continue
      step(`${workload.name} ${lib.name}, round ${round + 1} of ${rounds}`)
      try {
        samples.get(lib)?.push(...(await lib.measure({ workload: workload.name, seconds: turn })))
      } catch (error) {
        failures.push({ workload, lib: lib.name, reason: error instanceof Error ? error.message : `${error}` })
        if (lib.name === 'gradus') process.exitCode = 1
      }
    }
  }
  const figures = [...samples].flatMap(([lib, ms]) => (ms.length === 0 ? [] : [figure(workload, lib, ms)]))
  return { figures, failures }
}

const bench = async (): Promise<void> => {
  const o = options()
  if (o.help) {
    process.stdout.write(help)
    return
  }
  if (o.profile) {
    const { profile, profileTable } = await import('./profile.js')
    const found = await profile(o.wanted)
    if (o.json) for (const p of found) process.stdout.write(`${JSON.stringify(p)}\n`)
    else process.stdout.write(`${profileTable(found)}\n\n`)
    const [{ limit = 0, bandwidth = 0 } = {}] = found
    say(
      `the limit of multiplications and additions is ${limit.toFixed(1)} GFLOP/s, a copy moves ${bandwidth.toFixed(1)} GB/s`,
    )
    return
  }
  const libs = await libraries(o.threads, o.peers)
  const line = progress(o.wanted.length * o.rounds * libs.length)
  const figures: Figure[] = []
  try {
    for (const workload of o.wanted) {
      const found = await outcomeOf(workload, libs, o.rounds, line.step)
      line.clear()
      for (const f of found.failures) say(failureLine(f))
      if (o.json) for (const f of found.figures) process.stdout.write(`${jsonLine(f)}\n`)
      figures.push(...found.figures)
    }
  } finally {
    for (const lib of libs) lib.close()
  }
  if (o.json) return
  process.stdout.write(`${table(figures)}\n\n`)
  const versions = libs.filter(l => l.name !== 'gradus').map(l => `${l.name} ${l.version}`)
  process.stdout.write(`${[`node ${process.versions.node}`, ...versions].join('; ')}\n`)
}

bench().catch((error: Error) => {
  say(error.message)
  process.exitCode = 1
})
