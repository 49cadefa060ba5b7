import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { upgrading } from './versioning.js';

/**
 * Makes the bundle's `default`: it receives every workflow type that nobody exports, and fails at once with the names
 * there are, instead of leaving the run to wait for ever.
 */
export function refuseUnknown(pipelines: readonly string[]): () => Promise<never> {
  return upgrading(async () => {
    const known = pipelines.length === 0 ? 'It has none' : `It has: ${pipelines.join(', ')}`;
    const failure = ApplicationFailure.create({
      message: `This worker has no pipeline "${workflowInfo().workflowType}". ${known}. Correct the name, or deploy the pipeline. [PIPELINE_UNKNOWN]`,
      type: 'PIPELINE_UNKNOWN',
      nonRetryable: true,
    });
    // The message says it all.
    failure.stack = '';
    throw failure;
  });
}
