/**
 * The error of the transcendental kernels. `npm run ulps` measures it over all 2^32 bit patterns; here the maxima it
 * found are attained where it found them, and hold for special values, at thresholds and over every 9,973rd float.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { assertBits } from '../support/assert.js'
import { neighbor } from './accuracy/functions.js'
import { sample, scalarKernels, scalarNames, scalars } from './accuracy/scalar.js'
import { bitsOf, endsOf, kernels, measured, type Name, names, runsOf, ulps } from './accuracy/ulps.js'

const { apply, exception, sweep } = await kernels()
const test = suite('accuracy of the kernels')

const { NaN: nan } = Number
const inf = Infinity
const [least, most] = [2 ** -149, 3.4028234663852886e38]
const denormals = [least, 3 * least, 2 ** -140, neighbor(2 ** -126, -1), 2 ** -126]
const odd = denormals.flatMap(x => [x, -x])
const same = odd.map(x => [x, x] as const)

/** What C99 (Annex F) and IEEE 754 say. */
const exactly: Readonly<Record<Name, readonly (readonly [x: number, y: number])[]>> = {
  exp: [[0, 1], [-0, 1], [inf, inf], [-inf, 0], [nan, nan], [89, inf], [-104, 0], ...odd.map(x => [x, 1] as const)],
  expm1: [[0, 0], [-0, -0], [inf, inf], [-inf, -1], [nan, nan], [89, inf], [-50, -1], ...same],
  elu: [[0, 0], [-0, -0], [inf, inf], [-inf, -1], [nan, nan], [most, most], [-50, -1], ...same],
  log: [
    [0, -inf],
    [-0, -inf],
    [1, 0],
    [inf, inf],
    [-inf, nan],
    [-1, nan],
    [-least, nan],
    [nan, nan],
  ],
  log1p: [[0, 0], [-0, -0], [-1, -inf], [inf, inf], [-inf, nan], [-neighbor(1, 1), nan], [nan, nan], ...same],
  tanh: [[0, 0], [-0, -0], [inf, 1], [-inf, -1], [nan, nan], [most, 1], [-most, -1], ...same],
  logistic: [
    [0, 0.5],
    [-0, 0.5],
    [inf, 1],
    [-inf, 0],
    [nan, nan],
    [most, 1],
    [-most, 0],
    ...odd.map(x => [x, 0.5] as const),
  ],
  erf: [
    [0, 0],
    [-0, -0],
    [inf, 1],
    [-inf, -1],
    [nan, nan],
    [most, 1],
    [-most, -1],
  ],
  rsqrt: [
    [0, inf],
    [-0, -inf],
    [inf, 0],
    [-1, nan],
    [-least, nan],
    [-inf, nan],
    [nan, nan],
    [4, 0.5],
  ],
}

const canonical = (x: Float32Array): Float32Array => x.map(v => (Number.isNaN(v) ? nan : v))

for (const name of names) {
  const m = measured[name]
  const runs = runsOf(m)

  test(`${name}: special values, denormals and signed zeros`, () => {
    const wanted = exactly[name]
    const actual = canonical(
      apply(
        name,
        wanted.map(([x]) => x),
      ),
    )
    assertBits(
      actual,
      Float32Array.from(wanted, ([, y]) => y),
      name,
    )
  })

  test(`${name}: the stated maximum is attained, and at most 2`, () => {
    const [y = nan] = apply(name, [m.at])
    const error = ulps(y, m.reference(m.at))
    assert.is(Math.ceil(error * 1e4) / 1e4, m.most, `${error} ULP at ${m.at}`)
    assert.ok(m.most <= 2)
  })

  test(`${name}: what is not swept is one value, x itself or odd, at both ends of every piece`, () => {
    assert.ok(endsOf(m).most <= m.most)
    for (const { from, count, is } of runs) {
      const size = Math.min(count, 4096)
      for (const at of [from, from + count - size]) {
        const bad = is === 'swept' ? null : exception(name, is, at, size)
        assert.is(bad, null, `${name}(${bad}) is not ${is}`)
      }
    }
  })

  test(`${name}: the pieces hold every bit pattern once`, () => {
    const all = m.odd ? runs.filter(r => r.is !== 'odd') : runs
    const negative = m.odd ? [{ from: 0x80000000, count: 0x7f800001, is: 'odd' }] : []
    const sorted = [...all, ...negative].sort((a, b) => a.from - b.from)
    let next = 0
    for (const { from, count } of sorted) {
      assert.is(from, next)
      next = from + count
    }
    assert.is(next, 2 ** 32)
  })

  test(`${name}: within the maximum at thresholds and over every 9,973rd float`, () => {
    const thresholds = runs.flatMap(r => (r.is === 'swept' ? [r.from, r.from + r.count - 256] : []))
    const near = [...thresholds, bitsOf(m.at) - 128].map(from => sweep(name, from, 256))
    const found = [...near, strided(name, 9973)].reduce((a, b) => (b.most > a.most ? b : a))
    assert.ok(found.most <= m.most, `${found.most} ULP at ${found.at}`)
  })
}

/** The largest error over every so manieth bit pattern of all. */
const strided = (name: Name, stride: number) => {
  let worst = { most: 0, at: 0 }
  const size = 1 << 15
  for (let from = 0; from < 2 ** 32; from += size * stride) {
    const count = Math.min(size, Math.ceil((2 ** 32 - from) / stride))
    const xs = new Float32Array(Uint32Array.from({ length: count }, (_, i) => from + i * stride).buffer)
    apply(name, xs).forEach((y, i) => {
      const error = ulps(y, measured[name].reference(xs[i] as number))
      if (error > worst.most) worst = { most: error, at: xs[i] as number }
    })
  }
  return worst
}

test('what is not one value, x itself or odd is found', () => {
  const one = bitsOf(1)
  assert.is(exception('tanh', 'x', one - 5, 9), neighbor(1, -5))
  assert.is(exception('tanh', 1, one, 7), 1)
  assert.is(exception('exp', 'odd', one, 7), 1)
  assert.is(exception('exp', nan, 0x7fffffff, 3), -0)
  assert.is(exception('tanh', 1, bitsOf(10) - 2, 3), null)
})

test('the reference of erf has the published values', () => {
  const { reference } = measured.erf
  const published = [
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
  ] as const
  for (const [x, y] of published) assert.ok(Math.abs(reference(x) / y - 1) < 1e-15, `erf(${x}) = ${reference(x)}`)
})

test('the docstrings state the maxima, rounded up to two decimals', () => {
  const folder = new URL('../../assembly/elementwise/', import.meta.url)
  const text = readdirSync(folder)
    .map(file => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n')
  for (const name of names) {
    const doc = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s*@inline\\s*export function ${name}_f32`, 's').exec(text)?.[1]
    const stated = /[Aa]t most\s+(?:\*\s+)?([\d.]+) ULP/.exec(doc ?? '')?.[1]
    assert.is(stated, (Math.ceil(measured[name].most * 100) / 100).toFixed(2), name)
  }
})

const module = await scalarKernels()
for (const name of scalarNames)
  test(`${name} of f64 is within ${scalars[name].most} ULP`, () => {
    const { most: error, at } = sample(module, name, 1000)
    assert.ok(error <= scalars[name].most, `${error} ULP at ${at}`)
    assert.ok(error > 0.3, 'nothing was measured')
  })

test.run()
