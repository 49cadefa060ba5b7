import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { vi } from 'vitest';
import { localCaller } from '../../src/access/local-caller.js';
import type { Operations } from '../../src/api/index.js';
import { openCatalog, type Catalog, type TriggerEvaluationRow } from '../../src/catalog/index.js';
import { triggerSettings } from '../../src/config/trigger-settings.js';
import type { Checkpoint } from '../../src/connectors/contract.js';
import { triggerId, type TriggerInput, type TriggerOutcome } from '../../src/core/trigger.js';
import { localOperations } from '../../src/operations/perform.js';
import type { OperationServices } from '../../src/operations/context.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { outcomeOf } from '../../src/temporal/describe-run.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { endTrigger, listOwnTriggers, setRelay, startTrigger } from '../../src/temporal/triggers.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import type { TestBucket } from '../support/s3.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress } from '../support/temporal.js';

/** A worker whose loads, files and answers start pipelines. */
export interface TriggerScene {
  readonly worker: ProjectWorker;
  readonly database: TestDatabase;
  /** A folder, or a bucket's URL. */
  readonly lake: string;
  readonly temporal: TemporalClient;
  readonly catalog: Catalog;
  readonly services: OperationServices;
  readonly operations: Operations;
  /** Asked instead of the checkpoints of the worker's steps. */
  onCheckpoint: Checkpoint;
  /** Lets the triggers of one pipeline begin, without a relay. */
  begin(pipeline: string, input?: Partial<TriggerInput>): Promise<void>;
  /** Runs `fill` to its end. */
  fill(table: string, month: string): Promise<void>;
  evaluations(pipeline: string, partition?: string): Promise<TriggerEvaluationRow[]>;
  /** The results of the runs that a pipeline's triggers have started, in their order, once there are so many. */
  results(pipeline: string, count: number): Promise<unknown[]>;
  /** The evaluations that came to something, the first one first, once there are so many. */
  cameTo(pipeline: string, outcome: TriggerOutcome, count?: number, partition?: string): Promise<TriggerEvaluationRow[]>;
  stop(): Promise<void>;
}

export const patience = { timeout: 90_000, interval: 100 };

/** @param bucket the lake @default a folder of its own */
export async function openScene(bucket?: TestBucket): Promise<TriggerScene> {
  const database = await createTestDatabase();
  const folder = lastingFolder();
  const lake = bucket?.root ?? path.join(folder, 'lake');
  const rows = 'id\n1\n2\n';
  if (bucket) await bucket.put('rows.csv', rows);
  else {
    mkdirSync(path.join(lake, 'inbox'), { recursive: true });
    writeFileSync(path.join(lake, 'rows.csv'), rows);
  }
  const at: { checkpoint: Checkpoint } = { checkpoint: async () => undefined };
  const directory = path.resolve(import.meta.dirname, '../fixtures/relay');
  const worker = await startProjectWorker(
    directory,
    folder,
    { RELAY_LAKE: lake, RELAY_S3: bucket ? JSON.stringify(bucket.s3) : '', RELAY_PG: database.url },
    {
      checkpoint: (name) => at.checkpoint(name),
    },
  );
  const temporal = await connectTemporal(temporalTarget({ address: await temporalAddress() }));
  const catalog = await openCatalog(worker.project.catalog);
  const { project, taskQueue } = worker;
  const services = { project, catalog, temporal, states: openTemporalStates(temporal, taskQueue) };
  const evaluations = (pipeline: string, partition?: string) =>
    catalog.listTriggerEvaluations({
      trigger: triggerId(taskQueue, pipeline),
      limit: 1_000,
      ...(partition !== undefined && { partition }),
    });
  const cameTo: TriggerScene['cameTo'] = (pipeline, outcome, count = 1, partition) =>
    vi.waitUntil(async () => {
      const found = (await evaluations(pipeline, partition)).filter((each) => each.outcome === outcome);
      return found.length >= count ? found.toReversed() : undefined;
    }, patience);
  return {
    worker,
    database,
    lake,
    temporal,
    catalog,
    services,
    operations: localOperations(services, localCaller()),
    set onCheckpoint(checkpoint: Checkpoint) {
      at.checkpoint = checkpoint;
    },
    async begin(pipeline, input = {}) {
      const settings = triggerSettings(project.pipelines[pipeline] as never);
      if (!settings) throw new Error(`${pipeline} has no triggers`);
      await startTrigger(temporal, { taskQueue, pipeline }, { settings, ...input });
    },
    async fill(table, month) {
      const run = await worker.start('fill', [{ month, table }]);
      await run.result();
    },
    evaluations,
    cameTo,
    async results(pipeline, count) {
      const found: unknown[] = [];
      for (const { workflowId, runId } of await cameTo(pipeline, 'started', count)) {
        const outcome = await vi.waitUntil(async () => {
          const told = await outcomeOf(temporal, { workflowId: String(workflowId), runId: String(runId) });
          return told.ok ? told : undefined;
        }, patience);
        found.push(outcome.result);
      }
      return found;
    },
    async stop() {
      await setRelay(temporal, taskQueue, []);
      for (const pipeline of await listOwnTriggers(temporal, taskQueue)) await endTrigger(temporal, { taskQueue, pipeline });
      await catalog.close();
      await temporal.close();
      await worker.stop();
      await database.drop();
    },
  };
}
