// A team: threads that run one plan over one shared memory. Thread 0 walks the plan; a step large enough is a `share`
// of tiles: every thread has a range of its own, the same part of a result in each step, so that what it has in its
// caches serves it again, and takes tiles of others when it has none left. Who computes a tile is free, what it computes
// is not: a tile owns its outputs, so the bits are those of one thread. Nobody waits for a thread that has not taken a
// tile: one that starts late, sleeps or has ended costs speed only.
//
// The words of `control` (a cache line each for what several threads write):
//   4  the number of the share
//   64  tiles done; 68: whether thread 0 sleeps until all are
//   128  threads asleep; 132: whether they shall end; 136: modules that they shall have
//   192  tiles of the share; 196: code of thread 0's tiles; 200: bytes from a thread's tiles to the next thread's;
//   204  milliseconds without a tile done after which thread 0 gives up; 208: whether it did; 212: threads
//   256  tiles that others than thread 0 have done so far; 260: a bit for each thread that has the second module
//   320  a line for each thread: its ticket, 64 bits: number of the share (high), its first tile left and the one behind
//   its last (16 bits each)

// @ts-ignore: decorator
@inline
const NUMBER: usize = 4
// @ts-ignore: decorator
@inline
const DONE: usize = 64
// @ts-ignore: decorator
@inline
const WAITS: usize = 68
// @ts-ignore: decorator
@inline
const ASLEEP: usize = 128
// @ts-ignore: decorator
@inline
const END: usize = 132
// @ts-ignore: decorator
@inline
const TILES: usize = 192
// @ts-ignore: decorator
@inline
const CODE: usize = 196
// @ts-ignore: decorator
@inline
const STRIDE: usize = 200
// @ts-ignore: decorator
@inline
const PATIENCE: usize = 204
// @ts-ignore: decorator
@inline
const LOST: usize = 208

// @ts-ignore: decorator
@inline
const THREADS: usize = 212

// @ts-ignore: decorator
@inline
const HELPED: usize = 256

// @ts-ignore: decorator
@inline
const TICKETS: usize = 320

// @ts-ignore: decorator
@inline
const MODULES: usize = 136

/** Looks at a word before a thread sleeps: at least twice the time it takes to wake one. */
// @ts-ignore: decorator
@inline
const SPIN: u32 = 100_000

/** The tile that a thread takes from those left to `owner`: the first of its own, the last of another's; -1 if none is. */
function takeFrom(control: usize, owner: u32, thread: u32): i32 {
  const at = control + TICKETS + (<usize>owner << 6), own = owner == thread
  let ticket = atomic.load<u64>(at)
  while (<u16>ticket != <u16>(ticket >> 16)) {
    const found = atomic.cmpxchg<u64>(at, ticket, own ? ticket + 0x10000 : ticket - 1)
    if (found == ticket) return own ? <u16>(ticket >> 16) : <u16>ticket - 1
    ticket = found
  }
  return -1
}

/** Takes tiles of the current share until none is left. */
function take(control: usize, thread: u32): void {
  const threads = load<u32>(control, THREADS)
  for (let i: u32 = 0; i < threads; ) {
    const tile = takeFrom(control, (thread + i) % threads, thread)
    if (tile < 0) {
      i++
      continue
    }
    const tiles = load<u32>(control, TILES)
    const at = <usize>load<u32>(control, CODE) + thread * load<u32>(control, STRIDE) + (tile << 3)
    call_indirect<void>(load<u32>(at), <usize>load<u32>(at, 4))
    if (thread != 0) atomic.add<u32>(control, 1, HELPED)
    if (atomic.add<u32>(control, 1, DONE) + 1 == tiles && atomic.load<u32>(control, WAITS) != 0)
      atomic.notify(control + DONE, 1)
  }
}

/** Parts of the patience, each slept for by itself. */
// @ts-ignore: decorator
@inline
const PARTS: u32 = 10

/**
 * Sleeps until all tiles are done; traps when none was for too long: a thread has ended in the middle of one. A process
 * that is stopped for a while, all its threads with it, loses one part of the patience, however long that is.
 */
function settle(control: usize, tiles: u32): void {
  for (let i: u32 = 0; i < SPIN; i++) if (atomic.load<u32>(control, DONE) == tiles) return
  const part = (<i64>load<u32>(control, PATIENCE) * 1_000_000) / PARTS
  atomic.store<u32>(control, 1, WAITS)
  let silent: u32 = 0
  for (let done = atomic.load<u32>(control, DONE); done != tiles; ) {
    const late = atomic.wait<u32>(control + DONE, done, part) == 2
    const now = atomic.load<u32>(control, DONE)
    if (now != done) silent = 0
    else if (late && ++silent == PARTS) {
      store<u32>(control, 1, LOST)
      unreachable()
    }
    done = now
  }
  atomic.store<u32>(control, 0, WAITS)
}

/** One step of the plan in tiles. Words: [0] control, [1] tiles, [2] code of thread 0's, [3] bytes to the next thread's. */
export function share(a: usize): void {
  const control = <usize>load<u32>(a), tiles = load<u32>(a, 4)
  store<u32>(control, tiles, TILES)
  store<u32>(control, load<u32>(a, 8), CODE)
  store<u32>(control, load<u32>(a, 12), STRIDE)
  atomic.store<u32>(control, 0, DONE)
  const number = atomic.load<u32>(control, NUMBER) + 1, threads = load<u32>(control, THREADS)
  for (let t: u32 = 0; t < threads; t++) {
    const from = tiles * t / threads, end = tiles * (t + 1) / threads
    atomic.store<u64>(control + TICKETS + (<usize>t << 6), (<u64>number << 32) | <u64>(from << 16 | end))
  }
  atomic.store<u32>(control, number, NUMBER)
  if (atomic.load<u32>(control, ASLEEP) != 0) atomic.notify(control + NUMBER, -1)
  take(control, 0)
  settle(control, tiles)
}

/** What every thread but the first runs, until it is told to end or waits for more modules than it has. */
export function serve(control: usize, thread: u32, modules: u32): void {
  while (atomic.load<u32>(control, END) == 0 && atomic.load<u32>(control, MODULES) == modules) {
    const number = atomic.load<u32>(control, NUMBER)
    take(control, thread)
    let i: u32 = 0
    while (i < SPIN && atomic.load<u32>(control, NUMBER) == number) i++
    if (i < SPIN) continue
    atomic.add<u32>(control, 1, ASLEEP)
    atomic.wait<u32>(control + NUMBER, number, 1_000_000_000)
    atomic.sub<u32>(control, 1, ASLEEP)
  }
}
