/**
 * The k's summed in sequence from zero before the sum is added to C: with it the summation tree of every element of a
 * matmul is a function of K alone. Changing it changes the bits of every net.
 */
export const CHUNK: u32 = 256
