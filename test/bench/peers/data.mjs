/** The workloads' numbers for the peers: the same net, random inputs, one-hot labels, all from one small generator. */

/** Sizes of the net's layers. */
export const sizes = [784, 300, 100, 10]

let state = 12345

/** Uniform on (0, 1): a linear congruential generator. */
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return (state + 0.5) / 4294967296
}

/** Normally distributed numbers (Box & Muller 1958). */
export const normals = (count, deviation = 1) =>
  Float32Array.from(
    { length: count },
    () => deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )

/** A kernel's initial values (He et al. 2015). */
export const he = (inputs, outputs) => normals(inputs * outputs, Math.sqrt(2 / inputs))

/** Values of a convolution's filters of k x k (He et al. 2015). */
export const filters = (k, from, to) => normals(k * k * from * to, Math.sqrt(2 / (k * k * from)))

const threes = (...to) => to.map((n, i) => [i % 2 === 0 ? 3 : 1, n])
const fine = [threes(32), threes(64), threes(128, 64, 128), threes(256, 128, 256), threes(512, 256, 512, 256, 512)]
const coarse = [...threes(1024, 512, 1024, 512, 1024), [3, 1024], [3, 1024]]

/**
 * YOLOv2 on Darknet-19 with batch norm folded, out of a library's operations: `conv(x, k, from, to, leaky)` padded to
 * keep the size, with a bias and a leaky ReLU of 0.1; `pool(x)` of 2 x 2; `reorg(x)`, blocks of 2 x 2 to channels;
 * `concat(x, y)` along channels; `again(x)` for a value that is used again later. The same calls in the same order
 * every time.
 */
export const yolo = ({ conv, pool, reorg, concat, again = x => x }, image) => {
  const convs = ([x, from], layers) =>
    layers.reduce(([h, channels], [k, to]) => [conv(h, k, channels, to, true), to], [x, from])
  const middle = fine.reduce(([x, from], layers, i) => convs([i === 0 ? x : pool(x), from], layers), [image, 3])
  const deep = convs([pool(again(middle[0])), middle[1]], coarse)
  const [passed, narrow] = convs(middle, [[1, 64]])
  const [x, from] = convs([concat(reorg(passed), deep[0]), 4 * narrow + deep[1]], [[3, 1024]])
  return conv(x, 1, from, 125, false)
}

/** Its input, [height, width, channels]. */
export const yoloImage = [416, 416, 3]

/** One row for each label, 1 at a random class. */
export const oneHotLabels = rows => {
  const [classes] = sizes.slice(-1)
  const labels = new Float32Array(rows * classes)
  for (let r = 0; r < rows; r++) labels[r * classes + Math.floor(uniform() * classes)] = 1
  return labels
}
