export { pipelines } from './pipeline.js';
export { refuseUnknown } from './unknown-pipeline.js';
export type { StepOptions } from './offered-options.js';
export type { RunStateView, StepState, StepStatus } from './run-state-view.js';
export type {
  Dataset,
  DefinePipeline,
  ExtractFrom,
  Loaded,
  LoadInto,
  ParamsInput,
  ParamsOf,
  Pipeline,
  Run,
  RunControl,
  RunLog,
  Table,
  TransformOn,
  ValidateOptions,
  WatermarkOf,
} from './types.js';
export type { CursorRange, Watermark } from '../src/core/cursor.js';
export type { LoadResult } from '../src/core/load.js';
