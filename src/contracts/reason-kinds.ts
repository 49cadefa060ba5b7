import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { EngineSession } from '../engine/session.js';
import { STATUS, type Compiled } from './compile.js';
import { sourceName, type PartTask } from './part-task.js';
import { LINE, ROW, STATUS_COLUMN } from './part-source.js';
import { text } from './sql-text.js';
import { contentOf, readHeads, reasonsOf, runZod } from './zod-pass.js';

/** Conditions in one mask: a BIGINT's bits, without its sign and one to spare. */
const BITS = 62;

/** Rejected rows by kind: rows of one kind break the same rules in the same way, so that zod's words about one hold for all. */
export interface ReasonKinds {
  /** The rows that do not belong to a kind, since SQL left something open: zod sees each. */
  readonly others: string;
  /** Puts the rows into the rejects table, each with its kind's issues and its own values; gives their number. */
  insert(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Sorts rejected rows into kinds by a mask of what they break, and asks zod about one row of each kind.
 *
 * @param values rows of `valuesSelect` with the columns `CARRIED`
 */
export async function classify(session: EngineSession, task: PartTask, values: string): Promise<ReasonKinds> {
  const { compiled, request, index } = task;
  const table = `millrace_kinds_${randomBytes(6).toString('hex')}`;
  const masks = masksOf(conditionsOf(compiled));
  const names = masks.map((_, at) => `m${at}`);
  const open = anyOpen(compiled);
  const settled = `${STATUS_COLUMN} = ${STATUS.rejected}${open === '' ? '' : ` AND NOT (${open})`}`;
  const rowsSelect = (more: string): string =>
    `SELECT ${ROW} AS row, ${LINE} AS line, ${masks.map((mask, at) => `${mask} AS m${at}`).join(', ')}, ${more} FROM (${values}) WHERE ${settled}`;
  await session.run(
    `CREATE TEMP TABLE ${table} AS SELECT ${names.join(', ')}, min(row) AS row FROM (${rowsSelect('1')}) GROUP BY ${names.join(', ')}`,
  );
  const files = {
    rejects: path.join(request.directory, `kinds-${index}.ndjson`),
    changes: path.join(request.directory, `kinds-changes-${index}.ndjson`),
  };
  const examples = `SELECT * FROM (${values}) WHERE ${ROW} IN (SELECT row FROM ${table})`;
  const [found] = await session.rows<{ kinds: bigint }>(`SELECT count(*) AS kinds FROM ${table}`);
  const rows = Number(found?.kinds ?? 0);
  await runZod(session, task, { scope: 'row', values: examples, rows, files, onRows: () => undefined });
  const heads = await readHeads(session, compiled, files.rejects, `${table}_heads`);
  await session.run(
    `CREATE TEMP TABLE ${table}_told AS SELECT ${names.map((name) => `kinds.${name}`).join(', ')}, heads, columns
     FROM ${table} AS kinds JOIN ${table}_heads AS told ON told.r = kinds.row`,
  );
  return {
    others: `SELECT * FROM (${values}) WHERE NOT (${settled})`,
    async insert() {
      const same = names.map((name) => `rows.${name} = told.${name}`).join(' AND ');
      await session.run(
        `INSERT INTO ${task.rejects.table}
         SELECT ${index}, rows.row, ${text(sourceName(task))}, rows.line, NULL, ${reasonsOf(compiled, heads)}, ${contentOf(compiled)}
         FROM (${rowsSelect('*')}) AS rows JOIN ${table}_told AS told ON ${same}`,
      );
      const [counted] = await session.rows<{ rows: bigint }>(
        `SELECT count(*) AS rows FROM (SELECT 1 FROM (${values}) WHERE ${settled})`,
      );
      return Number(counted?.rows ?? 0);
    },
    async close() {
      for (const each of [table, `${table}_heads`, `${table}_told`]) await session.run(`DROP TABLE IF EXISTS ${each}`);
      await Promise.all([rm(files.rejects, { force: true }), rm(files.changes, { force: true })]);
    },
  };
}

/** Everything about a row that decides which issues zod reports. */
function conditionsOf(compiled: Compiled): string[] {
  const ofColumns = compiled.columns.flatMap((column) => {
    const missing = `${column.names.raw} IS NULL`;
    const broken = column.predicates.map(({ pass }) =>
      column.spec.empty.kind !== 'reject'
        ? `NOT (${missing}) AND coalesce(NOT (${pass}), TRUE)`
        : `coalesce(NOT (${pass}), TRUE)`,
    );
    return column.predicates.length === 0
      ? []
      : [missing, ...broken, ...column.classes.map((each) => `coalesce(${each}, FALSE)`)];
  });
  return [...ofColumns, ...compiled.rules.map(({ sql }) => `coalesce(NOT (${sql}), TRUE)`)];
}

function masksOf(conditions: readonly string[]): string[] {
  const masks: string[] = [];
  for (let from = 0; from < conditions.length || masks.length === 0; from += BITS) {
    const bits = conditions
      .slice(from, from + BITS)
      .map((condition, bit) => `CASE WHEN ${condition} THEN ${2n ** BigInt(bit)} ELSE 0 END::BIGINT`);
    masks.push(bits.length === 0 ? '0' : `(${bits.join(' + ')})`);
  }
  return masks;
}

// What SQL cannot tell, and what zod has different words for in every row, zod is asked about row by row.
function anyOpen(compiled: Compiled): string {
  const open = compiled.columns.flatMap((column) =>
    column.predicates.flatMap(({ pass, undecided, varied }) => {
      if (undecided === undefined && !varied) return [];
      const failed = `coalesce(NOT (${pass}), TRUE)`;
      const isEmpty = column.spec.empty.kind === 'reject' ? 'FALSE' : `${column.names.raw} IS NULL`;
      return [varied ? `(NOT ${isEmpty} AND ${failed})` : `(${failed} AND coalesce(${undecided}, FALSE))`];
    }),
  );
  return open.join(' OR ');
}
