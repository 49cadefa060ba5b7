import { z } from 'zod';
import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { BackfillRow } from '../catalog/index.js';
import { checkBackfill } from '../config/backfill-request.js';
import { TerminalError } from '../core/errors.js';
import { isOpen } from '../core/backfill-selection.js';
import { backfillId, requireSame, startBackfill } from '../temporal/start-backfill.js';
import { previewBackfill } from './backfill-preview.js';
import { cancel, pause, resume, retry } from './backfill-steering.js';
import { summarizeBackfill, viewPartitions } from './backfill-view.js';
import { pipelineFor, requireScope, sees, type Handlers, type OperationContext } from './context.js';
import { readCursor, writeCursor } from './cursor.js';

const place = z.object({ startedAt: z.string(), backfill: z.string() });

export const backfillHandlers: Handlers<
  | 'previewBackfill'
  | 'startBackfill'
  | 'listBackfills'
  | 'getBackfill'
  | 'pauseBackfill'
  | 'resumeBackfill'
  | 'cancelBackfill'
  | 'retryBackfill'
> = {
  previewBackfill,
  startBackfill: start,
  listBackfills: list,
  async getBackfill(context, { backfill }) {
    const summary = await summarizeBackfill(context, await backfillFor(context, backfill));
    const partitions = await viewPartitions(context, summary);
    const asked = isOpen(summary.status) && context.states.offline !== true;
    const worker = asked ? await context.states.hasWorker(context.project.taskQueue) : null;
    return { ...summary, partitions, worker };
  },
  pauseBackfill: async (context, { backfill }) => pause(context, await backfillFor(context, backfill)),
  resumeBackfill: async (context, { backfill }) => resume(context, await backfillFor(context, backfill)),
  cancelBackfill: async (context, { backfill, leaveRuns }) => cancel(context, await backfillFor(context, backfill), leaveRuns),
  retryBackfill: async (context, { backfill, partitions }) => retry(context, await backfillFor(context, backfill), partitions),
};

/** @throws TerminalError BACKFILL_UNKNOWN, FORBIDDEN */
async function backfillFor(context: OperationContext, backfill: string): Promise<BackfillRow> {
  const row = await context.catalog.findBackfill(backfill);
  if (!row) {
    const message = `The catalog ${context.catalog.name} knows no backfill ${backfill}. List them with \`millrace backfills list\`.`;
    throw new TerminalError('BACKFILL_UNKNOWN', message);
  }
  requireScope(context, row.request.pipeline);
  return row;
}

async function start(context: OperationContext, input: ParsedInputOf<'startBackfill'>): Promise<ResultOf<'startBackfill'>> {
  const { idempotencyKey, ...asked } = input;
  const { project, catalog, temporal, states, caller } = context;
  pipelineFor(context, asked.pipeline);
  const { request } = checkBackfill(project.pipelines, { ...asked, by: caller.name });
  const { taskQueue } = project;
  const worker = await states.hasWorker(taskQueue);
  const workflowId = backfillId(asked.pipeline, idempotencyKey);
  const known = idempotencyKey === undefined ? undefined : await catalog.findBackfill(workflowId);
  // Temporal refuses an id a second time for as long as it remembers it; the catalog remembers it longer.
  if (known) {
    requireSame(workflowId, known.request, request);
    const run = await states.describe({ workflowId });
    return { id: workflowId, runId: run?.runId ?? '', started: false, worker };
  }
  const { runId, started } = await startBackfill(temporal, { workflowId, taskQueue, request });
  // It writes this itself, once a worker takes it up.
  await catalog.recordBackfill({
    backfill: workflowId,
    head: { request, status: 'running', startedAt: new Date().toISOString(), finishedAt: null, error: null, change: 0 },
    partitions: [],
  });
  states.forget({ workflowId });
  return { id: workflowId, runId, started, worker };
}

async function list(context: OperationContext, input: ParsedInputOf<'listBackfills'>): Promise<ResultOf<'listBackfills'>> {
  const { pipeline, status, cursor, limit } = input;
  const { caller, project } = context;
  const mine = caller.scope && Object.keys(project.pipelines).filter((name) => sees(context, name));
  const pipelines = pipeline === undefined ? mine : mine === undefined || mine.includes(pipeline) ? [pipeline] : [];
  const after = cursor === undefined ? undefined : readCursor(cursor, place);
  const rows = await context.catalog.listBackfills({
    ...(pipelines && { pipelines }),
    ...(status !== undefined && { status }),
    ...(after && { after }),
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last ? writeCursor({ startedAt: last.startedAt, backfill: last.backfill }) : null;
  return { items: await Promise.all(page.map((row) => summarizeBackfill(context, row))), next };
}
