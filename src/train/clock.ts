/** The clock: decides when a run pauses, tells how it goes or stops, never what it computes. */

/** Milliseconds since some moment. */
export const clock = (): number => performance.now()

interface Host {
  readonly setImmediate?: (run: () => void) => void
}

/** Lets the host do what waits: signals, messages, drawing. In a page a timer would take four milliseconds for it. */
export const pause = (): Promise<void> =>
  new Promise(resolve => {
    const { setImmediate } = globalThis as Host
    if (setImmediate) {
      setImmediate(resolve)
      return
    }
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
