import { admissible } from '../config/parameters.js';
import { cancelRun } from '../temporal/cancel-run.js';
import { parseRunAddress, partitionRunId } from '../temporal/run-id.js';
import { startRun } from '../temporal/start-run.js';
import { pipelineFor, requireScope, type Handlers, type OperationContext } from './context.js';
import { findRun } from './find-run.js';
import { requireOwnId } from './given-run-id.js';
import { listRuns } from './list-runs.js';

/** The built-in pipeline that judges rejected rows again. */
const REPLAY = 'replayQuarantine';

export const runHandlers: Handlers<'listRuns' | 'startRun' | 'getRun' | 'cancelRun'> = {
  listRuns,
  async startRun(context, { pipeline, params, id, onConflict, idempotencyKey }) {
    const config = pipelineFor(context, pipeline);
    if (id !== undefined) requireOwnId(context, pipeline, id);
    const admitted = admissible(context.project.pipelines, pipeline, params);
    const taskQueue = await queueFor(context, pipeline, admitted.params);
    const workflowId = id ?? partitionRunId(pipeline, admitted.params, config.partition);
    const run = await startRun(context.temporal, {
      pipeline,
      params,
      by: context.caller.name,
      taskQueue,
      onConflict: onConflict ?? config.onConflict,
      order: config,
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

/** A replay is done where the run was done that rejected the rows: only there is its staging sure to be at hand. */
async function queueFor(
  { catalog, project }: OperationContext,
  pipeline: string,
  params: Readonly<Record<string, unknown>>,
): Promise<string> {
  if (pipeline !== REPLAY) return project.taskQueue;
  const run = await catalog.findRun(String(params['workflowId']), String(params['runId']));
  return run?.taskQueue ?? project.taskQueue;
}
