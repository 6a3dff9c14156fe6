/** A run resumed from a checkpoint ends in the bits of the run that was never stopped, also where a rule restores. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as E from '#fp/Either.js'
import { Data, type FitEvent, Layer, Net, pipe, Stop, Trainer } from '../../src/index.js'
import { decode, encode } from '../../src/io/safetensors.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { rows, small } from './support.js'

const test = suite('checkpoint')
const recipe = small({ epochs: 30, stop: Stop.early({ patience: 4 }) })
const split = { train: Data.slice(0, 70)(rows(100)), validation: Data.slice(70)(rows(100)) }

const checkpoints: Uint8Array[] = []
const whole = await Trainer.fit(recipe, {
  on: e => {
    if (e._tag === 'Epoch') checkpoints.push(expectRight(e.checkpoint()))
  },
})(split)()

test('every checkpoint leads to the same end', async () => {
  const { hash, history } = expectRight(whole)
  assert.ok(checkpoints.length === history.length && history.length < 30, 'the rule stops the run')
  assert.ok(!history[history.length - 1]?.best, 'and restores an earlier epoch')
  for (const [i, from] of checkpoints.slice(0, -1).entries()) {
    const resumed = expectRight(await Trainer.fit(recipe, { from })(split)())
    assert.is(resumed.hash, hash, `from epoch ${i + 1}`)
    assert.is(resumed.history.length, history.length - i - 1)
  }
})

test('a layer may be called best', async () => {
  const net = pipe(Net.input(6), Layer.dense(3, { name: 'best' }))
  const files: Uint8Array[] = []
  const on = (e: FitEvent) => void (e._tag === 'Epoch' && files.push(expectRight(e.checkpoint())))
  const { hash } = expectRight(await Trainer.fit({ ...recipe, net }, { on })(split)())
  assert.is(expectRight(await Trainer.fit({ ...recipe, net }, { from: files[1] as Uint8Array })(split)()).hash, hash)
})

test('a plain state starts the rules anew', async () => {
  const { tensors } = expectRight(decode(checkpoints[0] as Uint8Array))
  const plain = tensors.filter(x => !x.name.startsWith('/best/'))
  const from = encode({ tensors: plain, metadata: { gradus: 'state' } })
  assert.ok(E.isRight(await Trainer.fit(recipe, { from })(split)()))
})

test('rules that do not fit are refused', async () => {
  const { tensors, metadata } = expectRight(decode(checkpoints[2] as Uint8Array))
  const broken = (running: string) => encode({ tensors, metadata: { ...metadata, running } })
  for (const running of ['', '[]', '[1]', '[{"best":"x","without":0}]', '{}', '[null]']) {
    const refused = expectLeft(await Trainer.fit(recipe, { from: broken(running) })(split)())
    assert.is(refused._tag, 'FileError', running)
    assert.match(refused.message, 'rules to stop')
  }
})

test.run()
