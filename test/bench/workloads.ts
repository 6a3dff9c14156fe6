/**
 * What is measured. W2's net is 784-300-100-10 with biases, ELU, He initialization and softmax cross-entropy; a train
 * step is the forward pass, every gradient and the optimizer's update of every parameter. W3's net is conv 3x3x32, ReLU,
 * conv 3x3x64, ReLU (both valid), max pool 2, dropout 0.25, dense 128, ReLU, dropout 0.5, dense 10; W4's is twice conv
 * 3x3x32, batch norm, ReLU, max pool 2, twice the same with 64, max pool 2, global average, dense 10. W5 is YOLOv2 on
 * Darknet-19 (`Zoo.yoloV2`) with batch norm folded into the filters.
 */
export type Unit = 'GFLOP/s' | 'ms' | 'us'

export interface Workload {
  readonly name: string
  readonly unit: Unit
  readonly about: string
  /** the measure in the workload's unit of a run that took so many milliseconds */
  readonly measure: (milliseconds: number) => number
}

const product = (size: number): Workload => ({
  name: `GEMM-${size}`,
  unit: 'GFLOP/s',
  about: `product of two ${size} x ${size} matrices`,
  measure: ms => (2 * size ** 3) / (ms * 1e6),
})

const grouped = (channels: number, groups: number): Workload => ({
  name: `groups-${channels / groups}`,
  unit: 'GFLOP/s',
  about: `conv 3x3x${channels} in ${groups} groups on 28 x 28, batch 8, with both gradients`,
  measure: ms => (3 * 2 * 8 * 28 ** 2 * 9 * channels ** 2) / groups / (ms * 1e6),
})

const step = (name: string, about: string): Workload => ({ name, unit: 'ms', about, measure: ms => ms })

export const workloads: readonly Workload[] = [
  product(256),
  product(512),
  product(1024),
  step('W2', 'train step, batch 50, momentum 0.9; gradus in bounded runs, as fit makes them'),
  step('W2-step', 'the same, one call of Trainer.step for each step'),
  step('W2b', 'train step with batch norm and dropout 0.5 on the hidden layers, batch 128, Adam'),
  step('W3', 'train step of a convolutional net on 28 x 28 x 1, batch 64, Adam: 4.58 GFLOP by direct convolution'),
  step('W3-F(4x4)', "the same by Winograd's F(4x4) instead of F(2x2)"),
  step(
    'W4',
    'train step of one with batch norm on 32 x 32 x 3, batch 32, momentum 0.9: 4.64 GFLOP by direct convolution',
  ),
  step('W4-F(4x4)', "the same by Winograd's F(4x4) instead of F(2x2)"),
  step('W5', 'forward pass of YOLOv2 on an image of 416 x 416 x 3: 29.46 GFLOP by direct convolution'),
  step('W5-F(4x4)', "the same by Winograd's F(4x4) instead of F(2x2)"),
  step('start', "the quickstart, from its process' start to the end of its first step"),
  grouped(64, 32),
  grouped(128, 32),
  grouped(256, 32),
  { name: 'W6', unit: 'us', about: "forward pass of W2's net, batch 1", measure: ms => 1000 * ms },
]
