import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { poolId, type PoolState } from '../../src/core/pools.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import { lastingFolder } from '../support/folder.js';
import { writeOrders } from '../support/orders-file.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';

/** Rows of every file. */
export const ROWS = 5;

/** The fixture project `pooled` with a worker, whose extracts wait until they are let go. */
export interface PoolScene {
  readonly worker: ProjectWorker;
  readonly temporal: TemporalClient;
  readonly catalog: Catalog;
  /** Starts a run over a file of its own, which is not there where `file` names one that is not. */
  readonly start: (pipeline: string, params?: Readonly<Record<string, unknown>>) => Promise<WorkflowHandle>;
  /** Runs whose extract is at work now. */
  readonly atWork: () => string[];
  /** Waits until the extract of a run is at work. */
  readonly works: (run: WorkflowHandle) => Promise<void>;
  readonly letGo: (...runs: readonly WorkflowHandle[]) => void;
  /** What a pool says of itself. */
  readonly poolState: (pool: string) => Promise<PoolState>;
  /** Waits until a pool is as it should be. */
  readonly poolIs: (pool: string, ready: (state: PoolState) => boolean) => Promise<PoolState>;
  /** Resets a run to its last finished workflow task, or to an earlier one. */
  readonly reset: (run: WorkflowHandle, at?: number) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function openPoolScene(): Promise<PoolScene> {
  const lake = lastingFolder();
  const working = new Map<string, number>();
  const free = new Set<string>();
  const directory = path.resolve(import.meta.dirname, '../fixtures/pooled');
  const worker = await startProjectWorker(
    directory,
    lastingFolder(),
    { POOLED_LAKE: lake },
    {
      checkpoint,
      limits: { maxConcurrentActivityTaskExecutions: 20 },
    },
  );
  const catalog = await openCatalog(worker.project.catalog);
  const address = await temporalAddress();
  const temporal = { client: worker.client, address, namespace: 'default', close: async () => undefined };

  async function checkpoint(name: string): Promise<void> {
    if (name !== 'extract.reading') return;
    const { info, cancellationSignal } = Context.current();
    const { workflowId } = info.workflowExecution ?? { workflowId: '' };
    working.set(workflowId, (working.get(workflowId) ?? 0) + 1);
    while (!free.has(workflowId) && !cancellationSignal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
    working.set(workflowId, (working.get(workflowId) ?? 0) - 1);
  }

  const poolState = (pool: string): Promise<PoolState> =>
    worker.client.workflow.getHandle(poolId(worker.taskQueue, pool)).query<PoolState>('state');
  const atWork = (): string[] => [...working].filter(([, count]) => count > 0).map(([id]) => id);
  return {
    worker,
    temporal,
    catalog,
    atWork,
    poolState,
    async start(pipeline, params = {}) {
      const file = await writeOrders(lake, `${randomUUID()}.csv`, ROWS);
      return worker.start(pipeline, [{ file, ...params }], `${pipeline}-${randomBytes(4).toString('hex')}`);
    },
    works: ({ workflowId }) =>
      until(
        () => atWork().includes(workflowId),
        () => `${workflowId} is not at work; these are: ${atWork().join(', ')}`,
      ),
    letGo: (...runs) => runs.forEach(({ workflowId }) => free.add(workflowId)),
    async poolIs(pool, ready) {
      let state: PoolState | undefined;
      await until(
        async () => {
          state = await poolState(pool).catch(() => undefined);
          return state !== undefined && ready(state);
        },
        () => `pool ${pool} is ${JSON.stringify(state)}`,
      );
      return state as PoolState;
    },
    reset: (run, at = -1) => reset(temporal, run, at),
    async close() {
      await worker.stop();
      await catalog.close();
    },
  };
}

async function reset(temporal: TemporalClient, { workflowId }: WorkflowHandle, at: number): Promise<string> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const { events } = await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const answer = await temporal.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: tasks.at(at)?.eventId,
  });
  return answer.runId;
}

/** The ids of the runs that hold slots of a pool. */
export function holders({ held }: PoolState): string[] {
  return held.map(({ workflowId }) => workflowId);
}

/** The ids of the runs that wait for a pool, in their order. */
export function queue({ queued }: PoolState): string[] {
  return queued.map(({ workflowId }) => workflowId);
}
