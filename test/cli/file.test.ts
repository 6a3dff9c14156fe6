import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { saveFile } from '../../src/cli/file.js'

const test = suite<{ folder: string }>('src/cli/file', { folder: '' })

test.before.each(async context => {
  context.folder = await mkdtemp(join(tmpdir(), 'gradus-file-'))
})
test.after.each(({ folder }) => rm(folder, { recursive: true }))

test('replaces a file and leaves nothing beside it', async ({ folder }) => {
  const path = join(folder, 'model')
  await writeFile(path, 'old and longer')
  const saved = await saveFile(path, new Uint8Array([1, 2, 3]))()
  assert.is(saved._tag, 'Right')
  assert.equal([...(await readFile(path))], [1, 2, 3])
  assert.equal(await readdir(folder), ['model'])
})

test('a file that cannot be written is a Left, and nothing is left behind', async ({ folder }) => {
  const missing = join(folder, 'nowhere', 'model')
  const saved = await saveFile(missing, new Uint8Array(1))()
  assert.is(saved._tag, 'Left')
  assert.ok(saved._tag === 'Left' && saved.left.message.startsWith(`${missing} could not be written: ENOENT`))
  const onFolder = await saveFile(folder, new Uint8Array(1))()
  assert.is(onFolder._tag, 'Left')
  assert.equal(await readdir(folder), [])
  assert.equal(
    (await readdir(tmpdir())).filter(name => join(tmpdir(), name).startsWith(`${folder}.`)),
    [],
  )
})

test.run()
