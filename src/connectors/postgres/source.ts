import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CursorRange } from '../../core/cursor.js';
import { TerminalError, messageOf } from '../../core/errors.js';
import { filterToSql, quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import type { CallContext, Extracted, ExtractOptions, Source } from '../contract.js';
import { attach, ATTACHED, execute } from './attached.js';
import { findRange, rangeCondition, resolveCursor, type Cursor } from './cursor-range.js';
import { translatePostgresError } from './errors.js';
import type { ResolvedPostgres } from './options.js';
import { connectPostgres } from '../../postgres/connect.js';
import { cancelOnAbort } from './side-connection.js';
import {
  datasetColumn,
  describeSelect,
  exactnessCondition,
  inexactColumn,
  selectExpression,
  type SourceColumn,
} from './source-columns.js';
import { parseTableName } from './table-name.js';

/** What is read, as SQL and as people name it. */
interface Reading {
  readonly from: string;
  readonly label: string;
  readonly isTable: boolean;
}

const PART = 'part-0.parquet';

/**
 * Reads tables and queries: one statement in one snapshot, filter and columns evaluated by the server, the rows streamed
 * as a binary COPY into Parquet. Nothing tells whether a table has changed, so there is no fingerprint.
 */
export function postgresSource(settings: ResolvedPostgres): Source {
  return {
    fingerprint: ({ options }) => {
      readingOf(options, settings);
      return Promise.resolve(null);
    },

    async extract({ options, directory }, context) {
      const reading = readingOf(options, settings);
      const applicationName = `millrace extract ${randomBytes(6).toString('hex')}`;
      const stopListening = cancelOnAbort(context.session, settings.url, applicationName);
      try {
        const { columns, cursor } = await describe(settings, applicationName, reading, options);
        await attach(context.session, settings.url, { applicationName, isolation: 'REPEATABLE READ', readOnly: true });
        await context.checkpoint('extract.reading');
        return await readExactly({ settings, context, reading, options, columns, cursor, directory });
      } catch (error) {
        if (context.signal.aborted) await context.session.run('SELECT 1');
        throw translatePostgresError(error, settings, reading.label);
      } finally {
        stopListening();
        await context.session.run('DETACH DATABASE IF EXISTS pg').catch(() => undefined);
      }
    },
  };
}

function readingOf(options: ExtractOptions, settings: ResolvedPostgres): Reading {
  const { connection } = settings;
  if (options.path !== undefined || options.format !== undefined || options.copy !== undefined) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The connection "${connection}" is a database: path, format and copy mean nothing to it. Use table or query.`,
    );
  }
  if ((options.table === undefined) === (options.query === undefined)) {
    throw new TerminalError('OPTION_INVALID', `An extract from connection "${connection}" needs either table or query.`);
  }
  if (options.table !== undefined) {
    const name = parseTableName(options.table, settings.schema);
    return { from: name.sql, label: `table ${name.sql}`, isTable: true };
  }
  const query = (options.query ?? '').trim().replace(/;\s*$/, '');
  return { from: `(${query}\n) AS source`, label: 'the query', isTable: false };
}

async function describe(
  settings: ResolvedPostgres,
  applicationName: string,
  reading: Reading,
  options: ExtractOptions,
): Promise<{ columns: SourceColumn[]; cursor: Cursor | undefined }> {
  const side = await connectPostgres(settings.url, applicationName);
  try {
    await side.query(
      `SET default_transaction_read_only = on; SET lock_timeout = ${settings.lockTimeoutMs}; SET TimeZone = 'UTC'`,
    );
    const all = await describeSelect(side, `SELECT * FROM ${reading.from}`);
    const byName = new Map(all.map((column) => [column.name, reading.isTable ? column : { ...column, nullable: true }]));
    for (const name of [...(options.columns ?? []), ...Object.keys(options.where ?? {})]) {
      if (byName.has(name)) continue;
      throw new TerminalError(
        'COLUMN_MISSING',
        `${reading.label} in connection "${settings.connection}" has no column "${name}". It has: ${[...byName.keys()].slice(0, 50).join(', ')}.`,
      );
    }
    const place = `${reading.label} in connection "${settings.connection}"`;
    return {
      columns: options.columns?.map((name) => byName.get(name) as SourceColumn) ?? [...byName.values()],
      cursor: await resolveCursor(side, options, [...byName.values()], place),
    };
  } finally {
    await side.end().catch(() => undefined);
  }
}

interface Work {
  readonly settings: ResolvedPostgres;
  readonly context: CallContext;
  readonly reading: Reading;
  readonly options: ExtractOptions;
  readonly columns: readonly SourceColumn[];
  readonly cursor: Cursor | undefined;
  readonly directory: string;
}

// Values that DuckDB's type cannot hold are rare, so they are found by trying; then that column is read as text.
async function readExactly(work: Work): Promise<Extracted> {
  const asText = new Set<string>();
  for (;;) {
    try {
      return await read(work, asText);
    } catch (error) {
      const column = inexactColumn(messageOf(error), work.columns);
      if (column === undefined || asText.has(column.name)) throw error;
      asText.add(column.name);
    }
  }
}

async function read(work: Work, asText: ReadonlySet<string>): Promise<Extracted> {
  const { context, columns, cursor, options, reading, settings } = work;
  const { session } = context;
  const list = columns.map((column) => selectExpression(column, asText)).join(', ');
  const condition = filterToSql(options.where);
  const file = path.join(work.directory, PART);
  const names = columns.map((column) => quoteIdentifier(column.name)).join(', ');
  await session.run('BEGIN');
  let rows: number;
  let range: CursorRange | undefined;
  try {
    await execute(
      session,
      `SET LOCAL lock_timeout = ${settings.lockTimeoutMs}; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'`,
    );
    range = cursor && (await findRange(session, cursor, { from: reading.from, condition }));
    const inRange = cursor && range ? ` AND ${rangeCondition(cursor, range)}` : '';
    const sql = `SELECT ${list} FROM ${reading.from} WHERE ${exactnessCondition(columns, asText)} AND ${condition}${inRange}`;
    const [copied] = await session.rows<{ Count: bigint }>(
      `COPY (SELECT ${names} FROM postgres_query('${ATTACHED}', ${quoteLiteral(sql)})) TO ${quoteLiteral(file)} (FORMAT parquet, COMPRESSION zstd)`,
    );
    rows = Number(copied?.Count);
  } finally {
    await session.rollback();
  }
  context.progress(rows);
  const part = {
    path: `./${PART}`,
    format: 'parquet' as const,
    rows,
    bytes: (await stat(file)).size,
    fingerprint: await hashFile(file, context.signal),
  };
  const found = columns.map((column) => datasetColumn(column, asText));
  return { parts: [part], columns: found, rows, filterPending: false, ...(range && { range }) };
}

async function hashFile(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash, { signal });
  return hash.digest('hex');
}
