export * from './gather'
export * from './filter'
export * from './interpolate'
export * from './pool'
