import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { startProjectWorker, type ProjectWorker } from '../support/project-worker.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/mishaps');

/** A password that no message, history, catalog or log may ever show. */
export const WRONG_PASSWORD = 'open-sesame-4711';

/** A worker of the project `mishaps` with everything it meets: a lake, a warehouse, a catalog, and what it logs. */
export interface Scene {
  readonly worker: ProjectWorker;
  readonly db: TestDatabase;
  readonly lake: string;
  readonly catalog: Catalog;
  /** Every line the worker has logged so far. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** @param options.staging the folder for staging. @default one of its own */
export async function openScene(options: { readonly maxBytes?: number; readonly folder?: string } = {}): Promise<Scene> {
  const log: string[] = [];
  Runtime.install({
    logger: new DefaultLogger('DEBUG', ({ message, meta }) => void log.push(`${message} ${describeMeta(meta)}`)),
  });
  const db = await createTestDatabase();
  const lake = path.join(lastingFolder(), 'lake');
  await mkdir(lake, { recursive: true });
  const worker = await startProjectWorker(PROJECT, options.folder ?? lastingFolder(), environmentOf(db, lake), options);
  const catalog = await openCatalog(worker.project.catalog);
  return {
    worker,
    db,
    lake,
    catalog,
    log,
    async close() {
      await worker.stop();
      await catalog.close();
      await db.drop();
    },
  };
}

function environmentOf(db: TestDatabase, lake: string): Record<string, string> {
  const wrongPassword = Object.assign(new URL(db.url), { password: WRONG_PASSWORD });
  const wrongDatabase = Object.assign(new URL(db.url), { pathname: '/nowhere' });
  return {
    MISHAPS_LAKE: lake,
    MISHAPS_WAREHOUSE: db.url,
    MISHAPS_WRONG_PASSWORD: wrongPassword.toString(),
    MISHAPS_WRONG_DATABASE: wrongDatabase.toString(),
  };
}

function describeMeta(meta: unknown): string {
  return JSON.stringify(meta, (_key, value: unknown) => {
    if (value instanceof Error) return { message: value.message, stack: value.stack, cause: value.cause };
    return typeof value === 'bigint' ? String(value) : value;
  });
}

/** What the steps of this worker have left behind that no dataset owns: names of attempts' folders. */
export async function attemptsLeft({ worker }: Scene): Promise<string[]> {
  return readdir(path.join(worker.project.staging.root, 'attempts')).catch(() => []);
}

/** Tables of Millrace's own that a load has left in the warehouse. */
export async function stagingTablesLeft({ db }: Scene): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname LIKE '%staging%' AND c.relkind = 'r' AND n.nspname <> 'information_schema'`,
  );
  return rows.map((row) => row.name);
}

/** Loads of one run in the warehouse's ledger. */
export async function ledgerRows({ db }: Scene, workflowId: string): Promise<number> {
  const [ledger] = await db.query<{ there: boolean }>(`SELECT to_regclass('_millrace.ledger') IS NOT NULL AS there`);
  if (!ledger?.there) return 0;
  const [row] = await db.query<{ n: string }>('SELECT count(*) AS n FROM _millrace.ledger WHERE workflow_id = $1', [workflowId]);
  return Number(row?.n);
}
