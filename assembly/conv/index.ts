export * from './gather'
export * from './filter'
