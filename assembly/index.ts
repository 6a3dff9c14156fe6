export * from "./interpreter";
export * from "./copy";
export * from "./reduce";
export * from "./gather";
export * from "./batch";
export * from "./random";
export * from "./matmul";
export * from "./regions.gen";
