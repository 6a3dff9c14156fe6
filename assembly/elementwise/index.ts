/**
 * The elementwise functions, named `<op>_<dtype of the operand>`: four 32-bit lanes, or one f64. An error a docstring
 * states for f32 is the largest over every 11th float32, against float64.
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
