/** The clock: decides when a run pauses, tells how it goes or stops, never what it computes. */

/** Milliseconds since some moment. */
export const clock = (): number => performance.now()

interface Host {
  readonly setImmediate?: (run: () => void) => void
  readonly MessageChannel?: typeof MessageChannel
  readonly Deno?: unknown
}

/**
 * Lets the host do what waits: signals, messages, drawing. Deno looks for signals once in some dozens of immediates, and
 * a page's timer would take four milliseconds; Bun's messages would starve its timers.
 */
export const pause = (): Promise<void> =>
  new Promise(resolve => {
    const { setImmediate, MessageChannel: Channel, Deno } = globalThis as Host
    if (setImmediate && Deno === undefined) setImmediate(resolve)
    else if (Channel) {
      const { port1, port2 } = new Channel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(null)
    } else setTimeout(resolve, 0)
  })
