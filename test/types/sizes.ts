/** Sizes computed at the type level: this file must compile, and each line fails to if the result is another. */
import type { Add, Larger, Multiply, Quotient, Subtract } from '../../src/shape/Count.js'
import type { Joined, Show, Size } from '../../src/shape/Dims.js'
import type { Cropped2d, Slid1d, Slid2d, Spread1d, Spread2d } from '../../src/shape/Sliding.js'

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

is<Subtract<416, 3>, 413>(true)
is<Subtract<1000, 1>, 999>(true)
is<Subtract<7, 7>, 0>(true)
is<Subtract<1000, 999>, 1>(true)
is<Subtract<3, 416>, number>(true)
is<Subtract<13, 31>, number>(true)
is<Subtract<number, 1>, number>(true)

is<Quotient<416, 32>, 13>(true)
is<Quotient<415, 32>, 12>(true)
is<Quotient<1000000, 7>, 142857>(true)
is<Quotient<0, 2>, 0>(true)
is<Quotient<5, 1>, 5>(true)
is<Quotient<5, 0>, number>(true)
is<Quotient<5000, 100>, number>(true)
is<Quotient<99, number>, number>(true)
is<Quotient<number, 2>, number>(true)

type Image = readonly [416, 415, 3]
is<Slid2d<Image, 32, 3, 1, 1, 'same'>, readonly [416, 415, 32]>(true)
is<Slid2d<Image, 32, 3, 2, 1, 'same'>, readonly [208, 208, 32]>(true)
is<Slid2d<Image, 32, 3, 1, 1, 'valid'>, readonly [414, 413, 32]>(true)
is<Slid2d<Image, 64, 7, 2, 1, 3>, readonly [208, 208, 64]>(true)
is<Slid2d<Image, 8, readonly [3, 5], readonly [2, 3], readonly [2, 1], readonly [1, 2]>, readonly [207, 139, 8]>(true)
is<Slid2d<Image, 8, 2, 1, 1, readonly [readonly [0, 1], readonly [2, 3]]>, readonly [416, 419, 8]>(true)
is<Slid2d<readonly [2, 2, 3], 8, 3, 1, 1, 'valid'>, readonly [number, number, 8]>(true)
is<Slid2d<readonly [number, 28, 3], 8, 3, 1, 1, 'valid'>, readonly [number, 26, 8]>(true)

is<Larger<3, 416>, 416>(true)
is<Larger<416, 3>, 416>(true)
is<Larger<7, 7>, 7>(true)
is<Larger<number, 7>, number>(true)

is<Slid1d<readonly [100, 8], 16, 5, 2, 1, 'valid'>, readonly [48, 16]>(true)
is<Slid1d<readonly [100, 8], 16, 5, 3, 2, 'causal'>, readonly [34, 16]>(true)
is<Slid1d<readonly [100, 8], 16, 5, 1, 1, 2>, readonly [100, 16]>(true)
is<Slid1d<readonly [100, 8], 16, 5, 1, 1, readonly [0, 3]>, readonly [99, 16]>(true)
is<Slid1d<readonly [number, 8], 16, 5, 1, 1, 'same'>, readonly [number, 16]>(true)
is<Slid1d<readonly [3, 8], 16, 5, 1, 1, 'valid'>, readonly [number, 16]>(true)

type Small = readonly [13, 7, 256]
is<Spread2d<Small, 64, 3, 2, 1, 'same', null>, readonly [26, 14, 64]>(true)
is<Spread2d<Small, 64, 3, 2, 1, 'valid', null>, readonly [27, 15, 64]>(true)
is<Spread2d<Small, 64, 2, 3, 1, 'valid', null>, readonly [39, 21, 64]>(true)
is<Spread2d<Small, 64, 2, 3, 1, 'valid', 0>, readonly [38, 20, 64]>(true)
is<Spread2d<Small, 64, 4, 2, 1, 1, null>, readonly [26, 14, 64]>(true)
is<Spread2d<Small, 64, 3, 2, 1, 1, 1>, readonly [26, 14, 64]>(true)
is<
  Spread2d<
    Small,
    8,
    readonly [3, 5],
    readonly [2, 1],
    readonly [1, 2],
    readonly [readonly [0, 1], readonly [2, 2]],
    readonly [1, 0]
  >,
  readonly [27, 11, 8]
>(true)
is<Spread2d<readonly [number, 7, 3], 8, 3, 2, 1, 1, 0>, readonly [number, 13, 8]>(true)
is<Spread2d<readonly [1, 7, 3], 8, 3, 2, 1, 2, 0>, readonly [number, 11, 8]>(true)
is<Spread1d<readonly [13, 4], 8, 3, 2, 1, 1, 1>, readonly [26, 8]>(true)
is<Spread1d<readonly [13, 4], 8, 3, 2, 1, 'same', null>, readonly [26, 8]>(true)

is<Cropped2d<Image, 1>, readonly [414, 413, 3]>(true)
is<Cropped2d<Image, readonly [readonly [0, 0], readonly [2, 3]]>, readonly [416, 410, 3]>(true)
is<Cropped2d<readonly [number, 4, 3], 2>, readonly [number, 0, 3]>(true)
is<Cropped2d<readonly [4, 4, 3], 3>, readonly [number, number, 3]>(true)
