import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { LoadMode } from '../../src/core/load.js';
import type { Depot } from './exactly-once-depot.js';
import { goodRows, sourceQuery, writeSource } from './exactly-once-rows.js';

/** One way of loading one kind of file, into a table of its own. */
export interface Case {
  /** Names the source, the target and the file. */
  readonly name: string;
  readonly mode: LoadMode;
  readonly format: 'csv' | 'parquet';
  readonly steps: readonly ('extract' | 'validate' | 'transform' | 'load')[];
  /** Set where the run has a partition: the one month it loads. */
  readonly month?: string;
  /** Whether the target has rows before the run; otherwise the load makes it. */
  readonly hasRows: boolean;
  /** What the target must hold in the end. */
  readonly expected: string;
}

/** A run of a case. */
export interface CaseRun {
  readonly case: Case;
  readonly handle: WorkflowHandleWithFirstExecutionRunId;
}

/** Rows in each source file. */
export const ROWS = 20_000;

const PLAIN = ['extract', 'validate', 'load'] as const;
const TRANSFORMED = ['extract', 'validate', 'transform', 'load'] as const;
const MONTH = '2024-02';

/** Rows that were in a target before: the first share their ids with rows that come, the others do not. */
const BEFORE = `SELECT * FROM (${sourceQuery({ source: 'before', from: 1, to: 60 })}) AS a
  UNION ALL SELECT * FROM (${sourceQuery({ source: 'before', from: 900_000, to: 900_060 })}) AS b`;

const good = (name: string, amount?: string): string => goodRows({ source: name, to: ROWS }, amount);
const ofMonth = (name: string): string => `SELECT * FROM (${good(name)}) AS good WHERE month = '${MONTH}'`;
const merged = (name: string): string =>
  `${good(name)} UNION ALL SELECT * FROM (${BEFORE}) AS old WHERE id NOT IN (SELECT id FROM (${good(name)}) AS good)`;
const monthReplaced = (name: string): string =>
  `${ofMonth(name)} UNION ALL SELECT * FROM (${BEFORE}) AS old WHERE month <> '${MONTH}'`;

/** Every mode from both kinds of files, with and without a transform, into tables that are there and tables that are not. */
export const CASES: readonly Case[] = [
  {
    name: 'append_csv',
    mode: 'append',
    format: 'csv',
    steps: PLAIN,
    hasRows: true,
    expected: `${BEFORE} UNION ALL ${good('append_csv')}`,
  },
  { name: 'append_parquet', mode: 'append', format: 'parquet', steps: PLAIN, hasRows: false, expected: good('append_parquet') },
  {
    name: 'append_month_csv',
    mode: 'append',
    format: 'csv',
    steps: PLAIN,
    month: MONTH,
    hasRows: false,
    expected: ofMonth('append_month_csv'),
  },
  { name: 'merge_csv', mode: 'merge', format: 'csv', steps: PLAIN, hasRows: true, expected: merged('merge_csv') },
  {
    name: 'merge_parquet',
    mode: 'merge',
    format: 'parquet',
    steps: TRANSFORMED,
    hasRows: false,
    expected: good('merge_parquet', 'amount * 2'),
  },
  {
    name: 'replace_csv',
    mode: 'replace',
    format: 'csv',
    steps: TRANSFORMED,
    hasRows: true,
    expected: good('replace_csv', 'amount * 2'),
  },
  { name: 'replace_parquet', mode: 'replace', format: 'parquet', steps: PLAIN, hasRows: true, expected: good('replace_parquet') },
  {
    name: 'replace_month_csv',
    mode: 'replace',
    format: 'csv',
    steps: PLAIN,
    month: MONTH,
    hasRows: true,
    expected: monthReplaced('replace_month_csv'),
  },
  {
    name: 'replace_month_parquet',
    mode: 'replace',
    format: 'parquet',
    steps: PLAIN,
    month: MONTH,
    hasRows: true,
    expected: monthReplaced('replace_month_parquet'),
  },
];

/** The cases of these names. */
export function casesNamed(...names: readonly string[]): readonly Case[] {
  return names.map((name) => {
    const found = CASES.find((candidate) => candidate.name === name);
    if (!found) throw new Error(`There is no case ${name}`);
    return found;
  });
}

/** Makes a case's table where it is to have rows, and writes its file. */
export async function prepareCase(depot: Depot, one: Case): Promise<void> {
  await writeSource(depot, { source: one.name, to: ROWS }, one.format);
  if (!one.hasRows) return;
  // Merge needs the key; without one, doubled rows are seen as rows and not as an error.
  const key = one.mode === 'merge' ? ' PRIMARY KEY' : '';
  await depot.db.query(`CREATE TABLE ${one.name} (id bigint${key}, customer text, amount float8, month text, source text)`);
  await depot.db.query(`INSERT INTO ${one.name} ${BEFORE}`);
}

/** Starts a run that loads the file of that source into the case's table. */
export async function startCase(depot: Depot, one: Case, source = one.name): Promise<CaseRun> {
  const params = { path: `${source}.${one.format}`, table: one.name, mode: one.mode };
  const handle =
    one.month === undefined
      ? await depot.start('loadOrders', { ...params, doubled: one.steps === TRANSFORMED })
      : await depot.start('loadMonth', { ...params, month: one.month });
  return { case: one, handle };
}
