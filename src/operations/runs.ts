import { z } from 'zod';
import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { RunRow } from '../catalog/index.js';
import { admissible } from '../config/parameters.js';
import { cancelRun } from '../temporal/cancel-run.js';
import { parseRunAddress, partitionRunId } from '../temporal/run-id.js';
import type { RunningRun } from '../temporal/list-running.js';
import { startRun } from '../temporal/start-run.js';
import { pipelineFor, requireScope, sees, type Handlers, type OperationContext } from './context.js';
import { readCursor, writeCursor } from './cursor.js';
import { findRun } from './find-run.js';
import { summarize, type RunSummary } from './run-summary.js';

const place = z.object({ startedAt: z.string().nullable(), runId: z.string() });

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

async function listRuns(context: OperationContext, input: ParsedInputOf<'listRuns'>): Promise<ResultOf<'listRuns'>> {
  const { cursor, limit, ...filter } = input;
  const pipelines = context.caller.scope && Object.keys(context.project.pipelines).filter((name) => sees(context, name));
  const after = cursor === undefined ? undefined : readCursor(cursor, place);
  const rows = await context.catalog.listRuns({ ...filter, ...(pipelines && { pipelines }), after, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const items = await Promise.all(page.map((row) => summarize(context, row)));
  const last = page.at(-1);
  const next = rows.length > limit && last ? writeCursor({ startedAt: last.startedAt, runId: last.runId }) : null;
  const unadmitted = after ? [] : await listUnadmitted(context, input, page);
  return { items: [...unadmitted, ...items], next };
}

/** Runs that Temporal has and the catalog not yet: they wait for a worker. */
async function listUnadmitted(
  context: OperationContext,
  { pipeline, partition, owner, status, since, until }: ParsedInputOf<'listRuns'>,
  known: readonly RunRow[],
): Promise<RunSummary[]> {
  if (partition !== undefined || owner !== undefined || (status !== undefined && status !== 'running')) return [];
  const wanted = ({ type, startedAt }: RunningRun): boolean =>
    Object.hasOwn(context.project.pipelines, type) &&
    sees(context, type) &&
    (pipeline === undefined || type === pipeline) &&
    (since === undefined || startedAt >= since) &&
    (until === undefined || startedAt < until);
  const found: RunSummary[] = [];
  for (const run of (await context.states.running()).filter(wanted)) {
    if (known.some(({ runId }) => runId === run.runId)) continue;
    if (await context.catalog.findRun(run.workflowId, run.runId)) continue;
    found.push(waiting(run));
  }
  return found;
}

function waiting({ workflowId, runId, type, startedAt }: RunningRun): RunSummary {
  const durationMs = Date.now() - Date.parse(startedAt);
  const unknown = { partition: null, owner: null, finishedAt: null, error: null };
  return { workflowId, runId, pipeline: type, status: 'running', startedAt, durationMs, ...unknown };
}
