/** Where built modules are kept between runs. */

/**
 * A store of bytes by key (64 hexadecimal digits). What it holds is checked when it is read, and a failure counts as
 * not found: so a cache may lose, damage or refuse anything, and reject its promises.
 */
export interface Cache {
  readonly get: (key: string) => Promise<Uint8Array<ArrayBuffer> | null>
  readonly put: (key: string, bytes: Uint8Array<ArrayBuffer>) => Promise<void>
}

/** What a cache of the host keeps at most; the oldest goes first. */
export interface Bounds {
  readonly entries: number
  readonly bytes: number
}

export const bounds: Bounds = { entries: 256, bytes: 67_108_864 }

/** Of what is kept, the newest first, what does not fit. */
export const surplus = <A extends { readonly size: number }>(
  newestFirst: readonly A[],
  limit: Bounds,
): readonly A[] => {
  let bytes = 0
  return newestFirst.filter(({ size }, i) => {
    bytes += size
    return i >= limit.entries || bytes > limit.bytes
  })
}
