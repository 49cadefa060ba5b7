import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Contract } from '../../src/config/contract.js';
import { judge } from '../../src/contracts/judge.js';
import type { EarlyRows, Judged } from '../../src/contracts/judge-request.js';
import type { OpenThreads } from '../../src/contracts/zod-judges.js';
import type { Column } from '../../src/core/dataset.js';
import type { Filter } from '../../src/core/filter.js';
import { quoteLiteral } from '../../src/core/filter.js';
import type { CsvDialect, Manifest, Part, Reason } from '../../src/core/manifest.js';
import { datasetSelect } from '../../src/engine/dataset-sql.js';
import { openSession, type EngineSession } from '../../src/engine/session.js';

export async function testSession(threads = 2, memoryLimit = '512MB'): Promise<EngineSession> {
  return openSession({ memoryLimit, threads, spillDirectory: '/tmp' }, new AbortController().signal);
}

export function manifestOf(columns: readonly Column[], parts: readonly Part[], filter?: Filter): Manifest {
  return {
    version: 1,
    name: 'orders',
    key: 'k',
    content: 'c',
    createdAt: '2001-01-01T00:00:00Z',
    rows: null,
    bytes: 0,
    schema: 's',
    columns,
    parts,
    parents: [],
    reproducible: true,
    engine: 'duckdb',
    ...(filter && { filter }),
  };
}

/** A CSV file as a dataset. */
export function csvInput(
  folder: string,
  columns: readonly string[],
  content: string | Buffer,
  dialect: Partial<CsvDialect> = {},
  filter?: Filter,
): Manifest {
  const name = `orders.csv${dialect.compression === 'gzip' ? '.gz' : ''}`;
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return manifestOf(
    columns.map((column) => ({ name: column, type: 'VARCHAR', nullable: true })),
    [csvPart(file, name, columns, dialect)],
    filter,
  );
}

export function csvPart(file: string, origin: string, columns: readonly string[], dialect: Partial<CsvDialect> = {}): Part {
  const csv = { delimiter: ',', quote: '"', escape: '"', columns, headerLines: 1, compression: 'none' as const, ...dialect };
  return { path: file, format: 'csv', csv, rows: null, bytes: statSync(file).size, fingerprint: 'f', origin };
}

/** A Parquet file with the rows of a SELECT, as a dataset. */
export async function parquetInput(session: EngineSession, folder: string, select: string, filter?: Filter): Promise<Manifest> {
  const file = path.join(folder, 'orders.parquet');
  await session.run(`COPY (${select}) TO ${quoteLiteral(file)} (FORMAT parquet)`);
  const described = await session.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM read_parquet(${quoteLiteral(file)})`,
  );
  const columns = described.map((each) => ({ name: each.column_name, type: each.column_type, nullable: true }));
  return manifestOf(
    columns,
    [{ path: file, format: 'parquet', rows: null, bytes: statSync(file).size, fingerprint: 'f' }],
    filter,
  );
}

export interface Outcome {
  readonly judged: Judged;
  /** The dataset as readers find it. */
  readonly output: Manifest;
  readonly accepted: readonly Record<string, unknown>[];
  readonly rejected: readonly RejectedRow[];
}

export interface RejectedRow {
  readonly source: string;
  readonly line: number;
  readonly byte: number | null;
  readonly reasons: readonly Reason[];
  readonly row: string;
}

/** Judges a dataset and reads back what came of it. */
export async function judgeDataset(
  session: EngineSession,
  folder: string,
  contract: Contract,
  input: Manifest,
  early?: EarlyRows,
  threads?: OpenThreads,
): Promise<Outcome> {
  const directory = path.join(folder, `attempt-${Math.random().toString(36).slice(2)}`);
  mkdirSync(directory);
  const judged = await judge(session, {
    input,
    stagingRoot: folder,
    contractName: 'Order',
    contract,
    directory,
    progress: () => undefined,
    signal: new AbortController().signal,
    checkpoint: () => Promise.resolve(),
    ...(early && { early }),
    ...(threads && { threads }),
  });
  const settled = (name: string): string => (name.startsWith('./') ? path.join(directory, name) : name);
  const parts = judged.parts.map((part) => ({
    ...part,
    path: settled(part.path),
    ...(part.deletes !== undefined && { deletes: settled(part.deletes) }),
  }));
  const isInPlace = judged.parts.some((part) => !part.path.startsWith('./'));
  const output = manifestOf(judged.columns, parts, isInPlace ? input.filter : undefined);
  const accepted = await session.rows(datasetSelect(output, folder));
  const rejected = judged.verdict.rejects === undefined ? [] : await readRejects(session, settled(judged.verdict.rejects));
  return { judged, output, accepted, rejected };
}

async function readRejects(session: EngineSession, file: string): Promise<RejectedRow[]> {
  const rows = await session.rows<{ source: string; line: bigint; byte: bigint | null; reasons: string; row: string }>(
    `SELECT source, line, byte, '"' || reasons AS reasons, '"' || row AS row FROM read_parquet(${quoteLiteral(file)})`,
  );
  return rows.map(({ source, line, byte, reasons, row }) => ({
    source,
    line: Number(line),
    byte: byte === null ? null : Number(byte),
    reasons: JSON.parse(reasons.slice(1)) as Reason[],
    row: row.slice(1),
  }));
}

/** Each rejected row as `line: code path, …`. */
export function summary(rejected: readonly RejectedRow[]): string[] {
  return rejected.map(
    ({ line, reasons }) => `${line}: ${reasons.map((reason) => `${reason.code} ${reason.path}`.trim()).join(', ')}`,
  );
}
