import { rm } from 'node:fs/promises';
import path from 'node:path';
import { quoteFile, quoteIdentifier, quoteLiteral } from '../core/filter.js';
import type { Part } from '../core/manifest.js';
import type { EngineSession } from '../engine/session.js';
import { rawName, type Compiled } from './compile.js';
import type { EarlyRows, JudgeRequest } from './judge-request.js';
import type { Rejects } from './rejects.js';
import type { ZodJudges } from './zod-judges.js';

export interface PartCounts {
  rowsRead: number;
  rejected: number;
  undecided: number;
  judgedByZod: number;
}

export interface PartTask {
  readonly request: JudgeRequest;
  readonly compiled: Compiled;
  readonly layout: Layout;
  readonly rejects: Rejects;
  readonly judges: ZodJudges;
  readonly part: Part;
  readonly index: number;
  /** Who takes accepted rows before all are judged. */
  readonly early: EarlyRows | undefined;
  /** Rows of the parts before. */
  readonly rowsBefore: number;
}

export interface JudgedPart {
  readonly parts: readonly Part[];
  readonly counts: PartCounts;
}

/** How the result is kept: the parts as they are, beside numbers of rejected rows, or new parts. */
export type Layout = 'in-place' | 'rewritten';

/** Runs a long statement and tells of its rows meanwhile. */
export async function watched<T>(session: EngineSession, { request, rowsBefore }: PartTask, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => request.progress(rowsBefore + session.rowsProcessed()), 500);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/**
 * Writes the numbers of a part's rows to leave out, from SELECTs that give them as `row`; gives the file's name, if there
 * are any. `suffix` tells apart the files that one part became.
 */
export async function writeDeletes(
  session: EngineSession,
  { request, index }: PartTask,
  selects: readonly string[],
  suffix = '',
): Promise<string | undefined> {
  const name = `./deletes-${index}${suffix}.parquet`;
  const file = path.join(request.directory, name);
  await session.run(
    `COPY (SELECT DISTINCT row FROM (${selects.join(' UNION ALL ')}) ORDER BY row) TO ${quoteLiteral(file)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM read_parquet(${quoteFile(file)})`);
  if (counted && counted.rows > 0n) return name;
  await rm(file);
  return undefined;
}

/** SQL of the numbers of a part's rejected rows. */
export function rejectedRows({ rejects, index }: PartTask): string {
  return `SELECT row FROM ${rejects.table} WHERE part = ${index} AND row IS NOT NULL`;
}

export function resultColumns(compiled: Compiled): string {
  return compiled.columns.map((column) => quoteIdentifier(column.output.name)).join(', ');
}

export function rawColumns(compiled: Compiled): string[] {
  return compiled.inputs.map((_, index) => rawName(index));
}

/** What a rejected row names as its source: the file, or the dataset for data that has none. */
export function sourceName({ part, request }: PartTask): string {
  return part.origin ?? request.input.name;
}
