/** Laws of the augmentations. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { keyOf } from '../../src/random/Key.js'
import * as Augment from '../../src/vision/Augment.js'
import { noise } from '../nn/support.js'

const test = suite('augment')
const key = keyOf(3, 'augment', 'test')
const picture = (height: number, width: number, channels: number): Augment.Picture => ({
  height,
  width,
  channels,
  pixels: Float32Array.from(noise(height * width * channels)),
})
const anyPicture = fc.tuple(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 3 }),
)
const all: readonly Augment.Augmentation[] = [
  Augment.flip(),
  Augment.crop(2),
  Augment.cutout(3),
  Augment.rotation(30),
  Augment.color({ brightness: 0.2, contrast: 0.3, saturation: 0.4 }),
]

test('each keeps the size, gives the same bits again, and leaves its input as it was', () => {
  fc.assert(
    fc.property(anyPicture, fc.nat(1000), ([h, w, c], step) => {
      for (const f of [...all, Augment.inTurn(...all)]) {
        const x = picture(h, w, c)
        const y = f(key, step)(x)
        assert.equal([y.height, y.width, y.channels, y.pixels.length], [h, w, c, h * w * c])
        assert.equal(f(key, step)(x).pixels, y.pixels)
        assert.equal(x.pixels, picture(h, w, c).pixels)
      }
    }),
    { numRuns: 40 },
  )
})

test('mirrored twice is the picture; once it is mirrored', () => {
  const x = picture(3, 4, 2)
  assert.equal(Augment.mirrored(Augment.mirrored(x)).pixels, x.pixels)
  assert.equal(
    Augment.mirrored({ height: 1, width: 3, channels: 1, pixels: Float32Array.of(1, 2, 3) }).pixels,
    Float32Array.of(3, 2, 1),
  )
  const flips = Array.from({ length: 400 }, (_, s) => Augment.flip(0.25)(key, s)(x) !== x).filter(Boolean).length
  assert.ok(flips > 65 && flips < 135, `${flips} of 400`) // 4 sd
})

test('a crop is one of the shifted pictures, and every shift comes', () => {
  const x = { height: 1, width: 3, channels: 1, pixels: Float32Array.of(1, 2, 3) }
  const seen = new Set(Array.from({ length: 200 }, (_, s) => Augment.crop(1)(key, s)(x).pixels.join(' ')))
  assert.equal([...seen].sort(), ['0 0 0', '0 1 2', '1 2 3', '2 3 0'])
})

test('cutout empties one square, cut off at the edges, and nothing else', () => {
  const x = { ...picture(8, 8, 2), pixels: new Float32Array(128).fill(1) }
  const sizes = Array.from(
    { length: 300 },
    (_, s) => Augment.cutout(4)(key, s)(x).pixels.filter(v => v === 0).length / 2,
  )
  assert.is(Math.max(...sizes), 16)
  assert.is(Math.min(...sizes), 4)
  assert.ok(sizes.every(n => [4, 6, 8, 9, 12, 16].includes(n)))
})

test('quarter turns are exact, and small angles go counterclockwise', () => {
  const x = { height: 2, width: 2, channels: 1, pixels: Float32Array.of(1, 2, 3, 4) }
  const near = (degrees: number) => [...Augment.rotated(degrees)(x).pixels].map(v => Math.round(v * 1e6) / 1e6)
  assert.equal(near(0), [1, 2, 3, 4])
  assert.equal(near(90), [2, 4, 1, 3])
  assert.equal(near(-90), [3, 1, 4, 2])
  assert.equal(near(180), [4, 3, 2, 1])
  assert.equal(near(450), near(90))
})

test('color: no change by 0, brightness shifts all alike, contrast keeps the mean, saturation the gray', () => {
  const x = picture(4, 4, 3)
  const mean = (p: ArrayLike<number>) => Array.from(p).reduce((a, b) => a + b, 0) / p.length
  const close = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`)
  Augment.color({})(
    key,
    1,
  )(x).pixels.forEach((v, i) => {
    close(v, x.pixels[i] as number)
  })
  const bright = Augment.color({ brightness: 0.5 })(key, 1)(x).pixels.map((v, i) => v - (x.pixels[i] as number))
  assert.ok(Math.abs(bright[0] as number) > 1e-3)
  for (const d of bright) close(d, bright[0] as number)
  const contrast = Augment.color({ contrast: 0.5 })(key, 1)(x).pixels
  assert.not.equal(contrast, x.pixels)
  close(mean(contrast), mean(x.pixels))
  const vivid = Augment.color({ saturation: 0.5 })(key, 1)(x).pixels
  assert.not.equal(vivid, x.pixels)
  for (let k = 0; k < 48; k += 3) close(mean(vivid.subarray(k, k + 3)), mean(x.pixels.subarray(k, k + 3)))
})

test('the weights of mixup sum to 1, and it lies between', () => {
  const ws = Array.from({ length: 200 }, (_, s) => {
    const { weights, mix } = Augment.mixup(key, s)
    assert.is(weights[0] + weights[1], 1)
    assert.equal(mix(Float32Array.of(1, 0), Float32Array.of(0, 1)), Float32Array.of(...weights))
    return weights[0]
  })
  assert.ok(Math.min(...ws) < 0.05 && Math.max(...ws) > 0.95)
})

test.run()
