import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { WorkflowFailedError } from '@temporalio/client';
import { openCatalog, type StepRow } from '../../src/catalog/index.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';
import { temporalAddress, temporalCli } from '../support/temporal.js';

export const PROJECT = path.resolve(import.meta.dirname, '../fixtures/copies');

/** Two databases, a folder, and a worker of a project that has nothing but connections to them. */
export interface ReplicateScene {
  readonly shop: TestDatabase;
  readonly warehouse: TestDatabase;
  readonly lake: string;
  readonly worker: ProjectWorker;
  /** Runs `replicate` from shop to warehouse to its end; `parameters` go before those. */
  readonly replicate: (parameters: Readonly<Record<string, unknown>>, control?: unknown) => Promise<Replicated>;
  readonly steps: (workflowId: string) => Promise<readonly StepRow[]>;
  readonly close: () => Promise<void>;
}

/** How a run ended. */
export interface Replicated {
  readonly workflowId: string;
  readonly result?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly details?: readonly unknown[];
}

export async function openScene(): Promise<ReplicateScene> {
  const [shop, warehouse] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const [lake, folder] = [lastingFolder(), lastingFolder()];
  const environment = { COPIES_SHOP: shop.url, COPIES_WAREHOUSE: warehouse.url, COPIES_LAKE: lake };
  const worker = await startProjectWorker(PROJECT, folder, environment);
  return {
    shop,
    warehouse,
    lake,
    worker,
    async replicate(parameters, control) {
      const args = [{ from: 'shop', to: 'warehouse', ...parameters }, ...(control === undefined ? [] : [control])];
      const handle = await worker.start('replicate', args);
      const { workflowId } = handle;
      try {
        return { workflowId, result: await handle.result() };
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        const { message, type, details } = error.cause as unknown as { message: string; type: string; details: unknown[] };
        return { workflowId, message, code: type, details };
      }
    },
    async steps(workflowId) {
      const catalog = await openCatalog(worker.project.catalog);
      try {
        const run = await catalog.findRun(workflowId);
        return await catalog.listSteps(workflowId, run?.runId ?? '');
      } finally {
        await catalog.close();
      }
    },
    async close() {
      await worker.stop();
      await shop.drop();
      await warehouse.drop();
    },
  };
}

/** What a person types: `temporal workflow execute --type replicate …`. Gives what it prints. */
export async function executeByCli(taskQueue: string, input: string): Promise<string> {
  const [program, address] = [await temporalCli(), await temporalAddress()];
  const args = ['workflow', 'execute', '--type', 'replicate', '--task-queue', taskQueue, '--input', input];
  const { stdout } = await promisify(execFile)(program, [...args, '--address', address, '--output', 'json'], {
    env: { ...process.env, TEMPORAL_ADDRESS: undefined },
  });
  return stdout;
}

/**
 * The rows of a table as text, sorted, each with the number of times it is there: two tables are equal where `EXCEPT ALL`
 * finds nothing in either direction. As text, since char(n) becomes text in a table that is made, without what pads it.
 */
export async function rowsOf(db: TestDatabase, table: string): Promise<string[]> {
  const [list] = await db.query<{ columns: string }>(
    `SELECT string_agg(quote_literal(attname) || ', ' || quote_ident(attname) || '::text', ', ' ORDER BY attname) AS columns
     FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
  const rows = await db.query<{ row: string }>(
    `SELECT concat(count(*), ' × ', row) AS row FROM (SELECT json_build_object(${list?.columns})::text AS row FROM ${table}) AS rows
     GROUP BY rows.row ORDER BY rows.row`,
  );
  return rows.map(({ row }) => row);
}

/** The primary key of a table, as its definition has it. */
export async function primaryKeyOf(db: TestDatabase, table: string): Promise<string | undefined> {
  const [key] = await db.query<{ key: string }>(
    `SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'p'`,
    [table],
  );
  return key?.key;
}
