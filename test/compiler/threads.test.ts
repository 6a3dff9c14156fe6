import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundle } from './bundle.js'
import { sum } from './sum.js'
import { assertSums } from './support.js'

const test = suite('test/compiler/threads')

const root = mkdtempSync(join(tmpdir(), 'gradus-threads-'))
test.after(() => rmSync(root, { recursive: true, force: true }))

const folder = join(root, 'bundled')
await bundle(folder, {
  background: 'test/compiler/background.ts',
  'compiler/threads': 'src/compiler/threads.ts',
  'compiler/compiler-worker': 'src/compiler/compiler-worker.ts',
  'alone/threads': 'src/compiler/threads.ts',
  'silent/threads': 'src/compiler/threads.ts',
  'greedy/threads': 'src/compiler/threads.ts',
})

interface Seen {
  readonly started: number
  readonly answered: number
  readonly ended: number
  readonly error: string | null
  readonly base64: string
}
const run = async (...args: readonly string[]): Promise<Seen> => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'background.js'), ...args])
  return JSON.parse(stdout)
}

const assertBuilt = ({ base64, error }: Seen): void => {
  assert.is(error, null)
  assertSums(Uint8Array.from(Buffer.from(base64, 'base64')))
}

test('a thread compiles, and tells what is wrong', async () => {
  const seen = await run(join(folder, 'compiler/threads.js'))
  assertBuilt(seen)
  assert.equal([seen.started, seen.answered], [1, 1])
  const refused = await run(join(folder, 'compiler/threads.js'), 'export function f(): i32 { return nothing }')
  assert.equal([refused.started, refused.answered], [1, 1])
  assert.match(refused.error ?? '', "Cannot find name 'nothing'")
})

test('where a thread or a worker does not start, or has nothing to run, the calling thread compiles', async () => {
  const alone = await run(join(folder, 'alone/threads.js'))
  assertBuilt(alone)
  assert.equal([alone.started, alone.answered], [1, 0])
  for (const [which, ended] of Object.entries({ refusing: 0, failing: 1, deaf: 1 })) {
    const seen = await run(which)
    assertBuilt(seen)
    assert.is(seen.ended, ended, which)
  }
})

test('what is not an answer of the compiler is not taken for one', async () => {
  const { error, base64, ended } = await run('talking')
  assert.equal([error, base64, ended], [null, 'AQID', 1])
})

test('where the calling thread compiles nothing either, the error says that it did so for a thread that failed', async () => {
  const { error } = await run('failing', 'export function f(): i32 { return nothing }')
  assert.match(error ?? '', /^the thread that compiles did not start or broke down, .* Cannot find name 'nothing'/)
})

test('a thread that runs out of memory is a Left, and the calling thread does not try in turn', async () => {
  writeFileSync(
    join(folder, 'greedy/compiler-worker.js'),
    'for (const all = []; ; ) all.push(new Array(1000).fill(all))',
  )
  const args = ['--max-old-space-size=60', join(folder, 'background.js'), join(folder, 'greedy/threads.js')]
  const { error, started } = JSON.parse((await promisify(execFile)(process.execPath, args)).stdout) as Seen
  assert.match(error ?? '', 'ran out of memory')
  assert.is(started, 1)
})

test('a thread or a worker that does not answer is ended, and that is a Left', async () => {
  writeFileSync(join(folder, 'silent/compiler-worker.js'), 'setInterval(() => undefined, 1000)')
  const message = /has not answered within 300 ms: give it more \(timeout\)/
  const thread = await run(join(folder, 'silent/threads.js'), sum(), '300')
  assert.match(thread.error ?? '', message)
  assert.equal([thread.started, thread.answered], [1, 0])
  const worker = await run('hanging', sum(), '300')
  assert.match(worker.error ?? '', message)
  assert.is(worker.ended, 1)
  for (const timeout of ['0', '-1', 'NaN', 'Infinity'])
    assert.match((await run('hanging', sum(), timeout)).error ?? '', `], but it is ${timeout}`)
})

test.run()
