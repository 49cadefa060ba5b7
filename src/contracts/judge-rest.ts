import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { EngineSession } from '../engine/session.js';
import { INTERNAL, STATUS } from './compile.js';
import type { PartCounts, PartTask } from './judge-part.js';
import { ROW, STATUS_COLUMN } from './part-source.js';
import { text } from './sql-text.js';
import { readRejectedLines, runZod, zodSelect } from './zod-pass.js';

/** The line (CSV) or row from 1 (Parquet) in the source, among the columns that accompany rows. */
export const LINE = `${INTERNAL}line`;

/** Columns that {@link judgeRest} wants to accompany the rows. */
export const CARRIED: readonly string[] = [ROW, STATUS_COLUMN, LINE];

export type StatusCounts = Readonly<Record<number, number>>;

/** Counts rows by their status. @param select gives the column `status` */
export async function countStatuses(session: EngineSession, select: string): Promise<StatusCounts> {
  const counted = await session.rows<{ status: number; rows: bigint }>(`SELECT status, count(*) AS rows FROM (${select}) GROUP BY status`);
  return Object.fromEntries(counted.map(({ status, rows }) => [Number(status), Number(rows)]));
}

export interface RestResult {
  readonly rejected: number;
  /** File of the values that zod changed, `{"r": row, "v": {column: text}}` a line; the caller removes it. */
  readonly changes: string | undefined;
}

/**
 * Sees to the rows that SQL did not accept: zod decides on those it left open and names every issue of the rejected ones,
 * which go into the rejects table.
 *
 * @param values rows of `valuesSelect` with the columns {@link CARRIED}
 */
export async function judgeRest(session: EngineSession, task: PartTask, values: string, rowsRead: number): Promise<RestResult> {
  const { request, compiled, index } = task;
  const files = { rejects: path.join(request.directory, `zod-rejects-${index}.ndjson`), changes: path.join(request.directory, `zod-changes-${index}.ndjson`) };
  let seen = 0;
  const { rejected, changed } = await runZod(session, compiled, zodSelect(compiled, values, ROW, LINE, STATUS_COLUMN), files, {
    contract: request.contractName,
    signal: request.signal,
    onRows: (rows) => request.progress(task.rowsBefore + Math.max(rowsRead, (seen += rows))),
  });
  if (rejected > 0) await insertRejected(session, task, files.rejects);
  await rm(files.rejects, { force: true });
  if (changed === 0) await rm(files.changes, { force: true });
  return { rejected, changes: changed > 0 ? files.changes : undefined };
}

async function insertRejected(session: EngineSession, task: PartTask, file: string): Promise<void> {
  if ((await stat(file)).size === 0) return;
  await session.run(
    `INSERT INTO ${task.rejects.table} SELECT ${task.index}, r, ${text(sourceName(task))}, l, NULL, reasons, content FROM ${readRejectedLines(file)}`,
  );
}

/** What a rejected row names as its source: the file, or the dataset for data that has none. */
export function sourceName({ part, request }: PartTask): string {
  return part.origin ?? request.input.name;
}

export function countsOf(rowsRead: number, statuses: StatusCounts, rejected: number): PartCounts {
  const undecided = statuses[STATUS.undecided] ?? 0;
  return { rowsRead, rejected, undecided, judgedByZod: undecided + (statuses[STATUS.forZod] ?? 0) };
}

/** Whether any row needs more than SQL's acceptance. */
export function hasRest(statuses: StatusCounts): boolean {
  return [STATUS.rejected, STATUS.undecided, STATUS.forZod].some((status) => (statuses[status] ?? 0) > 0);
}
