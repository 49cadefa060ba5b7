import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { EngineSession } from '../engine/session.js';
import { STATUS } from './compile.js';
import { LINE, ROW, STATUS_COLUMN } from './part-source.js';
import { sourceName, type PartCounts, type PartTask } from './part-task.js';
import { classify } from './reason-kinds.js';
import { text } from './sql-text.js';
import { contentOf, readHeads, reasonsOf, runZod, type ZodFiles, type ZodPassCounts } from './zod-pass.js';
import { canNarrow, type ZodScope } from './zod-rows.js';

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
const REASONS_BY_ZOD = 2000;

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

interface Ask {
  readonly scope: ZodScope;
  readonly values: string;
  readonly rows: number;
}

async function askZod(session: EngineSession, task: PartTask, open: OpenRows, values: string): Promise<RestResult> {
  const { request, index } = task;
  const files = {
    rejects: path.join(request.directory, `zod-rejects-${index}.ndjson`),
    changes: path.join(request.directory, `zod-changes-${index}.ndjson`),
  };
  let seen = 0;
  const onRows = (rows: number): void => request.progress(task.rowsBefore + Math.max(open.rowsRead, (seen += rows)));
  const total = { rejected: 0, changed: 0 };
  for (const ask of asksOf(task, open, values)) {
    const { rejected, changed }: ZodPassCounts = await runZod(session, task, { ...ask, files, onRows });
    total.rejected += rejected;
    total.changed += changed;
  }
  if (total.rejected > 0) await insertRejected(session, task, values, files);
  await rm(files.rejects, { force: true });
  if (total.changed === 0) await rm(files.changes, { force: true });
  return { rejected: total.rejected, changes: total.changed > 0 ? files.changes : undefined };
}

/** Rows that SQL has let through are shown with the columns that it cannot judge, all others whole. */
function asksOf({ compiled }: PartTask, { statuses }: OpenRows, values: string): Ask[] {
  const forZod = statuses[STATUS.forZod] ?? 0;
  const others = (statuses[STATUS.rejected] ?? 0) + (statuses[STATUS.undecided] ?? 0);
  if (forZod === 0 || !canNarrow(compiled)) return [{ scope: 'row', values, rows: forZod + others }];
  const where = (condition: string): string => `SELECT * FROM (${values}) WHERE ${STATUS_COLUMN} ${condition} ${STATUS.forZod}`;
  const narrow: Ask = { scope: 'open', values: where('='), rows: forZod };
  return others === 0 ? [narrow] : [narrow, { scope: 'row', values: where('<>'), rows: others }];
}

async function insertRejected(session: EngineSession, task: PartTask, values: string, files: ZodFiles): Promise<void> {
  const told = `millrace_told_${randomBytes(6).toString('hex')}`;
  try {
    const heads = await readHeads(session, task.compiled, files.rejects, told);
    await session.run(
      `INSERT INTO ${task.rejects.table}
       SELECT ${task.index}, rows.${ROW}, ${text(sourceName(task))}, rows.${LINE}, NULL, ${reasonsOf(task.compiled, heads)}, ${contentOf(task.compiled)}
       FROM (SELECT * FROM (${values}) WHERE ${ROW} IN (SELECT r FROM ${told})) AS rows JOIN ${told} AS told ON rows.${ROW} = told.r`,
    );
  } finally {
    await session.run(`DROP TABLE IF EXISTS ${told}`);
  }
}

export function countsOf(rowsRead: number, statuses: StatusCounts, rejected: number): PartCounts {
  const undecided = statuses[STATUS.undecided] ?? 0;
  return { rowsRead, rejected, undecided, judgedByZod: undecided + (statuses[STATUS.forZod] ?? 0) };
}

/** Whether any row needs more than SQL's acceptance. */
export function hasRest(statuses: StatusCounts): boolean {
  return [STATUS.rejected, STATUS.undecided, STATUS.forZod].some((status) => (statuses[status] ?? 0) > 0);
}
