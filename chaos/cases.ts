import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exportedRows } from './checks/exported-rows.js';
import type { Database } from './database.js';
import type { Random } from './random.js';
import { amountOf, NAMES, REGIONS, truth, type Sources } from './sources.js';
import type { Writer } from './writer.js';

/** A run to be made. */
export interface Job {
  readonly pipeline: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** How rows meet the target, for what is expected of the ledger. */
export type Manner = 'append' | 'merge' | 'replace' | 'replace partition';

/** One pipeline with its source and a target of its own, in one trial. */
export interface Case {
  readonly name: string;
  readonly manner: Manner;
  /** The table in the schema `warehouse`; absent for files. */
  readonly table?: string;
  /** The source's column by which only what is new is read, and the source. */
  readonly cursor?: { readonly column: 'id' | 'changed_at'; readonly source: string };
  /** The next runs; they are started together. */
  next(): Promise<readonly Job[]>;
  /** The runs that bring the target up to date once nothing changes any more. */
  last(): Promise<readonly Job[]>;
  /** A query for the rows that the target must hold then. */
  expected(): string;
  /** A query for the rows that it holds. */
  actual(): Promise<string>;
}

/** What the cases of one trial share. */
export interface Scene {
  readonly trial: number;
  readonly sources: Sources;
  readonly database: Database;
  readonly writer: Writer;
  readonly random: Random;
  /** The folder of the connection `lake`. */
  readonly lake: string;
}

type MakeCase = (scene: Scene, name: string) => Case;

/** Every case there is, by name. */
export const CASES: Readonly<Record<string, MakeCase>> = {
  append_day: appendDay,
  append_file: appendFile,
  append_new: appendNew,
  merge_new: mergeNew,
  merge_all: mergeAll,
  replace_all: replaceAll,
  replace_region: replaceRegion,
  export_day: exportDay,
  export_all: exportAll,
  export_new: exportNew,
};

function inTable(scene: Scene, name: string) {
  const table = `${name}_${scene.trial}`;
  const exists = async (): Promise<boolean> => {
    const [row] = await scene.database.read<{ exists: boolean }>('SELECT to_regclass($1) IS NOT NULL AS exists', [
      `warehouse.${table}`,
    ]);
    return row?.exists === true;
  };
  const nothing = `SELECT ${NAMES} FROM shop.${scene.sources.orders} WHERE false`;
  return { name, table, actual: async () => ((await exists()) ? `SELECT ${NAMES} FROM warehouse.${table}` : nothing) };
}

/** Each day of the table that grows, once it is over; now and then twice, the second run in the place of the first. */
function appendDay(scene: Scene, name: string): Case {
  const { sources, writer, random } = scene;
  const target = inTable(scene, name);
  const days: string[] = [];
  const job = (day: string): Job => ({ pipeline: 'appendDay', params: { source: sources.grown, target: target.table, day } });
  return {
    ...target,
    manner: 'append',
    async next() {
      const day = await writer.closeDay();
      days.push(day);
      return random.chance(0.3) ? [job(day), job(random.pick(days))] : [job(day)];
    },
    last: async () => [job(days[days.length - 1] ?? (await firstDay(writer, days)))],
    expected: () => truth(sources.journal, sources.grown, within(days)),
  };
}

/** Files with rows and refused rows, judged while they are loaded. */
function appendFile(scene: Scene, name: string): Case {
  const { database, trial, lake, random } = scene;
  const target = inTable(scene, name);
  const files: string[] = [];
  const next = async (): Promise<Job[]> => {
    const number = files.length + 1;
    const rows = fileRows(number, random.between(500, 4_000));
    files.push(rows);
    const source = `in/${trial}/${number}.csv`;
    mkdirSync(path.join(lake, path.dirname(source)), { recursive: true });
    writeFileSync(path.join(lake, source), await asCsv(database, rows));
    return [{ pipeline: 'appendFile', params: { source, target: target.table } }];
  };
  return {
    ...target,
    manner: 'append',
    next,
    last: next,
    expected: () => files.map((rows) => `SELECT ${NAMES} FROM (${rows}) AS file WHERE amount >= 0`).join(' UNION ALL '),
  };
}

/** What is new; now and then two runs at once, of which one finds the watermark moved. */
function appendNew(scene: Scene, name: string): Case {
  return incremental(scene, { name, pipeline: 'appendNew', manner: 'append', source: scene.sources.grown, column: 'id' });
}

/** What has changed; now and then two runs at once, of which one finds the watermark moved. */
function mergeNew(scene: Scene, name: string): Case {
  return incremental(scene, { name, pipeline: 'mergeNew', manner: 'merge', source: scene.sources.stock, column: 'changed_at' });
}

interface Incremental {
  readonly name: string;
  readonly pipeline: string;
  readonly manner: Manner;
  readonly source: string;
  readonly column: 'id' | 'changed_at';
}

function incremental(scene: Scene, { name, pipeline, manner, source, column }: Incremental): Case {
  const target = inTable(scene, name);
  const job: Job = { pipeline, params: { source, target: target.table } };
  return {
    ...target,
    manner,
    cursor: { column, source },
    next: async () => (scene.random.chance(0.3) ? [job, job] : [job]),
    last: async () => [job],
    expected: () => truth(scene.sources.journal, source),
  };
}

function mergeAll(scene: Scene, name: string): Case {
  const { sources } = scene;
  const target = inTable(scene, name);
  const jobs = async (): Promise<Job[]> => [{ pipeline: 'mergeAll', params: { source: sources.stock, target: target.table } }];
  return { ...target, manner: 'merge', next: jobs, last: jobs, expected: () => truth(sources.journal, sources.stock) };
}

/** The whole table; now and then two runs at once. */
function replaceAll(scene: Scene, name: string): Case {
  const { sources, random } = scene;
  const target = inTable(scene, name);
  const job: Job = { pipeline: 'replaceAll', params: { source: sources.orders, target: target.table } };
  return {
    ...target,
    manner: 'replace',
    next: async () => (random.chance(0.3) ? [job, job] : [job]),
    last: async () => [job],
    expected: () => truth(sources.journal, sources.orders),
  };
}

/** One region at a time, or two at once. */
function replaceRegion(scene: Scene, name: string): Case {
  const { sources, random } = scene;
  const target = inTable(scene, name);
  const job = (region: string): Job => ({
    pipeline: 'replaceRegion',
    params: { source: sources.orders, target: target.table, region },
  });
  return {
    ...target,
    manner: 'replace partition',
    next: async () => random.some(REGIONS, random.between(1, 2)).map(job),
    last: async () => REGIONS.map(job),
    expected: () => truth(sources.journal, sources.orders),
  };
}

/** One file a day, into a folder. */
function exportDay(scene: Scene, name: string): Case {
  const { sources, writer, trial } = scene;
  const days: string[] = [];
  const target = `out/${trial}/${name}`;
  const next = async (): Promise<Job[]> => {
    const day = await firstDay(writer, days);
    return [{ pipeline: 'exportDay', params: { source: sources.grown, target, day } }];
  };
  return {
    name,
    manner: 'append',
    next,
    last: next,
    expected: () => truth(sources.journal, sources.grown, within(days)),
    actual: () => exportedRows(path.join(scene.lake, target)),
  };
}

/** One file, replaced. */
function exportAll(scene: Scene, name: string): Case {
  const { sources, trial } = scene;
  const target = `out/${trial}/${name}.parquet`;
  const jobs = async (): Promise<Job[]> => [{ pipeline: 'exportAll', params: { source: sources.stock, target } }];
  return {
    name,
    manner: 'replace',
    next: jobs,
    last: jobs,
    expected: () => truth(sources.journal, sources.stock),
    actual: () => exportedRows(path.join(scene.lake, target)),
  };
}

/** What is new, one more file each time; now and then two runs at once, of which one finds the watermark moved. */
function exportNew(scene: Scene, name: string): Case {
  const { sources, trial, random } = scene;
  const target = `out/${trial}/${name}`;
  const job: Job = { pipeline: 'exportNew', params: { source: sources.grown, target } };
  return {
    name,
    manner: 'append',
    next: async () => (random.chance(0.3) ? [job, job] : [job]),
    last: async () => [job],
    expected: () => truth(sources.journal, sources.grown),
    actual: () => exportedRows(path.join(scene.lake, target)),
  };
}

async function firstDay(writer: Writer, days: string[]): Promise<string> {
  const day = await writer.closeDay();
  days.push(day);
  return day;
}

function within(days: readonly string[]): string {
  return days.length === 0 ? 'false' : `day IN (${days.map((day) => `'${day}'`).join(', ')})`;
}

/** The rows of a file as a query; no two files share an id. */
function fileRows(number: number, rows: number): string {
  return `SELECT id::bigint AS id, 1::bigint AS version, '${REGIONS[number % REGIONS.length]}' AS region, '2024-01-01'::date AS day,
    (${amountOf('id', '0')})::float8 AS amount, 'file ${number}' AS note, '2024-01-01T00:00:00Z'::timestamptz + id * interval '1 us' AS changed_at
    FROM generate_series(${number * 10_000 + 1}, ${number * 10_000 + rows}) AS numbers(id)`;
}

async function asCsv(database: Database, rows: string): Promise<string> {
  const lines = await database.read<{ line: string }>(
    `SELECT concat_ws(',', id, version, region, day, amount, note, to_char(changed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS line FROM (${rows}) AS file`,
  );
  return [NAMES.replaceAll(' ', ''), ...lines.map(({ line }) => line), ''].join('\n');
}
