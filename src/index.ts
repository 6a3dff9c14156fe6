/** gradus: networks, and the tricks used to train them, as pure typed values; run by WebAssembly, the same bits everywhere. */
import * as ExprModule from './backend/Expr.js'
import * as DataModule from './data/Data.js'
import type { Label as LabelType } from './data/Label.js'
import * as LossModule from './nn/Loss.js'
import * as NetModule from './nn/Net.js'
import type { Inputs, Shape, Target } from './shape/Dims.js'
import { batches } from './train/feed.js'
import { events, fit } from './train/fit.js'
import * as MetricModule from './train/Metric.js'
import * as ModelModule from './train/Model.js'
import * as RecipeModule from './train/Recipe.js'
import { rangeTest } from './train/rangeTest.js'
import * as StateModule from './train/State.js'
import * as StopModule from './train/Stop.js'
import { compile, type Trainer as TrainerType } from './train/Trainer.js'
import { assign, values } from './train/values.js'

export { flow, pipe } from '#fp/function.js'
export type { Threads } from './backend/machine.js'
export type { BuildOptions, Built } from './compiler/build.js'
export type { Cache } from './compiler/Cache.js'
export type { CompileError, Compiler } from './compiler/Compiler.js'
export type { CompilerWorker, ThreadOptions } from './compiler/threads.js'
export * as Augment from './data/Augment.js'
export * as Batches from './data/Batches.js'
export type { DataError } from './data/DataError.js'
export type { Class, Values } from './data/Label.js'
export * as Label from './data/Label.js'
export type { Definition, Spec } from './graph/Spec.js'
export type { FileError } from './io/FileError.js'
export * as Activation from './nn/activation.js'
export * as Init from './nn/Init.js'
export type { Dense, Keeps, LayerDef, LayerDefinition, ParamSpec, To, Vars } from './nn/Layer.js'
export * as Layer from './nn/Layer.js'
export * as Penalty from './nn/Penalty.js'
export * as Clip from './optim/Clip.js'
export * as Constraint from './optim/Constraint.js'
export * as Decay from './optim/Decay.js'
export * as Guard from './optim/Guard.js'
export * as Optimizer from './optim/Optimizer.js'
export * as Schedule from './optim/Schedule.js'
export * as Select from './optim/Select.js'
export * as Stage from './optim/Stage.js'
export type { Inputs, Shape } from './shape/Dims.js'
export type { ShapeError } from './shape/ShapeError.js'
export * as Compile from './train/Compile.js'
export type { InferenceOptions } from './train/compiled.js'
export type { Bins, Distribution, Histogram } from './train/Distribution.js'
export type { Engine, EngineName, EngineOptions } from './train/engine.js'
export type { Aborted, FitError, NonFinite, RecipeError, StateError, StepError } from './train/errors.js'
export type { Epoch, FitEvent } from './train/events.js'
export type { ModelOptions } from './train/Model.js'
export * as Monitor from './train/Monitor.js'
export type { Floats, Given, Gradients, Updates } from './train/phases.js'
export * as Reuse from './train/Reuse.js'
export type { RangeOptions, RangeTest } from './train/rangeTest.js'
export type { Metrics, Stepped } from './train/reported.js'
export { orThrow } from './train/result.js'
export * as Score from './train/Score.js'
export type { LayerStatistics, ParameterStatistics, Statistics, StatisticsOptions } from './train/Statistics.js'
export { standard } from './train/standard.js'
export type { CompileOptions } from './train/Trainer.js'
export type { Fitted, RunEvent, Split, Watch } from './train/watch.js'
export type { ClassWeights, Reduction } from './train/weighting.js'
export * as Zoo from './zoo/Zoo.js'

export const Expr = ExprModule
export type Expr = ExprModule.Expr
export const Data = DataModule
export type Data<I extends Inputs, L> = DataModule.Data<I, L>
export const Loss = LossModule
export type Loss<K extends Target> = LossModule.Loss<K>
export const Net = NetModule
export type Net<I extends Inputs, O extends Shape> = NetModule.Net<I, O>
export const Metric = MetricModule
export type Metric<K extends Target> = MetricModule.Metric<K>
export const Model = ModelModule
export type Model<I extends Inputs, O extends Shape> = ModelModule.Model<I, O>
export const Recipe = RecipeModule
export type Recipe<I extends Inputs, O extends Shape, K extends Target> = RecipeModule.Recipe<I, O, K>
export const State = { fork: StateModule.fork, hash: StateModule.hash, values, assign }
export type State = StateModule.State
export const Stop = StopModule
export type Stop = StopModule.Stop
export const Trainer = { compile, fit, events, batches, rangeTest }
export type Trainer<I extends Inputs, O extends Shape, L extends LabelType> = TrainerType<I, O, L>
