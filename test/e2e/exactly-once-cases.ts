import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { LoadMode } from '../../src/core/load.js';
import type { StepKind } from '../../src/core/steps.js';
import type { Depot } from './exactly-once-depot.js';
import { goodRows, sourceQuery, writeSource } from './exactly-once-rows.js';

/** One way of loading one kind of file, into a table of its own. */
export interface Case {
  /** Names the source, the target and the file. */
  readonly name: string;
  readonly mode: LoadMode;
  readonly format: 'csv' | 'parquet';
  /** Set where the run has a partition: the one month it loads. */
  readonly month?: string;
  /** Whether a transform doubles the amounts on the way. */
  readonly doubled?: boolean;
  /** Whether every fifth row stands for a deletion. */
  readonly deletes?: boolean;
  /** Whether the target has rows before the run; otherwise the load makes it. */
  readonly hasRows: boolean;
  /** A query for what the target must hold in the end, from a file whose amounts were shifted. */
  readonly expected: (shift?: number) => string;
}

/** A run of a case. */
export interface CaseRun {
  readonly case: Case;
  readonly handle: WorkflowHandleWithFirstExecutionRunId;
}

/** Rows in each source file. */
export const ROWS = 20_000;

const MONTH = '2024-02';

/** Rows that were in a target before: the first share their ids with rows that come, the others do not. */
const BEFORE = `SELECT * FROM (${sourceQuery({ source: 'before', from: 1, to: 60 })}) AS a
  UNION ALL SELECT * FROM (${sourceQuery({ source: 'before', from: 900_000, to: 900_060 })}) AS b`;

type Shape = Omit<Case, 'name' | 'expected'>;

/** Every mode from both kinds of files, with and without a transform, into tables that are there and tables that are not. */
const SHAPES = {
  append_csv: { mode: 'append', format: 'csv', hasRows: true },
  append_parquet: { mode: 'append', format: 'parquet', hasRows: false },
  append_month_csv: { mode: 'append', format: 'csv', month: MONTH, hasRows: false },
  merge_csv: { mode: 'merge', format: 'csv', hasRows: true },
  merge_parquet: { mode: 'merge', format: 'parquet', doubled: true, hasRows: false },
  merge_deletes_csv: { mode: 'merge', format: 'csv', deletes: true, hasRows: true },
  scd2_csv: { mode: 'scd2', format: 'csv', hasRows: true },
  scd2_deletes_parquet: { mode: 'scd2', format: 'parquet', deletes: true, hasRows: false },
  replace_csv: { mode: 'replace', format: 'csv', doubled: true, hasRows: true },
  replace_parquet: { mode: 'replace', format: 'parquet', hasRows: true },
  replace_month_csv: { mode: 'replace', format: 'csv', month: MONTH, hasRows: true },
  replace_month_parquet: { mode: 'replace', format: 'parquet', month: MONTH, hasRows: true },
} as const satisfies Readonly<Record<string, Shape>>;

type ShapeName = keyof typeof SHAPES;

/** Cases of these shapes, each with a table of its own: the shape's name, behind `prefix`. */
export function makeCases(shapes: readonly ShapeName[] = Object.keys(SHAPES) as ShapeName[], prefix = ''): Case[] {
  return shapes.map((shape) => {
    const definition: Shape = SHAPES[shape];
    const name = `${prefix}${shape}`;
    return { name, ...definition, expected: (shift = 0) => expectedRows(name, definition, shift) };
  });
}

function expectedRows(name: string, { mode, month, doubled, deletes, hasRows }: Shape, shift: number): string {
  const all = goodRows({ source: name, to: ROWS, shift }, doubled === true ? 'amount * 2' : 'amount');
  const told = month === undefined ? all : `SELECT * FROM (${all}) AS good WHERE month = '${month}'`;
  const come = deletes === true ? `SELECT * FROM (${told}) AS told WHERE id % 5 <> 0` : told;
  if (!hasRows || (mode === 'replace' && month === undefined)) return come;
  const stays = {
    append: 'TRUE',
    scd2: 'TRUE',
    merge: `id NOT IN (SELECT id FROM (${told}) AS told)`,
    replace: `month <> '${month}'`,
  }[mode];
  return `${come} UNION ALL SELECT * FROM (${BEFORE}) AS old WHERE ${stays}`;
}

/** The steps of a case's run, in order. */
export function stepsOf({ doubled, deletes }: Case): StepKind[] {
  return doubled === true || deletes === true ? ['extract', 'validate', 'transform', 'load'] : ['extract', 'validate', 'load'];
}

/** The rows before are versions that began in the past. */
const VERSIONS = `, valid_from timestamptz NOT NULL DEFAULT '2001-01-01', valid_to timestamptz,
  is_current boolean NOT NULL DEFAULT TRUE, UNIQUE (id, valid_from)`;

/** Makes a case's table where it is to have rows, and writes its file. */
export async function prepareCase(depot: Depot, one: Case): Promise<void> {
  await writeSource(depot, { source: one.name, to: ROWS }, one.format);
  if (!one.hasRows) return;
  // Merge needs the key; without one, doubled rows are seen as rows and not as an error.
  const key = one.mode === 'merge' ? ' PRIMARY KEY' : '';
  const versions = one.mode === 'scd2' ? VERSIONS : '';
  await depot.db.query(
    `CREATE TABLE public.${one.name} (id bigint${key}, customer text, amount float8, month text, source text${versions})`,
  );
  await depot.db.query(`INSERT INTO public.${one.name} (id, customer, amount, month, source) ${BEFORE}`);
}

/** Starts a run that loads the file of that source into the case's table. */
export async function startCase(depot: Depot, one: Case, source = one.name): Promise<CaseRun> {
  const params = { path: `${source}.${one.format}`, table: one.name, mode: one.mode };
  if (one.deletes === true) return { case: one, handle: await depot.start('loadFlagged', params) };
  const handle =
    one.month === undefined
      ? await depot.start('loadOrders', { ...params, doubled: one.doubled === true })
      : await depot.start('loadMonth', { ...params, month: one.month });
  return { case: one, handle };
}
