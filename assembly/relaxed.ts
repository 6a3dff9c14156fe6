// The kernels that stand in the place of those of the same names where rounding may depend on the processor.
export * from './matmul'
export * from './conv'
