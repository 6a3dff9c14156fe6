/** Saved states and models: whatever happened to the bytes, a `Left`, and never a state that was not saved. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipe } from '#fp/function.js'
import { Layer, Model, Net, Optimizer, standard, Trainer } from '../../src/index.js'
import { decode, encode, type StoredTensor } from '../../src/io/safetensors.js'
import { assertBits, expectLeft, expectRight } from '../support/assert.js'
import { hashOf, numbers, rows, small } from './support.js'

const test = suite('saved files')
const trainer = expectRight(await Trainer.compile(small())())
const state = expectRight(trainer.step(trainer.init(), rows(5))).state
const stateBytes = expectRight(trainer.save(state))
const model = expectRight(trainer.model(state))
const modelBytes = model.save()
const files = [
  ['state', stateBytes, trainer.restore],
  ['model', modelBytes, Model.load(standard)],
] as const

for (const [what, bytes, read] of files) {
  const refused = (changed: Uint8Array) => {
    const left = expectLeft<{ readonly _tag: string; readonly message: string }>(read(changed))
    assert.is(left._tag, 'FileError')
    assert.ok(left.message.length > 10 && !/undefined|\n/.test(left.message), left.message)
    return left.message
  }

  test(`every changed bit of the header and one of each byte of the data of a ${what} is found`, () => {
    const end = 8 + new DataView(bytes.buffer).getUint32(0, true)
    for (let i = 0; i < bytes.length; i++)
      for (const bit of i < end ? [0, 1, 2, 3, 4, 5, 6, 7] : [i % 8]) {
        const changed = bytes.slice()
        changed[i] = (changed[i] as number) ^ (1 << bit)
        refused(changed)
      }
  })

  test(`a ${what} with several bytes changed, cut or doubled is refused`, () => {
    const at = fc.integer({ min: 0, max: bytes.length - 1 })
    fc.assert(
      fc.property(fc.array(fc.tuple(at, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 }), changes => {
        const changed = bytes.slice()
        for (const [i, x] of changes) changed[i] = (changed[i] as number) ^ x
        if (changed.some((b, i) => b !== bytes[i])) refused(changed)
      }),
    )
    fc.assert(
      fc.property(at, at, (a, b) => {
        refused(Uint8Array.from([...bytes.subarray(0, Math.min(a, b)), ...bytes.subarray(Math.max(a, b) + 1)]))
        refused(Uint8Array.from([...bytes.subarray(0, a + 1), ...bytes.subarray(a)]))
      }),
    )
  })

  test(`a truncated ${what} is refused at every length, as is one with more behind it`, () => {
    for (let n = 0; n < bytes.length; n++) assert.match(refused(bytes.slice(0, n)), /truncated|fewer|damaged/)
    refused(Uint8Array.from([...bytes, 0]))
    refused(Uint8Array.from([...bytes, ...bytes]))
  })

  test(`bytes that are no ${what} are refused`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), noise => void refused(noise)))
    refused(what === 'state' ? modelBytes : stateBytes)
    refused(encode({ tensors: [], metadata: {} }))
  })

  test(`a ${what} is read from a view into a larger buffer`, () => {
    const padded = new Uint8Array(bytes.length + 13)
    padded.set(bytes, 5)
    expectRight<unknown>(read(padded.subarray(5, 5 + bytes.length)))
  })
}

// --- states ---------------------------------------------------------------------------------------------------------
test('save and restore are inverse', () => {
  const restored = expectRight(trainer.restore(stateBytes))
  assert.is(hashOf(restored), hashOf(state))
  assert.is(restored.step, state.step)
  assertBits(expectRight(trainer.save(restored)), stateBytes)
})

const stored = expectRight(decode(stateBytes))
const withTensor = (name: string, change: (x: StoredTensor) => readonly StoredTensor[]) =>
  encode({ ...stored, tensors: stored.tensors.flatMap(x => (x.name === name ? change(x) : [x])) })
const f64 = (x: number) => new Uint8Array(Float64Array.of(x).buffer)

test('files that are whole but not those of the recipe are refused with the name of the tensor', () => {
  const refused = (bytes: Uint8Array, words: RegExp) => assert.match(expectLeft(trainer.restore(bytes)).message, words)
  refused(
    withTensor('dense1/w', () => []),
    /no "dense1\/w"/,
  )
  refused(
    withTensor('dense1/w', x => [x, { ...x, name: 'dense9/w' }]),
    /dense9\/w/,
  )
  refused(
    withTensor('dense1/w', x => [{ ...x, shape: [7, 6] }]),
    /dense1\/w.*\[7, 6\].*\[6, 7\]/,
  )
  refused(
    withTensor('dense1/w', x => [{ ...x, dtype: 'I32' }]),
    /dense1\/w.*I32.*f32/,
  )
  for (const step of [-1, 0.5, Number.NaN, Infinity, 2 ** 53])
    refused(
      withTensor('step', x => [{ ...x, bytes: f64(step) }]),
      /step/,
    )
  assert.is(expectRight(trainer.restore(withTensor('step', x => [{ ...x, bytes: f64(12) }]))).step, 12)
})

test('a state does not restore under another net or optimizer', async () => {
  const dense = pipe(Net.input(6), Layer.dense(3))
  for (const change of [{ net: dense }, { optimizer: Optimizer.adam() }, { optimizer: Optimizer.sgd({ rate: 0.1 }) }]) {
    const other = expectRight(await Trainer.compile(small(change))())
    assert.is(expectLeft(other.restore(stateBytes))._tag, 'FileError')
    assert.is(expectLeft(trainer.restore(expectRight(other.save(other.init()))))._tag, 'FileError')
    const fitted = await Trainer.fit(small(change), { from: stateBytes })({ train: rows(9) })()
    assert.is(expectLeft(fitted)._tag, 'FileError')
  }
  const longer = expectRight(await Trainer.compile(small({ epochs: 50, batch: 2 }))())
  assert.is(hashOf(expectRight(longer.restore(stateBytes))), hashOf(state))
})

test('fit refuses a state from beyond its last epoch', async () => {
  const from = withTensor('step', x => [{ ...x, bytes: f64(1000) }])
  assert.match(expectLeft(await Trainer.fit(small(), { from })({ train: rows(9) })()).message, /step 1000.*3 epochs/)
})

// --- models ---------------------------------------------------------------------------------------------------------
test('a loaded model predicts the same bits', () => {
  const loaded = expectRight(Model.load(standard)(modelBytes))
  assertBits(expectRight(loaded.predict(numbers(60))), expectRight(model.predict(numbers(60))))
  assert.equal(expectRight(loaded.classify(numbers(60))), expectRight(model.classify(numbers(60))))
  assertBits(loaded.save(), modelBytes)
  assert.is(Net.hash(loaded.net), Net.hash(model.net))
})

test('models whose parts contradict each other are refused', () => {
  const whole = expectRight(decode(modelBytes))
  const refused = (change: Partial<typeof whole>, words: RegExp) =>
    assert.match(expectLeft(Model.load(standard)(encode({ ...whole, ...change }))).message, words)
  const about = (key: string, text: string) => ({ metadata: { ...whole.metadata, [key]: text } })
  refused(about('labels', '["a"]'), /1 names.*3 outputs/)
  refused(about('labels', '{'), /labels/)
  refused(about('labels', '[1, 2, 3]'), /labels/)
  refused(about('target', 'both'), /target/)
  refused(about('net', '{}'), /net/)
  refused(about('net', ''), /net/)
  refused({ tensors: whole.tensors.slice(1) }, /dense1\/w.*missing/)
  const [first] = whole.tensors as readonly [StoredTensor]
  refused({ tensors: [...whole.tensors, { ...first, name: 'more' }] }, /"more"/)
  refused({ tensors: [{ ...first, shape: [7, 6] }, ...whole.tensors.slice(1)] }, /dense1\/w.*\[6, 7\].*\[7, 6\]/)
})

test('a model of layers that are not given is refused by their kind', () => {
  assert.match(expectLeft(Model.load({ net: [] })(modelBytes)).message, /net.*gradus\//)
})

test.run()
