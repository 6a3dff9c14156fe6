/** The clock: decides when a run pauses, tells how it goes or stops, never what it computes. */

/** Milliseconds since some moment. */
export const clock = (): number => performance.now()
