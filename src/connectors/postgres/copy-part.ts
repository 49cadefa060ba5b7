import { stat } from 'node:fs/promises';
import path from 'node:path';
import { quoteLiteral } from '../../core/filter.js';
import type { Part } from '../../core/manifest.js';
import { hashFile } from '../../disk/hash-file.js';
import type { Session } from '../contract.js';
import { ATTACHED } from './attached.js';
import { exactnessCondition, readExpression, selectExpression, type SourceColumn } from './source-columns.js';

/** Columns, and which of them travel as text although DuckDB has a type for them. */
export interface Columns {
  readonly columns: readonly SourceColumn[];
  readonly asText: ReadonlySet<string>;
}

/** Rows of one table or query, in the server's SQL. */
export interface Rows {
  readonly from: string;
  readonly condition: string;
}

/** The SELECT that the server runs. It fails at the first value that DuckDB would read as another one. */
export function selectRows({ columns, asText }: Columns, sources: readonly Rows[]): string {
  const list = columns.map((column) => selectExpression(column, asText)).join(', ');
  const exact = exactnessCondition(columns, asText);
  return sources
    .map(({ from, condition }) => `SELECT ${list} FROM ${from} WHERE ${exact} AND (${condition})`)
    .join(' UNION ALL ');
}

/** Reads rows, in the transaction that is open, into a Parquet file; gives their number. */
export async function copyPart(
  session: Pick<Session, 'rows'>,
  read: Columns,
  sources: readonly Rows[],
  file: string,
): Promise<number> {
  const list = read.columns.map(readExpression).join(', ');
  const [copied] = await session.rows<{ Count: bigint }>(
    `COPY (SELECT ${list} FROM postgres_query('${ATTACHED}', ${quoteLiteral(selectRows(read, sources))})) TO ${quoteLiteral(file)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440)`,
  );
  return Number(copied?.Count);
}

/** The written file as a part of the dataset. */
export async function describePart(directory: string, name: string, rows: number, signal: AbortSignal): Promise<Part> {
  const file = path.join(directory, name);
  const { size } = await stat(file);
  return { path: `./${name}`, format: 'parquet', rows, bytes: size, fingerprint: await hashFile(file, signal) };
}
