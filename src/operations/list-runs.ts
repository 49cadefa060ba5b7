import { z } from 'zod';
import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { Catalog, RunPlace, RunRow } from '../catalog/index.js';
import type { RunningRun } from '../temporal/list-running.js';
import { sees, type OperationContext } from './context.js';
import { readCursor, writeCursor } from './cursor.js';
import { pipelinesInScope } from './datasets.js';
import { summarize, type RunSummary } from './run-summary.js';

type Input = ParsedInputOf<'listRuns'>;

const place = z.object({ startedAt: z.string().nullable(), runId: z.string() });
/** Rows that are looked at for one answer: with a filter by state, most may turn out to be in another one. */
const MOST_LOOKED_AT = 1_000;
const FEWEST_LOOKED_AT = 50;

/** Runs, latest first, in the state that Temporal has them in; those first that wait for their first worker. */
export async function listRuns(context: OperationContext, input: Input): Promise<ResultOf<'listRuns'>> {
  const after = input.cursor === undefined ? undefined : readCursor(input.cursor, place);
  const { items, next } = await listAdmitted(context, input, after);
  const unadmitted = after ? [] : await listUnadmitted(context, input, items);
  return { items: [...unadmitted, ...items], next: next && writeCursor({ ...next }) };
}

/** Runs that the catalog has. */
async function listAdmitted(
  context: OperationContext,
  { limit, status, pipeline, partition, owner, since, until }: Input,
  after: RunPlace | undefined,
): Promise<{ readonly items: RunSummary[]; readonly next: RunPlace | null }> {
  const pipelines = pipelinesInScope(context);
  const statuses = statusesOf(context, status);
  const items: RunSummary[] = [];
  let last = after;
  const size = statuses ? Math.max(limit, FEWEST_LOOKED_AT) : limit;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += size) {
    const asked = {
      pipeline,
      partition,
      owner,
      since,
      until,
      ...(pipelines && { pipelines }),
      ...(statuses && { statuses }),
      after: last,
      limit: size + 1,
    };
    const rows = await context.catalog.listRuns(asked);
    const page = rows.slice(0, size);
    const summaries = await Promise.all(page.map((row) => summarize(context, row)));
    for (const [index, summary] of summaries.entries()) {
      if (items.length === limit) return { items, next: last ?? null };
      last = placeOf(page[index] as RunRow);
      if (status === undefined || summary.status === status) items.push(summary);
    }
    if (rows.length <= size) return { items, next: null };
    if (items.length === limit) break;
  }
  return { items, next: last ?? null };
}

function placeOf({ startedAt, runId }: RunRow): RunPlace {
  return { startedAt, runId };
}

/**
 * The states in which the catalog may have runs that are in this one: it learns of an end by the way, so that a run may
 * have ended that it still has as running.
 */
function statusesOf({ states }: OperationContext, status: Input['status']): string[] | undefined {
  if (status === undefined) return undefined;
  return states.offline ? [status] : [...new Set([status, 'running'])];
}

/** Runs that Temporal has and the catalog not yet: they wait for a worker. */
async function listUnadmitted(
  context: OperationContext,
  { pipeline, partition, owner, status, since, until }: Input,
  known: readonly RunSummary[],
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
    if (!(await isAdmitted(context.catalog, run))) found.push(waiting(run));
  }
  return found;
}

/** Runs that a catalog is known to have: it has them for good, so that it is asked once for each. */
const admitted = new WeakMap<Catalog, Set<string>>();
const MOST_REMEMBERED = 10_000;

async function isAdmitted(catalog: Catalog, { workflowId, runId }: RunningRun): Promise<boolean> {
  const known = admitted.get(catalog) ?? new Set<string>();
  admitted.set(catalog, known);
  if (known.has(runId)) return true;
  if (!(await catalog.findRun(workflowId, runId))) return false;
  if (known.size >= MOST_REMEMBERED) known.clear();
  known.add(runId);
  return true;
}

function waiting({ workflowId, runId, type, startedAt }: RunningRun): RunSummary {
  const durationMs = Date.now() - Date.parse(startedAt);
  const unknown = { partition: null, owner: null, finishedAt: null, error: null };
  return { workflowId, runId, pipeline: type, status: 'running', startedAt, durationMs, ...unknown };
}
