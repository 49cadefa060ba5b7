import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { LoadResult } from '../../../src/core/load.js';
import type { TestDatabase } from '../../support/postgres.js';
import { loadQuery, type QueryLoad } from './load.js';

type Request = Omit<QueryLoad, 'target'>;
type Load = (target: string, select: string, rest?: Partial<Request>) => Promise<LoadResult>;

/** Tables whose columns loads change, and what tests of it do with them. */
export interface ChangingTables {
  readonly load: (target: string, request: Request) => Promise<LoadResult>;
  readonly freeze: Load;
  readonly evolve: Load;
  readonly discard: Load;
  /** Makes a table of these columns, and gives its name. */
  readonly made: (columns: string) => Promise<string>;
  readonly rowsOf: (table: string) => Promise<unknown[]>;
  /** The columns as Postgres declares them: `name type` with `!` where it must have a value. */
  readonly columnsOf: (table: string) => Promise<string[]>;
}

export function changingTables(db: () => TestDatabase): ChangingTables {
  const load = (target: string, request: Request) => loadQuery({ url: db().url }, { target, ...request });
  return {
    load,
    freeze: (target, select, rest = {}) => load(target, { ...rest, select }),
    evolve: (target, select, rest = {}) => load(target, { ...rest, select, schema: 'evolve' }),
    discard: (target, select, rest = {}) => load(target, { ...rest, select, schema: 'discard' }),
    async made(columns) {
      const table = newTable();
      await db().query(`CREATE TABLE public.${table} (${columns})`);
      return table;
    },
    async rowsOf(table) {
      const rows = await db().query(`SELECT to_jsonb(t) - '_millrace_load' AS row FROM public.${table} AS t ORDER BY 1`);
      return rows.map((each) => each.row as unknown);
    },
    async columnsOf(table) {
      const rows = await db().query<{ text: string }>(
        `SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '!' ELSE '' END AS text FROM pg_attribute
         WHERE attrelid = 'public.${table}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> '_millrace_load' ORDER BY attnum`,
      );
      return rows.map(({ text }) => text);
    },
  };
}

export const newTable = (): string => `s_${randomBytes(4).toString('hex')}`;

/** The error of a load that must fail. */
export async function failureOf(attempt: Promise<unknown>): Promise<Error & { code: string }> {
  const error: unknown = await attempt.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  return error as Error & { code: string };
}
