/**
 * The elementwise functions, named `<op>_<dtype of the operand>`: four 32-bit lanes, or one f64. An error in ULPs
 * that a docstring states for a function of one f32 is the largest over all 2^32 bit patterns, against float64;
 * `npm run ulps` measures it.
 */

export * from './arithmetic'
export * from './cast'
export * from './compare'
export * from './erf'
export * from './exponential'
export * from './hyperbolic'
export * from './logarithm'
export * from './power'
export * from './scalar'
export * from './scalar-transcendental'
