/** Sizes computed at the type level: this file must compile, and each line fails to if the result is another. */
import type { Add, Multiply } from '../../src/shape/Count.js'
import type { Joined, Show, Size } from '../../src/shape/Dims.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <A, B>(_equal: Equal<A, B>): void => {}

is<Add<0, 0>, 0>(true)
is<Add<999, 1>, 1000>(true)
is<Add<1, 999999>, 1000000>(true)
is<Add<256, 1024>, 1280>(true)
is<Add<number, 1>, number>(true)
is<Add<1.5, 1>, number>(true)
is<Add<-1, 1>, number>(true)
is<Add<1 | 2, 1>, number>(true)
is<Add<1e21, 1>, number>(true)
is<Add<999, 1>, 999>(false)

is<Multiply<0, 55>, 0>(true)
is<Multiply<1, 55>, 55>(true)
is<Multiply<12, 100>, 1200>(true)
is<Multiply<416, 416>, 173056>(true)
is<Multiply<99999, 99999>, 9999800001>(true)
is<Multiply<7, number>, number>(true)
is<Multiply<999999999, 999999999>, number>(true)

is<Size<readonly []>, 1>(true)
is<Size<readonly [7, 7, 1024]>, 50176>(true)
is<Size<readonly [2, 3, 4, 5, 6]>, 720>(true)
is<Size<readonly [2, number]>, number>(true)
is<Joined<readonly [13, 13, 256], readonly [13, 13, 1024]>, readonly [13, 13, 1280]>(true)
is<Show<readonly [28, number, 3]>, '[28, ?, 3]'>(true)
is<Show<readonly [1, 2, 3, 4, 5, 6, 7, 8]>, '[1, 2, 3, 4, 5, 6, 7, 8]'>(true)
