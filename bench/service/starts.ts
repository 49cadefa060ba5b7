import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '../../src/catalog/index.js';
import type { Millrace } from '../../src/client/index.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import type { Side } from './sides.js';

/** Starts that are made at a time. */
const LANES = 16;
/** Of so many starts one is made twice at once, as by somebody whose first answer was lost. */
const REPEATED = 10;
const PIPELINE = 'unchanged';

export interface Starts {
  /** From the first start to the end of the last run. */
  readonly seconds: number;
  /** From a start to its answer. */
  readonly answersMs: readonly number[];
}

export interface StartRequest {
  readonly side: Side;
  readonly count: number;
  readonly millrace: Millrace;
  readonly temporal: TemporalClient;
  readonly catalog: Catalog;
}

/**
 * Starts runs through the service, or without it, and waits until all have ended.
 *
 * @throws when one is missing, has failed, or was run twice: by what Temporal knows, and by the catalog
 */
export async function startMany({ side, count, millrace, temporal, catalog }: StartRequest): Promise<Starts> {
  const batch = `${side}-${Date.now()}`;
  const began = new Date();
  const started = new Set<string>();
  const answersMs: number[] = [];
  const queue = Array.from({ length: count }, (_, index) => index);
  const start = async (index: number): Promise<string> => {
    if (side === 'direct') return startDirectly(temporal, `${batch}-${index}`);
    const key = { idempotencyKey: `${batch}-${index}` };
    const answers = Array.from({ length: index % REPEATED === 0 ? 2 : 1 }, () => millrace.runs.start(PIPELINE, {}, key));
    const runs = new Set((await Promise.all(answers)).map(({ workflowId, runId }) => `${workflowId}@${runId}`));
    if (runs.size !== 1) throw new Error(`A start that was repeated gave two runs: ${[...runs].join(', ')}`);
    return [...runs][0] as string;
  };
  const lane = async (): Promise<void> => {
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      const asked = performance.now();
      const run = await start(index);
      answersMs.push(performance.now() - asked);
      started.add(run);
    }
  };
  const clock = performance.now();
  await Promise.all(Array.from({ length: LANES }, lane));
  await untilClosed(temporal, began, count);
  const seconds = (performance.now() - clock) / 1000;
  await requireEachOnce(temporal, catalog, began, started);
  return { seconds, answersMs };
}

async function startDirectly({ client }: TemporalClient, workflowId: string): Promise<string> {
  const handle = await client.workflow.start(PIPELINE, { workflowId, taskQueue: 'millrace', args: [{}] });
  return `${workflowId}@${handle.firstExecutionRunId}`;
}

async function untilClosed(temporal: TemporalClient, began: Date, count: number): Promise<void> {
  const query = `WorkflowType = '${PIPELINE}' AND StartTime >= '${began.toISOString()}' AND ExecutionStatus != 'Running'`;
  for (;;) {
    const closed = await temporal.client.workflowService.countWorkflowExecutions({ namespace: temporal.namespace, query });
    if (Number(closed.count) >= count) return;
    await sleep(250);
  }
}

async function requireEachOnce(
  { client }: TemporalClient,
  catalog: Catalog,
  began: Date,
  started: ReadonlySet<string>,
): Promise<void> {
  const since = began.toISOString();
  const inTemporal: string[] = [];
  for await (const run of client.workflow.list({ query: `WorkflowType = '${PIPELINE}' AND StartTime >= '${since}'` })) {
    if (run.status.name !== 'COMPLETED') throw new Error(`The run ${run.workflowId} is ${run.status.name}.`);
    inTemporal.push(`${run.workflowId}@${run.runId}`);
  }
  requireSame('Temporal', inTemporal, started);
  requireSame('The catalog', await completedInCatalog(catalog, since, started.size), started);
}

/** The catalog is told of an end by the way, moments after Temporal has it. */
const CATALOG_LAG_MS = 30_000;

async function completedInCatalog(catalog: Catalog, since: string, wanted: number): Promise<string[]> {
  const deadline = Date.now() + CATALOG_LAG_MS;
  for (;;) {
    const runs = await catalog.listRuns({ pipeline: PIPELINE, statuses: ['completed'], since, limit: 2 * wanted });
    if (runs.length >= wanted || Date.now() > deadline) return runs.map(({ workflowId, runId }) => `${workflowId}@${runId}`);
    await sleep(250);
  }
}

function requireSame(where: string, found: readonly string[], started: ReadonlySet<string>): void {
  const missing = [...started].filter((run) => !found.includes(run));
  const more = found.filter((run) => !started.has(run));
  if (missing.length === 0 && more.length === 0 && found.length === started.size) return;
  throw new Error(
    `${where} has ${found.length} runs of ${started.size} that were started: missing are ${missing.slice(0, 5).join(', ') || 'none'}, nobody started ${more.slice(0, 5).join(', ') || 'none'}.`,
  );
}
