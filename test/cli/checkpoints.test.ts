import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkpointFolder } from '../../src/cli/checkpoints.js'
import { type Aborted, Monitor, Trainer } from '../../src/index.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'
import { rows, small } from '../train/support.js'

const test = suite<{ folder: string }>('src/cli/checkpoints', { folder: '' })

test.before.each(async context => {
  context.folder = await mkdtemp(join(tmpdir(), 'gradus-checkpoints-'))
})
test.after.each(({ folder }) => rm(folder, { recursive: true }))

const data = { train: rows(19) }
const put = async (sink: Monitor.Sink, step: number) =>
  expectRight(await sink({ step, epoch: 1, bytes: Uint8Array.of(step) })())

test('a run leaves its last checkpoints, from which it goes on to the same bits', async ({ folder }) => {
  const { sink, latest } = checkpointFolder({ folder: join(folder, 'deep/er'), keep: 2 })
  assert.is(expectRight(await latest()), null)
  const monitors = [Monitor.checkpoints({ every: { steps: 3 } }, sink)]
  const whole = expectRight(await Trainer.fit(small(), { monitors })(data)())
  const files = await readdir(join(folder, 'deep/er'))
  assert.equal(files.sort(), ['checkpoint-12.safetensors', 'checkpoint-9.safetensors'])
  assertBits(expectRight(await latest()) ?? new Uint8Array(), whole.checkpoint)
  const from = await readFile(join(folder, 'deep/er/checkpoint-9.safetensors'))
  assert.is(expectRight(await Trainer.fit(small(), { from })(data)()).hash, whole.hash)
})

test('the oldest by time is removed, never the one just written, and nothing else', async ({ folder }) => {
  for (const [i, file] of [
    'run-90.safetensors',
    'run-100.safetensors',
    'run-x.safetensors',
    'other-1.safetensors',
    'run-7',
  ].entries()) {
    await writeFile(join(folder, file), 'old')
    await utimes(join(folder, file), 1000 + i, 1000 + i)
  }
  const { sink, latest } = checkpointFolder({ folder, keep: 2, name: 'run' })
  const left = async () => (await readdir(folder)).filter(f => /^run-\d+[.]/.test(f)).sort()
  await put(sink, 5)
  assert.equal(await left(), ['run-100.safetensors', 'run-5.safetensors'])
  await put(sink, 6)
  assert.equal(await left(), ['run-5.safetensors', 'run-6.safetensors'])
  assert.equal([...(expectRight(await latest()) ?? [])], [6])
  await utimes(join(folder, 'run-6.safetensors'), 2000, 2000)
  await put(sink, 5)
  assert.equal([...(expectRight(await latest()) ?? [])], [5], 'written again, so the latest')
  assert.equal((await readdir(folder)).sort(), [
    'other-1.safetensors',
    'run-5.safetensors',
    'run-6.safetensors',
    'run-7',
    'run-x.safetensors',
  ])
})

test('a folder that cannot be written stops the run with a checkpoint', async ({ folder }) => {
  await writeFile(join(folder, 'file'), '')
  const { sink, latest } = checkpointFolder({ folder: join(folder, 'file'), keep: 2 })
  const monitors = [Monitor.checkpoints({ every: { steps: 5 } }, sink)]
  const left = expectLeft(await Trainer.fit(small(), { monitors })(data)()) as Aborted
  assert.is(left._tag, 'Aborted')
  assert.match(left.message, /step 5: .*file could not be made: EEXIST/)
  assert.match(expectLeft(await latest()).message, /could not be read/)
  const whole = expectRight(await Trainer.fit(small())(data)())
  assert.is(expectRight(await Trainer.fit(small(), { from: left.checkpoint })(data)()).hash, whole.hash)
  const none = checkpointFolder({ folder, keep: 0 }).sink({ step: 1, epoch: 1, bytes: Uint8Array.of(1) })
  assert.match(expectLeft(await none()).message, /keep .* 0$/)
})

test.run()
