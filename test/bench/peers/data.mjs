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

/** One row for each label, 1 at a random class. */
export const oneHotLabels = rows => {
  const [classes] = sizes.slice(-1)
  const labels = new Float32Array(rows * classes)
  for (let r = 0; r < rows; r++) labels[r * classes + Math.floor(uniform() * classes)] = 1
  return labels
}
