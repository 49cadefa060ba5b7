import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, describe, onTestFinished } from 'vitest';
import { openCatalog, type Catalog, type CatalogOptions } from '../../src/catalog/index.js';
import { temporaryFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const TABLES = [
  'runs',
  'step_runs',
  'datasets',
  'dataset_parents',
  'contract_versions',
  'quality_results',
  'quality_reasons',
  'quarantine',
  'loads',
  'schema_changes',
  'check_results',
  'audit_overrides',
  'backfills',
  'backfill_partitions',
  'run_decisions',
  'run_holds',
  'approvals',
] as const;

/** Rows by table. */
export type Contents = Record<(typeof TABLES)[number], Record<string, unknown>[]>;

export interface Opened {
  readonly catalog: Catalog;
  readonly options: CatalogOptions;
  /** Everything the catalog holds, read past it. */
  readonly contents: () => Promise<Contents>;
  /** Whether a call costs a round trip to a server: a test may then try fewer cases. */
  readonly isRemote: boolean;
  /** Takes every row away, past it. */
  readonly empty: () => Promise<void>;
}

/** Tests, on each database that a catalog can be in. `fresh` gives an empty catalog that is closed when the test ends. */
export function onBothDatabases(tests: (fresh: () => Promise<Opened>) => void): void {
  describe('in SQLite', () => {
    tests(freshFile);
  });
  describe('in Postgres', () => {
    let database: Promise<TestDatabase> | undefined;
    afterAll(async () => (await database)?.drop());
    tests(async () => freshSchema(await (database ??= createTestDatabase())));
  });
}

async function freshFile(): Promise<Opened> {
  const path = join(temporaryFolder(), 'deep', 'catalog.db');
  return {
    ...(await open({ path })),
    isRemote: false,
    contents: () => Promise.resolve(contentsOfFile(path)),
    empty: () => Promise.resolve(withFile(path, (file) => TABLES.forEach((table) => file.exec(`delete from ${table}`)))),
  };
}

/** Everything that the catalog in a file holds. */
export function contentsOfFile(path: string): Contents {
  return withFile(path, (file) => {
    const rows = TABLES.map((table) => [table, file.prepare(selectAll(table)).all([])]);
    return Object.fromEntries(rows) as Contents;
  });
}

function withFile<T>(path: string, work: (file: Database.Database) => T): T {
  const file = new Database(path);
  try {
    return work(file);
  } finally {
    file.close();
  }
}

async function freshSchema(database: TestDatabase): Promise<Opened> {
  const schema = `catalog ${randomBytes(4).toString('hex')}`;
  return {
    ...(await open({ url: database.url, schema })),
    isRemote: true,
    contents: () => contentsOfSchema(database, schema),
    empty: async () => {
      await database.query(`truncate ${TABLES.map((table) => `"${schema}".${table}`).join(', ')}`);
    },
  };
}

/** Everything that the catalog in a schema holds. */
export async function contentsOfSchema(database: TestDatabase, schema: string): Promise<Contents> {
  const contents: Record<string, unknown[]> = {};
  for (const table of TABLES) {
    const selected = selectAll(table).replace('from "', `from "${schema}"."`);
    // As JSON, since `pg` reads a bigint as text.
    const found = await database.query<{ row: unknown }>(`select to_json(t) as row from (${selected}) t`);
    contents[table] = found.map(({ row }) => row);
  }
  return contents as Contents;
}

function selectAll(table: string): string {
  return `select * from "${table}" order by 1, 2, 3, 4`;
}

async function open(options: CatalogOptions): Promise<Pick<Opened, 'catalog' | 'options'>> {
  const catalog = await openCatalog(options);
  onTestFinished(() => catalog.close());
  return { catalog, options };
}
