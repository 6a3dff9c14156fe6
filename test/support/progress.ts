/** Progress of a program that measures something, on stderr. */

/** Milliseconds between two lines where there is no terminal. */
const every = 5000

/**
 * Says what is being measured, how much of `total` steps is done, and how long the rest will take: a live line in a
 * terminal, elsewhere a line now and then.
 */
export const progress = (total: number) => {
  const { stderr } = process
  const start = performance.now()
  let [done, written] = [0, start]
  return {
    step: (what: string): void => {
      const now = performance.now()
      const passed = (now - start) / 1000
      const left = done === 0 ? '' : `, ${Math.ceil((passed * (total - done)) / done)} s left`
      const text = `${Math.floor((100 * done) / total)}% ${what}, ${Math.floor(passed)} s${left}`
      if (stderr.isTTY) stderr.write(`\r\x1b[K${text}`)
      else if (now - written >= every) {
        stderr.write(`${text}\n`)
        written = now
      }
      done++
    },
    clear: (): void => {
      if (stderr.isTTY) stderr.write('\r\x1b[K')
    },
  }
}
