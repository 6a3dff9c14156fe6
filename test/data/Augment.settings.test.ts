import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as t from '#io/index.js'
import * as Augment from '../../src/data/Augment.js'
import * as Data from '../../src/data/Data.js'
import * as Label from '../../src/data/Label.js'
import { explain, positive } from '../../src/graph/settings.js'
import { expectLeft, expectRight } from '../support/assert.js'
import { apply, images, ofSize, pixels } from './augment.support.js'

const test = suite('augment, settings')

const wrong: readonly (readonly [Augment.Augmentation, string])[] = [
  [
    Augment.flip({ probability: 1.5 }),
    'augmentation 0 (gradus/flip): probability must be a number in [0, 1], but it is 1.5',
  ],
  [
    Augment.flip({ probability: Number.NaN }),
    'augmentation 0 (gradus/flip): probability must be a number in [0, 1], but it is NaN',
  ],
  [
    Augment.flip({ axis: 'diagonal' as 'vertical' }),
    'augmentation 0 (gradus/flip): axis must be "horizontal" or "vertical", but it is "diagonal"',
  ],
  [Augment.crop({ padding: -1 }), 'augmentation 0 (gradus/crop): padding must be a whole number >= 0, but it is -1'],
  [Augment.crop({ padding: 0.5 }), 'augmentation 0 (gradus/crop): padding must be a whole number >= 0, but it is 0.5'],
  [
    Augment.crop({ padding: 4 }),
    'augmentation 0 (gradus/crop): padding must be less than the shorter side of the picture [6, 4, 1], 4, but it is 4',
  ],
  [
    Augment.resizedCrop({ scale: [0, 1] }),
    'augmentation 0 (gradus/resizedCrop): scale must be [low, high] with 0 < low <= high <= 1, but it is [0, 1]',
  ],
  [
    Augment.resizedCrop({ ratio: [2, 1] }),
    'augmentation 0 (gradus/resizedCrop): ratio must be [low, high] with 0 < low <= high, but it is [2, 1]',
  ],
  [
    Augment.cutout(5),
    'augmentation 0 (gradus/cutout): size must be at most the shorter side of the picture [6, 4, 1], 4, but it is 5',
  ],
  [Augment.cutout(0), 'augmentation 0 (gradus/cutout): size must be a whole number from 1 to 1073741824, but it is 0'],
  [Augment.rotation(181), 'augmentation 0 (gradus/rotation): degrees must be a number in [0, 180], but it is 181'],
  [
    Augment.color({ brightness: -0.1 }),
    'augmentation 0 (gradus/color): brightness must be a number >= 0, but it is -0.1',
  ],
  [
    Augment.color({ contrast: Infinity }),
    'augmentation 0 (gradus/color): contrast must be a number >= 0, but it is Infinity',
  ],
  [Augment.color({ hue: 0.6 }), 'augmentation 0 (gradus/color): hue must be a number in [0, 0.5], but it is 0.6'],
  [Augment.color({ white: 0 }), 'augmentation 0 (gradus/color): white must be a number > 0, but it is 0'],
  [
    Augment.color({ saturation: 1 }),
    'augmentation 0 (gradus/color): saturation is for pictures of 3 channels, but this one has 1',
  ],
  [Augment.color({ hue: 0.1 }), 'augmentation 0 (gradus/color): hue is for pictures of 3 channels, but this one has 1'],
  [Augment.mixup({ alpha: 0 }), 'augmentation 0 (gradus/mixup): alpha must be a number > 0, but it is 0'],
  [Augment.cutmix({ alpha: Number.NaN }), 'augmentation 0 (gradus/cutmix): alpha must be a number > 0, but it is NaN'],
]

test('settings that are not possible are refused: which augmentation, which setting, its value and its range', () => {
  const data = images(2, [6, 4])
  for (const [one, says] of wrong) assert.is(expectLeft(Augment.apply(one, { seed: 0 })(data)).message, says)
  const second = expectLeft(Augment.apply([Augment.flip(), Augment.rotation(-1)], { seed: 0 })(data))
  assert.is(second.message, 'augmentation 1 (gradus/rotation): degrees must be a number in [0, 180], but it is -1')
  for (const epoch of [0, 1.5, Number.NaN]) expectLeft(Augment.apply([], { seed: 0, epoch })(data))
  expectLeft(Augment.apply([], { seed: 0.5 })(data))
})

