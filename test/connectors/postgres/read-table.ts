import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint, Extracted, ExtractOptions } from '../../../src/connectors/contract.js';
import type { Resumption } from '../../../src/connectors/left-work.js';
import { openConnector } from '../../../src/connectors/registry.js';
import { withContext } from '../../conformance/context.js';
import { temporaryFolder } from '../../support/folder.js';
import type { TestDatabase } from '../../support/postgres.js';

export interface ReadOptions {
  readonly options: ExtractOptions;
  readonly resumption?: Resumption;
  /** @default a fresh one */
  readonly directory?: string;
  readonly controller?: AbortController;
  /** Called at each of the extract's checkpoints. */
  readonly checkpoint?: Checkpoint;
  readonly lockTimeoutMs?: number;
}

export interface TableAsRead {
  readonly extracted: Extracted;
  /** Values of the asked expressions over all rows that were written. */
  readonly ask: <T>(select: string) => Promise<T>;
  readonly files: readonly string[];
}

/** Extracts as a step would. `look` sees what was written, before it goes. */
export async function readTable<T>(
  url: string,
  { options, directory = temporaryFolder(), ...rest }: ReadOptions,
  look: (read: TableAsRead) => Promise<T>,
): Promise<T> {
  const connector = await openConnector('postgres', 'shop', {
    url,
    ...(rest.lockTimeoutMs !== undefined && { lockTimeoutMs: rest.lockTimeoutMs }),
  });
  return withContext(async (context) => {
    if (!connector.source) throw new Error('The connector has no source');
    const { resumption } = rest;
    const extracted = await connector.source.extract(
      { dataset: 'd', options, directory, ...(resumption && { resumption }) },
      context,
    );
    const files = extracted.parts.map((part) => `'${join(directory, part.path)}'`).join(', ');
    return look({
      extracted,
      files: readdirSync(directory),
      ask: async <A>(select: string) => (await context.session.rows<A>(`SELECT ${select} FROM read_parquet([${files}])`))[0] as A,
    });
  }, rest);
}

/** One text for all rows of a table, the same in DuckDB and in Postgres. */
export const SUM = "count(*)::int AS rows, md5(string_agg(concat(id, ':', note), ',' ORDER BY id, note)) AS md5";

export interface Sum {
  readonly rows: number;
  readonly md5: string | null;
}

export async function sumOf(db: TestDatabase, from: string): Promise<Sum> {
  const [sum] = await db.query<{ rows: number; md5: string | null }>(`SELECT ${SUM} FROM ${from}`);
  return sum as Sum;
}

/** The rows that an extract gives, summed up like {@link sumOf}. */
export function readSum(url: string, read: ReadOptions): Promise<Sum & { readonly parts: number }> {
  return readTable(url, read, async ({ ask, extracted }) => ({ ...(await ask<Sum>(SUM)), parts: extracted.parts.length }));
}

/**
 * Makes a table of about 48 MiB with few rows: `id` from 1, a `note`, and pages that are mostly empty.
 *
 * @param definition of further columns, beginning with a comma
 */
export async function createLargeTable(db: TestDatabase, name: string, definition = ''): Promise<void> {
  await db.query(`CREATE TABLE ${name} (id int, note text${definition}) WITH (fillfactor = 10, autovacuum_enabled = off)`);
  await fillLargeTable(db, name);
}

export async function fillLargeTable(db: TestDatabase, name: string, first = 1, count = 6_000): Promise<void> {
  await db.query(
    `INSERT INTO ${name} (id, note) SELECT i, repeat(md5(i::text), 20) FROM generate_series(${first}::int, ${first + count - 1}) AS i`,
  );
}

/** Sessions of extracts that the server has, the one that holds the snapshot first: what each does, or has done last. */
export async function extractSessions(
  db: TestDatabase,
): Promise<{ pid: number; query: string; state: string; waits: string | null }[]> {
  return db.query(
    `SELECT pid, query, state, wait_event_type AS waits FROM pg_stat_activity
     WHERE application_name LIKE 'millrace extract%' AND datname = current_database() ORDER BY backend_start`,
  );
}

/** Does something once, when the first range is finished and others are not. */
export function afterFirstRange(act: () => Promise<unknown>): Checkpoint {
  let done = false;
  return async (name) => {
    if (name !== 'extract.range' || done) return;
    done = true;
    await act();
  };
}
