import { admissible } from '../config/parameters.js';
import { cancelRun } from '../temporal/cancel-run.js';
import { parseRunAddress, partitionRunId } from '../temporal/run-id.js';
import { startRun } from '../temporal/start-run.js';
import { pipelineFor, requireScope, type Handlers } from './context.js';
import { findRun } from './find-run.js';
import { listRuns } from './list-runs.js';

export const runHandlers: Handlers<'listRuns' | 'startRun' | 'getRun' | 'cancelRun'> = {
  listRuns,
  async startRun(context, { pipeline, params, id, onConflict, idempotencyKey }) {
    const config = pipelineFor(context, pipeline);
    const admitted = admissible(context.project.pipelines, pipeline, params);
    const { taskQueue } = context.project;
    const workflowId = id ?? partitionRunId(pipeline, admitted.params, config.partition);
    const run = await startRun(context.temporal, {
      pipeline,
      params,
      taskQueue,
      onConflict: onConflict ?? config.onConflict,
      ...(workflowId !== undefined && { workflowId }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
    context.states.forget(run);
    return { ...run, pipeline, taskQueue, worker: await context.states.hasWorker(taskQueue) };
  },
  getRun: (context, { run }) => findRun(context, parseRunAddress(run)),
  async cancelRun(context, { run: address }) {
    const { pipeline } = await findRun(context, parseRunAddress(address));
    requireScope(context, pipeline);
    const { workflowId, runId, state } = await cancelRun(context.temporal, parseRunAddress(address));
    context.states.forget({ workflowId, runId });
    return { workflowId, runId, requested: state === 'running', state };
  },
};