test('inputs that are no picture are refused', () => {
  const flip = (inputs: never, x: never) =>
    expectLeft(
      Augment.apply(Augment.flip(), { seed: 0 })(
        expectRight(Data.of({ inputs, label: Label.classes(3) })({ x, y: [0] } as never)),
      ),
    ).message
  assert.match(flip([4] as never, [[1, 2, 3, 4]] as never), /takes a picture .* but the input is \[4\]/)
  const two = { img: [1, 1, 1], mask: [1, 1, 1] }
  assert.match(
    flip(two as never, { img: [[1]], mask: [[2]] } as never),
    /takes a picture .* but there are 2: img, mask/,
  )
  const beside = { img: [1, 2, 1], size: [1] }
  const data = expectRight(
    Data.of({ inputs: beside, label: Label.classes(3) })({ x: { img: [[1, 2]], size: [[7]] }, y: [0] } as never),
  ) as Data.Data<typeof beside, Label.Class<3>>
  const { columns } = expectRight(Augment.apply(Augment.flip({ probability: 1 }), { seed: 0 })(data))
  assert.equal([columns['img'], columns['size']], [Float32Array.of(2, 1), Float32Array.of(7)])
  assert.match(expectLeft(Augment.apply(Augment.cutmix(), { seed: 0 })(data)).message, /cutmix.*: mixes pictures only/)
})

test('an augmentation of your own, and one without a definition', () => {
  const lighter = Augment.define({
    kind: 'acme/lighter',
    config: t.exact(t.type({ most: positive })),
    draws: 1,
    misfit: (_, { channels }) => (channels === 1 ? null : 'takes gray pictures'),
    picture:
      ({ most }, [u = 0]) =>
      x => ({ ...x, pixels: x.pixels.map(v => v + u * most) }),
  })
  const data = images(50, [1, 2, 1])
  const added = pixels(apply(lighter({ most: 3 }), data)).map((v, i) => v - (pixels(data)[i] as number))
  assert.ok(Math.min(...added) < 0.5 && Math.max(...added) > 2.5 && Math.max(...added) <= 3)
  const refused = (one: Augment.Augmentation, shape = [2, 2]) =>
    expectLeft(Augment.apply(one, { seed: 0 })(images(1, shape))).message
  assert.is(refused(lighter({ most: 0 })), 'augmentation 0 (acme/lighter): most must be a number > 0, but it is 0')
  assert.is(refused(lighter({ most: 1 }), [2, 2, 3]), 'augmentation 0 (acme/lighter): takes gray pictures')
  const known = Augment.codec([...Augment.definitions, lighter.def])
  assert.equal(expectRight(known.decode(JSON.parse(JSON.stringify(lighter({ most: 2 }))))), lighter({ most: 2 }))
  const { def: _, ...bare } = Augment.flip()
  assert.match(refused(bare), /gradus\/flip.*has no definition/)
})

test('decode . encode = id, and what is decoded is checked', () => {
  const codec = Augment.codec(Augment.definitions)
  for (const one of ofSize([8, 8, 3])) {
    const back = expectRight(codec.decode(JSON.parse(JSON.stringify(codec.encode(one)))))
    assert.equal(back, one)
    assert.is(back.def, one.def)
  }
  assert.is(new Set(Augment.definitions.map(d => d.kind)).size, 8)
  for (const [one, says] of wrong.filter(([, s]) => !/shorter|channels/.test(s))) {
    const said = explain(expectLeft(codec.decode(codec.encode(one))))
    assert.ok(says.endsWith(said), `${says} | ${said}`)
  }
  for (const u of [
    null,
    {},
    { of: 'augmentation', kind: 'gradus/blur', config: {} },
    { of: 'augmentation', kind: 'gradus/flip' },
  ])
    expectLeft(codec.decode(u))
})

test.run()
