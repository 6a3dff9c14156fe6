/** Optimizers written a second time, as plain float64 loops over one number, straight from the papers and libraries. */

/** What a model does with a gradient: the parameter after it, for the rate at this step and t = 1, 2, ... */
export type Model = () => (p: number, g: number, r: number, t: number) => number

const adamLike =
  (b1: number, b2: number, f: (p: number, m: number, v: number, r: number, t: number, g: number) => number): Model =>
  () => {
    let [m, v] = [0, 0]
    return (p, g, r, t) => {
      m = b1 * m + (1 - b1) * g
      v = b2 * v + (1 - b2) * g ** 2
      return f(p, m, v, r, t, g)
    }
  }

/** max(v1, ..., vt) */
const amsgrad =
  (f: (p: number, m: number, u: number, r: number, t: number) => number): Model =>
  () => {
    let u = 0
    return adamLike(0.9, 0.999, (p, m, v, r, t) => {
      u = Math.max(u, v)
      return f(p, m, u, r, t)
    })()
  }

const rmsprop =
  (o: { first: number; rho: number; momentum: number; centered: boolean; push: (g: number, s: number) => number }) =>
  (whole: (velocity: number, r: number) => number, ofRate: boolean): Model =>
  () => {
    let [s, mean, velocity] = [o.first, 0, 0]
    return (p, g, r) => {
      s = o.rho * s + (1 - o.rho) * g ** 2
      mean = o.rho * mean + (1 - o.rho) * g
      const push = o.push(g, o.centered ? s - mean ** 2 : s)
      velocity = o.momentum * velocity + (ofRate ? r * push : push)
      return p - whole(velocity, r)
    }
  }

const nesterovWeight = (t: number): number => 0.9 * (1 - 0.5 * 0.96 ** (t * 0.004))

export const models = {
  adagradKeras: () => {
    let all = 0.1
    return (p, g, r) => {
      all += g * g
      return p - (r * g) / (Math.sqrt(all) + 1e-3)
    }
  },
  adagradKeras3: () => {
    let all = 0.1
    return (p, g, r) => {
      all += g * g
      return p - (r * g) / Math.sqrt(all + 1e-3)
    }
  },
  rmspropTf1: rmsprop({
    first: 1,
    rho: 0.9,
    momentum: 0.5,
    centered: true,
    push: (g, s) => g / Math.sqrt(s + 1e-2),
  })(v => v, true),
  rmspropKeras: rmsprop({
    first: 0,
    rho: 0.9,
    momentum: 0.5,
    centered: false,
    push: (g, s) => g / (Math.sqrt(s) + 1e-2),
  })(v => v, true),
  rmspropKeras3: rmsprop({
    first: 0,
    rho: 0.9,
    momentum: 0.5,
    centered: false,
    push: (g, s) => g / Math.sqrt(s + 1e-2),
  })(v => v, true),
  rmspropTorch: rmsprop({
    first: 0,
    rho: 0.9,
    momentum: 0.5,
    centered: true,
    push: (g, s) => g / (Math.sqrt(s) + 1e-2),
  })((v, r) => r * v, false),
  adadelta: () => {
    let [s, e] = [0, 0]
    return (p, g, r) => {
      s = 0.95 * s + 0.05 * g ** 2
      const delta = (Math.sqrt(e + 1e-3) / Math.sqrt(s + 1e-3)) * g
      e = 0.95 * e + 0.05 * delta ** 2
      return p - r * delta
    }
  },
  adamW: adamLike(0.9, 0.999, (p, m, v, r, t) => {
    const decayed = p * (1 - r * 0.05)
    return decayed - (r * m) / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-3)
  }),
  amsgradTorch: amsgrad(
    (p, m, u, r, t) => p - (r * (m / (1 - 0.9 ** t))) / (Math.sqrt(u) / Math.sqrt(1 - 0.999 ** t) + 1e-3),
  ),
  amsgradKeras: amsgrad(
    (p, m, u, r, t) => p - (r * Math.sqrt(1 - 0.999 ** t) * m) / (1 - 0.9 ** t) / (Math.sqrt(u) + 1e-3),
  ),
  amsgradPaper: amsgrad((p, m, u, r) => p - (r * m) / (Math.sqrt(u) + 1e-3)),
  nadam: () => {
    let product = 1
    return adamLike(0.9, 0.999, (p, m, v, r, t, g) => {
      const [now, next] = [nesterovWeight(t), nesterovWeight(t + 1)]
      product *= now
      const ahead = ((1 - now) * g) / (1 - product) + (next * m) / (1 - product * next)
      return p - (r * ahead) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-3)
    })()
  },
  adamaxTorch: () => {
    let [m, n] = [0, 0]
    return (p, g, r, t) => {
      m = 0.9 * m + 0.1 * g
      n = Math.max(0.999 * n, Math.abs(g) + 1e-3)
      return p - (r / (1 - 0.9 ** t)) * (m / n)
    }
  },
  adamaxKeras: () => {
    let [m, n] = [0, 0]
    return (p, g, r, t) => {
      m = 0.9 * m + 0.1 * g
      n = Math.max(0.999 * n, Math.abs(g))
      return p - (r / (1 - 0.9 ** t)) * (m / (n + 1e-3))
    }
  },
  radam: adamLike(0.9, 0.99, (p, m, v, r, t) => {
    const long = 2 / (1 - 0.99) - 1
    const length = long - (2 * t * 0.99 ** t) / (1 - 0.99 ** t)
    const mean = m / (1 - 0.9 ** t)
    if (length <= 5) return p - r * mean
    const share = ((length - 4) * (length - 2) * long) / ((long - 4) * (long - 2) * length)
    return p - (r * mean * Math.sqrt(share) * Math.sqrt(1 - 0.99 ** t)) / (Math.sqrt(v) + 1e-3)
  }),
  lion: () => {
    let m = 0
    return (p, g, r) => {
      const direction = Math.sign(0.9 * m + 0.1 * g)
      m = 0.99 * m + 0.01 * g
      return p - r * (direction + 0.05 * p)
    }
  },
} satisfies Readonly<Record<string, Model>>

/** LAMB, whose ratio is of a whole tensor. */
export const lamb = (decay: number) => {
  let [m, v] = [[0], [0]]
  return (p: readonly number[], g: readonly number[], r: number, t: number): number[] => {
    m = g.map((x, i) => 0.9 * (m[i] ?? 0) + 0.1 * x)
    v = g.map((x, i) => 0.999 * (v[i] ?? 0) + 0.001 * x * x)
    const u = p.map(
      (x, i) => (m[i] as number) / (1 - 0.9 ** t) / (Math.sqrt((v[i] as number) / (1 - 0.999 ** t)) + 1e-3) + decay * x,
    )
    const [size, length] = [Math.hypot(...p), Math.hypot(...u)]
    return p.map((x, i) => x - r * (size > 0 && length > 0 ? size / length : 1) * (u[i] as number))
  }
}
