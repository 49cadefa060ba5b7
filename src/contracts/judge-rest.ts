import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { EngineSession } from '../engine/session.js';
import { STATUS } from './compile.js';
import { sourceName, type PartCounts, type PartTask } from './part-task.js';
import { classify } from './reason-kinds.js';
import { text } from './sql-text.js';
import { readRejectedLines, runZod, zodSelect } from './zod-pass.js';

export type StatusCounts = Readonly<Record<number, number>>;

/** Counts rows by their status. @param select gives the column `status` */
export async function countStatuses(session: EngineSession, select: string): Promise<StatusCounts> {
  const counted = await session.rows<{ status: number; rows: bigint }>(
    `SELECT status, count(*) AS rows FROM (${select}) GROUP BY status`,
  );
  return Object.fromEntries(counted.map(({ status, rows }) => [status, Number(rows)]));
}

export interface RestResult {
  readonly rejected: number;
  /** File of the values that zod changed, `{"r": row, "v": {column: text}}` a line; the caller removes it. */
  readonly changes: string | undefined;
}

/** Rows that SQL did not accept. */
export interface OpenRows {
  /** Rows of `valuesSelect` with the columns {@link CARRIED}. */
  readonly values: string;
  readonly statuses: StatusCounts;
  readonly rowsRead: number;
}

/** From so many rejected rows of a part on, zod is asked about one of each kind only: it takes some 20 µs a row. */
const REASONS_BY_ZOD = 20_000;

/**
 * Sees to the rows that SQL did not accept: zod decides on those it left open and names every issue of the rejected ones,
 * which go into the rejects table. Where very many are rejected, zod names the issues of one row of each kind.
 */
export async function judgeRest(session: EngineSession, task: PartTask, open: OpenRows): Promise<RestResult> {
  const { compiled } = task;
  const isMany = compiled.uncompiled.length === 0 && (open.statuses[STATUS.rejected] ?? 0) > REASONS_BY_ZOD;
  if (!isMany) return askZod(session, task, open, open.values);
  const kinds = await classify(session, task, open.values);
  try {
    const rest = await askZod(session, task, open, kinds.others);
    return { ...rest, rejected: rest.rejected + (await kinds.insert()) };
  } finally {
    await kinds.close();
  }
}

async function askZod(session: EngineSession, task: PartTask, { rowsRead }: OpenRows, values: string): Promise<RestResult> {
  const { request, compiled, index } = task;
  const files = {
    rejects: path.join(request.directory, `zod-rejects-${index}.ndjson`),
    changes: path.join(request.directory, `zod-changes-${index}.ndjson`),
  };
  let seen = 0;
  const { rejected, changed } = await runZod(session, compiled, zodSelect(compiled, values), files, {
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
  await session.run(
    `INSERT INTO ${task.rejects.table} SELECT ${task.index}, r, ${text(sourceName(task))}, l, NULL, reasons, content FROM ${readRejectedLines(file)}`,
  );
}

export function countsOf(rowsRead: number, statuses: StatusCounts, rejected: number): PartCounts {
  const undecided = statuses[STATUS.undecided] ?? 0;
  return { rowsRead, rejected, undecided, judgedByZod: undecided + (statuses[STATUS.forZod] ?? 0) };
}

/** Whether any row needs more than SQL's acceptance. */
export function hasRest(statuses: StatusCounts): boolean {
  return [STATUS.rejected, STATUS.undecided, STATUS.forZod].some((status) => (statuses[status] ?? 0) > 0);
}
