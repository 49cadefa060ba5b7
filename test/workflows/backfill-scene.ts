import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Context } from '@temporalio/activity';
import type { Operations, ResultOf } from '../../src/api/index.js';
import { MillraceError } from '../../src/core/errors.js';
import { lastingFolder } from '../support/folder.js';
import { startProjectService, type ProjectService } from '../support/project-service.js';
import { startProjectWorker, type ProjectWorker, type ProjectWorkerOptions } from '../support/project-worker.js';
import { until } from '../support/until.js';

export type Backfill = ResultOf<'getBackfill'>;

/** The fixture project `months` with a worker and a service, and files that are good, or are not there. */
export interface BackfillScene {
  readonly worker: ProjectWorker;
  readonly service: ProjectService;
  readonly operations: Operations;
  /** Writes the files of months. */
  readonly give: (...months: readonly string[]) => void;
  /** Takes the files of months away, with what was made of them. */
  readonly take: (...months: readonly string[]) => void;
  /** From now on, extracts of these months wait until they are let go. */
  readonly hold: (...months: readonly string[]) => void;
  readonly letGo: (...months: readonly string[]) => void;
  /** The workflow ids of runs whose extract has begun, in order. */
  readonly arrived: string[];
  /** Waits until the extract of a run has begun. */
  readonly arrival: (workflowId: string) => Promise<void>;
  /** Waits until a backfill is as it should be. */
  readonly reach: (id: string, ready: (backfill: Backfill) => boolean) => Promise<Backfill>;
  readonly close: () => Promise<void>;
}

/** @param address of a Temporal server of the test's own */
export async function openBackfillScene(options: Pick<ProjectWorkerOptions, 'address' | 'limits'> = {}): Promise<BackfillScene> {
  const lake = lastingFolder();
  const held = new Set<string>();
  const arrived: string[] = [];
  const seen = new Set<string>();
  const project = path.resolve(import.meta.dirname, '../fixtures/months');
  const worker = await startProjectWorker(project, lastingFolder(), { MONTHS_LAKE: lake }, { checkpoint, ...options });
  const service = await startProjectService(worker.project, options.address);
  const operations = patient(service.operations);

  async function checkpoint(name: string): Promise<void> {
    if (name !== 'extract.reading') return;
    const { info, cancellationSignal } = Context.current();
    const id = info.workflowExecution?.workflowId ?? '';
    const month = id.slice(id.lastIndexOf('/') + 1);
    const runId = info.workflowExecution?.runId ?? '';
    if (!seen.has(runId)) arrived.push(id);
    seen.add(runId);
    while (held.has(month) && !cancellationSignal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  return {
    worker,
    service,
    operations,
    give: (...months) => months.forEach((month) => writeFileSync(path.join(lake, `${month}.csv`), 'id,amount\n1,10\n2,20\n')),
    take: (...months) => months.forEach((month) => rmSync(path.join(lake, `${month}.csv`), { force: true })),
    hold: (...months) => months.forEach((month) => held.add(month)),
    letGo: (...months) => months.forEach((month) => held.delete(month)),
    arrived,
    arrival: (workflowId) =>
      until(
        () => arrived.includes(workflowId),
        () => `${workflowId} has not come; these have: ${arrived.join(', ')}`,
      ),
    async reach(id, ready) {
      let last: Backfill | undefined;
      await until(
        async () => ready((last = await operations.getBackfill({ backfill: id }))),
        () => `backfill ${id} is ${JSON.stringify(last)}`,
      );
      return last as Backfill;
    },
    async close() {
      held.clear();
      await service.stop();
      await worker.stop();
    },
  };
}

/** Partitions by state: `{ completed: ['2024-01'] }`. */
export function byStatus({ partitions }: Backfill): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { partition, status } of partitions) (found[status] ??= []).push(partition);
  return found;
}

export function isClosed({ status }: Backfill): boolean {
  return status !== 'running' && status !== 'paused';
}

/** On a busy machine a backfill may take longer than a second to answer: then it is asked again, as a person would. */
function patient(operations: Operations): Operations {
  const again = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!hasCode(error, 'BACKFILL_NOT_ANSWERING')) throw error;
      }
    }
  };
  return {
    ...operations,
    pauseBackfill: (input) => again(() => operations.pauseBackfill(input)),
    resumeBackfill: (input) => again(() => operations.resumeBackfill(input)),
    async retryBackfill(input) {
      try {
        return await operations.retryBackfill(input);
      } catch (error) {
        if (!hasCode(error, 'BACKFILL_NOT_ANSWERING')) throw error;
      }
      try {
        return await again(() => operations.retryBackfill(input));
      } catch (error) {
        // It had taken the first one.
        if (!hasCode(error, 'BACKFILL_INVALID')) throw error;
        const { id, counts, status } = await operations.getBackfill(input);
        return { id, counts, status: status === 'paused' ? 'paused' : 'running', worker: true };
      }
    },
  };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof MillraceError && error.code === code;
}
