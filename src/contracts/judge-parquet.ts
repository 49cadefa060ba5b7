import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { stat } from 'node:fs/promises';
import { quoteFile, quoteLiteral } from '../core/filter.js';
import type { EngineSession } from '../engine/session.js';
import { resolvePath } from '../engine/dataset-sql.js';
import { applyChanges } from './changes.js';
import { rawName, statusOf, valuesSelect, type Compiled } from './compile.js';
import { contentOf } from './zod-pass.js';
import { rawColumns, rejectedRows, resultColumns, watched, writeDeletes, type JudgedPart, type PartTask } from './part-task.js';
import { countsOf, countStatuses, hasRest, judgeRest } from './judge-rest.js';
import { CARRIED, LINE, parquetSource, ROW, SOURCE_ROW, STATUS_COLUMN } from './part-source.js';

/**
 * Judges a Parquet part that stays as it is: one pass finds the rejected rows' numbers, and keeps these rows where it looks at
 * most columns anyway; otherwise only these are read again, in full. What they leave behind is a file of deleted row numbers.
 */
export async function judgeParquet(session: EngineSession, task: PartTask): Promise<JudgedPart> {
  const { compiled, part, request } = task;
  const source = sourceOf(task);
  const judged = `millrace_judged_${randomBytes(6).toString('hex')}`;
  const kept = keepsRows(compiled) ? rawColumns(compiled) : [];
  const statuses = `SELECT ${[`${ROW} AS row`, `${statusOf(compiled)} AS status`, ...kept].join(', ')} FROM (${valuesSelect(compiled, source, [ROW])})`;
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM (${source})`);
  const rowsRead = Number(counted?.rows ?? 0);
  await watched(session, task, () => session.run(`CREATE TEMP TABLE ${judged} AS FROM (${statuses}) WHERE status <> 0`));
  try {
    const found = await countStatuses(session, `SELECT status FROM ${judged}`);
    if (!hasRest(found)) return { parts: [part], counts: countsOf(rowsRead, found, 0) };
    const place = [`judged.status AS ${STATUS_COLUMN}`, `judged.row + 1 AS ${LINE}`];
    const open =
      kept.length > 0
        ? `SELECT ${[`judged.row AS ${ROW}`, ...kept, ...place].join(', ')} FROM ${judged} AS judged`
        : `SELECT source.*, ${place.join(', ')} FROM (${source}) AS source JOIN ${judged} AS judged ON source.${ROW} = judged.row`;
    const { rejected } = await judgeRest(session, task, {
      values: valuesSelect(compiled, open, CARRIED),
      statuses: found,
      rowsRead,
    });
    const counts = countsOf(rowsRead, found, rejected);
    if (rejected === 0) return { parts: [part], counts };
    const earlier =
      part.deletes === undefined
        ? []
        : [`SELECT row FROM read_parquet(${quoteFile(resolvePath(request.stagingRoot, part.deletes))})`];
    const deletes = await writeDeletes(session, task, [rejectedRows(task), ...earlier]);
    return { parts: [{ ...part, ...(deletes !== undefined && { deletes }) }], counts };
  } finally {
    await session.run(`DROP TABLE IF EXISTS ${judged}`);
  }
}

/** Whether the one pass keeps the rows that are not accepted: where few are expected, and most columns are read for their rules. */
function keepsRows({ columns, inputs, uncompiled }: Compiled): boolean {
  const looked = columns.filter(({ predicates }) => predicates.length > 0).length;
  return uncompiled.length === 0 && looked > 0 && inputs.length <= 2 * looked;
}

/** Judges a Parquet part whose values change, and writes the rows that the dataset holds into a new part. */
export async function rewriteParquet(session: EngineSession, task: PartTask): Promise<JudgedPart> {
  const { compiled, request, index, part } = task;
  const name = `./part-${index}.parquet`;
  const file = path.join(request.directory, name);
  const values = valuesSelect(compiled, sourceOf(task), [ROW]);
  const results = resultColumns(compiled);
  // Rules that are asked after zod may reject any row, so that each needs its place in the source.
  const placed = compiled.changes ? ROW : `CASE WHEN ${STATUS_COLUMN} <> 0 THEN ${ROW} END`;
  await watched(session, task, () =>
    session.run(
      `COPY (SELECT ${results}, ${STATUS_COLUMN}, ${placed} AS ${SOURCE_ROW}
       FROM (SELECT ${ROW}, ${results}, ${statusOf(compiled)} AS ${STATUS_COLUMN} FROM (${values}))) TO ${quoteLiteral(file)} (FORMAT parquet, COMPRESSION lz4)`,
    ),
  );
  const statuses = await countStatuses(session, `SELECT ${STATUS_COLUMN} AS status FROM read_parquet(${quoteFile(file)})`);
  const rowsRead = Object.values(statuses).reduce((sum, rows) => sum + rows, 0);
  let rejected = 0;
  let changes: string | undefined;
  if (hasRest(statuses)) {
    const raws = rawColumns(compiled).map((raw) => `source.${raw}`);
    const open = `SELECT ${[`made.file_row_number AS ${ROW}`, `made.${STATUS_COLUMN}`, `made.${SOURCE_ROW} + 1 AS ${LINE}`, ...raws].join(', ')}
      FROM (SELECT * FROM read_parquet(${quoteFile(file)}, file_row_number = true) WHERE ${STATUS_COLUMN} <> 0) AS made JOIN (${sourceOf(task)}) AS source ON made.${SOURCE_ROW} = source.${ROW}`;
    const rest = await judgeRest(session, task, { values: valuesSelect(compiled, open, CARRIED), statuses, rowsRead });
    changes = rest.changes;
    rejected = rest.rejected;
  }
  const lines = `SELECT made.file_row_number AS row, made.${SOURCE_ROW} + 1 AS line, source.*
    FROM (SELECT ${SOURCE_ROW}, file_row_number FROM read_parquet(${quoteFile(file)}, file_row_number = true)) AS made JOIN (${sourceOf(task)}) AS source ON made.${SOURCE_ROW} = source.${ROW}`;
  const content = contentOf(compiled, (at) => `lines.${rawName(at)}`);
  rejected += await applyChanges(session, task, { file, extra: [STATUS_COLUMN, SOURCE_ROW], lines, content }, changes);
  const deletes = rejected > 0 ? await writeDeletes(session, task, [rejectedRows(task)]) : undefined;
  const bytes = (await stat(file)).size;
  const made = {
    path: name,
    format: 'parquet' as const,
    rows: rowsRead,
    bytes,
    fingerprint: '',
    ...(deletes !== undefined && { deletes }),
    ...(part.origin !== undefined && { origin: part.origin }),
    ...(part.places !== undefined && { places: part.places }),
  };
  return { parts: [made], counts: countsOf(rowsRead, statuses, rejected) };
}

function sourceOf({ compiled, part, request }: PartTask): string {
  return parquetSource(compiled, { part, stagingRoot: request.stagingRoot, filter: request.input.filter });
}
