export { judgeCsv, type JudgedRows, type RejectedRow } from './judge-csv.js';
export { runTransform, type TransformInputRows, type TransformOptions, type TransformOutputRow } from './run-transform.js';
export { testPipeline, type PipelineTestOptions } from './test-pipeline.js';
export { replayHistories, type ReplayedHistory, type ReplayOptions } from './replay-histories.js';
export { stepFailure } from './step-failure.js';
export type { GivenApprovals } from './approval-answers.js';
export type { GivenRows } from './given-rows.js';
export type { AnyRow, PipelineTest, TestedError, TestedLoad, TestedLogLine, TestedReject } from './pipeline-result.js';
