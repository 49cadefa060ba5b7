import type { EngineSession } from '../engine/session.js';
import type { Compiled } from './compile.js';
import { judgeCsv } from './judge-csv.js';
import { judgeParquet, rewriteParquet } from './judge-parquet.js';
import type { JudgeRequest } from './judge-request.js';
import { parquetSource } from './part-source.js';
import type { JudgedPart, Layout, PartTask } from './part-task.js';

/** New parts are written only where a value changes: text gets types, a default fills a gap, zod gives another value. */
export async function layoutOf(session: EngineSession, request: JudgeRequest, compiled: Compiled): Promise<Layout> {
  if (compiled.isText || compiled.changes || compiled.columns.some((column) => column.rewrites === 'always')) return 'rewritten';
  const filled = compiled.columns.filter((column) => column.rewrites === 'nulls');
  if (filled.length === 0) return 'in-place';
  for (const part of request.input.parts) {
    const source = parquetSource(compiled, { part, stagingRoot: request.stagingRoot, filter: request.input.filter });
    const gaps = filled.map((column) => `${column.names.raw} IS NULL`).join(' OR ');
    const [found] = await session.rows(`SELECT 1 FROM (${source}) WHERE ${gaps} LIMIT 1`);
    if (found) return 'rewritten';
  }
  return 'in-place';
}

/** Judges one part; leaves its rejected rows in the rejects table. */
export async function judgePart(session: EngineSession, task: PartTask): Promise<JudgedPart> {
  if (task.compiled.isText) return judgeCsv(session, task);
  return task.layout === 'in-place' ? judgeParquet(session, task) : rewriteParquet(session, task);
}
