import { execFile } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadExtension } from '../../src/engine/extensions.js';
import { openSession, type EngineSession } from '../../src/engine/session.js';
import { openCatalog } from '../../src/catalog/index.js';
import { attachPostgres } from '../support/attach-postgres.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { temporalAddress, temporalCli } from '../support/temporal.js';

/*
 * The example as `npm start -- --once` runs it: six months of real flights. What came out is compared, row by row, with
 * queries over the source files that share no code with Millrace.
 */
const root = path.resolve(import.meta.dirname, '../..');
const flights = path.join(root, 'node_modules/vega-datasets/data/flights-3m.parquet');
const airports = path.join(root, 'node_modules/vega-datasets/data/airports.csv');
const reports = path.join(root, 'examples/flights/inbox/reports.csv');
const cli = path.join(root, 'dist/src/cli/main.js');

let db: TestDatabase;
let project: string;
let environment: NodeJS.ProcessEnv;
let output: string;
let session: EngineSession;

beforeAll(async () => {
  db = await createTestDatabase();
  project = lastingFolder();
  cpSync(path.join(root, 'examples/flights'), project, {
    recursive: true,
    filter: (file) => !/\.millrace|node_modules/.test(file),
  });
  symlinkSync(path.join(root, 'node_modules'), path.join(project, 'node_modules'));
  environment = { ...process.env, WAREHOUSE_URL: db.url, TEMPORAL_ADDRESS: await temporalAddress(), NO_COLOR: '1' };
  const run = promisify(execFile)(process.execPath, [cli, 'dev', '--once'], {
    cwd: project,
    env: environment,
    maxBuffer: 1 << 24,
  });
  output = (await run).stdout;
  const limits = { memoryLimit: '1GB', threads: 2, spillDirectory: path.join(project, 'spill') };
  session = await openSession(limits, new AbortController().signal);
  await loadExtension(await session.connect(), 'postgres_scanner', {});
  await attachPostgres(session, db.url);
}, 180_000);

afterAll(async () => {
  session?.close();
  await db?.drop();
});

const GOOD_FLIGHTS = `
  SELECT *, strftime(date, '%Y-%m') AS month FROM read_parquet('${flights}')
  WHERE date < '2001-07-01' AND delay BETWEEN -120 AND 1440 AND origin <> destination`;

const EXPECTED_STATES = `
  SELECT a.state, f.month, count(*) AS flights, count(*) FILTER (WHERE f.delay >= 15) AS late_flights,
    sum(f.delay)::DOUBLE / count(*) AS mean_delay_minutes
  FROM (${GOOD_FLIGHTS}) f JOIN read_csv('${airports}', all_varchar = true) a ON a.iata = f.origin
  GROUP BY ALL`;

// The lines that are wrong on purpose, found by reading the file.
const BAD_REPORTS = [7, 13, 19, 24, 31, 38, 45, 52, 60, 66, 71, 78, 84, 90, 96];

const EXPECTED_ROUTES = `
  WITH good_reports AS (
    SELECT fields[3] AS origin, fields[4] AS destination
    FROM (SELECT string_split(line, ',') AS fields, row_number() OVER () - 1 AS id
          FROM (SELECT unnest(string_split(decode(content, 'replace'), chr(10))) AS line FROM read_blob('${reports}')))
    WHERE id BETWEEN 1 AND 100 AND id NOT IN (${BAD_REPORTS.join(', ')}))
  SELECT f.month, f.origin, f.destination, count(*) AS flights, max(f.delay) AS worst_delay_minutes,
    (SELECT count(*) FROM good_reports r WHERE r.origin = f.origin AND r.destination = f.destination) AS reports
  FROM (${GOOD_FLIGHTS}) f GROUP BY ALL`;

async function expectSame(table: string, expected: string, columns: string): Promise<void> {
  const actual = `SELECT ${columns} FROM pg.public.${table}`;
  const wanted = `SELECT ${columns} FROM (${expected})`;
  const [difference] = await session.rows<{ missing: bigint; extra: bigint; rows: bigint }>(`
    SELECT (SELECT count(*) FROM (${wanted} EXCEPT ALL ${actual})) AS missing,
      (SELECT count(*) FROM (${actual} EXCEPT ALL ${wanted})) AS extra, (SELECT count(*) FROM (${actual})) AS rows`);
  expect(difference).toMatchObject({ missing: 0n, extra: 0n });
  expect(difference?.rows).toBeGreaterThan(300n);
}

const STATE_COLUMNS = 'state, month, flights, late_flights, mean_delay_minutes';
const ROUTE_COLUMNS = 'month, origin, destination, flights, worst_delay_minutes, reports';

test('the address of the client service is told with the others', () => {
  expect(output).toMatch(/^ +Client service +http:\/\/127\.0\.0\.1:\d+$/m);
});

test('the merged target holds every state of all six months, and nothing else', async () => {
  await expectSame('delays_by_state', EXPECTED_STATES, STATE_COLUMNS);
});

test('the target replaced by partition holds every route of all six months, and nothing else', async () => {
  await expectSame('route_months', EXPECTED_ROUTES, ROUTE_COLUMNS);
});

interface RejectedFlight {
  readonly source: string;
  readonly line: bigint;
  readonly reasons: string;
  readonly row: string;
}

async function rejectsOf(month: string, dataset: string): Promise<RejectedFlight[]> {
  const catalog = await openCatalog({ path: path.join(project, '.millrace/catalog.db') });
  try {
    const run = await catalog.findRun(`flightDelays/${month}`);
    const quarantine = await catalog.listQuarantine(`flightDelays/${month}`, run?.runId ?? '');
    const files = quarantine
      .filter((entry) => entry.dataset === dataset)
      .map((entry) => path.join(project, '.millrace/staging', entry.rejects));
    if (files.length === 0) return [];
    return await session.rows<RejectedFlight>(`FROM read_parquet(['${files.join("','")}']) ORDER BY line`);
  } finally {
    await catalog.close();
  }
}

const MONTHS = ['2001-01', '2001-02', '2001-03', '2001-04', '2001-05', '2001-06'];

test('the rejected flights are exactly those that cannot be true, each with its row and its reason', async () => {
  const found = (await Promise.all(MONTHS.map((month) => rejectsOf(month, 'flights')))).flat();
  const expected = await session.rows<{ line: bigint; delay: bigint; origin: string; code: string }>(`
    SELECT file_row_number + 1 AS line, delay, origin, CASE WHEN delay < 0 THEN 'too_small' ELSE 'too_big' END AS code
    FROM read_parquet('${flights}', file_row_number = true) WHERE date < '2001-07-01' AND (delay < -120 OR delay > 1440) ORDER BY line`);
  expect(expected).toHaveLength(11);
  const actual = found.map((reject) => {
    const row = JSON.parse(reject.row) as { delay: string; origin: string };
    const [reason] = JSON.parse(reject.reasons) as { code: string; path: string }[];
    expect(reason?.path).toBe('delay');
    return { line: reject.line, delay: BigInt(row.delay), origin: row.origin, code: reason?.code };
  });
  expect(actual).toEqual(expected);
});

test('the dirty source is partly rejected in every run, malformed lines with the others, each with its line', async () => {
  for (const month of MONTHS) {
    const rejected = await rejectsOf(month, 'reports');
    expect(rejected.map((reject) => Number(reject.line))).toEqual(BAD_REPORTS.map((id) => id + 1));
    const codes = rejected.map((reject) => (JSON.parse(reject.reasons) as { code: string }[])[0]?.code);
    expect(codes.filter((code) => code === 'malformed_line')).toHaveLength(4);
  }
});

test('no row of the contracts’ work went through zod', async () => {
  const catalog = await openCatalog({ path: path.join(project, '.millrace/catalog.db') });
  try {
    for (const month of MONTHS) {
      const run = await catalog.findRun(`flightDelays/${month}`);
      const steps = await catalog.listSteps(`flightDelays/${month}`, run?.runId ?? '');
      const validated = steps.find((step) => step.step === 'validate:flights')?.result;
      expect(validated).toMatchObject({ undecided: 0, judgedByZod: 0 });
      expect((validated as { judgedBySql: number }).judgedBySql).toBeGreaterThan(450_000);
    }
  } finally {
    await catalog.close();
  }
});

test('the summary says what was read, rejected and why, and loaded', () => {
  expect(output).toMatch(/flightDelays 2001-03\s+completed/);
  expect(output).toContain('Too big: expected number to be <=1440');
  expect(output).toMatch(/load warehouse\.route_months/);
});

test('a run started by the bare temporal CLI gives the same rows again and changes nothing', async () => {
  const before = await db.query(`SELECT * FROM route_months WHERE month = '2001-03' ORDER BY origin, destination`);
  const worker = execFile(process.execPath, [cli, 'worker'], { cwd: project, env: environment });
  try {
    const workflowId = `bare-${process.pid}`;
    const started = [
      '--type',
      'flightDelays',
      '--task-queue',
      'millrace',
      '--workflow-id',
      workflowId,
      '--input',
      '{"month":"2001-03"}',
    ];
    const address = ['--address', await temporalAddress()];
    const temporal = await temporalCli();
    const { stdout } = await promisify(execFile)(temporal, ['workflow', 'execute', ...started, ...address, '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'COMPLETED',
      result: { byRoute: { rows: before.length, mode: 'replace' } },
    });
    const history = await promisify(execFile)(temporal, ['workflow', 'show', '-w', workflowId, ...address, '-o', 'json'], {
      maxBuffer: 1 << 24,
    });
    const { events } = JSON.parse(history.stdout) as { events: unknown[] };
    expect(events.length).toBeLessThanOrEqual(10 * 6 + 12);
    expect(history.stdout).not.toMatch(/"MCO"|"HNL"/);
    expect(await db.query(`SELECT * FROM route_months WHERE month = '2001-03' ORDER BY origin, destination`)).toEqual(before);
    await expectSame('delays_by_state', EXPECTED_STATES, STATE_COLUMNS);
  } finally {
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGTERM');
    await gone;
  }
}, 120_000);

test('reports that were rejected come back: mended in a file, a malformed line too, and no second time', async () => {
  const worker = execFile(process.execPath, [cli, 'worker'], { cwd: project, env: environment });
  const command = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [cli, ...args], { cwd: project, env: environment })).stdout;
  const loaded = async (): Promise<number[]> =>
    (await db.query<{ id: number }>('SELECT id::int AS id FROM passenger_reports ORDER BY id')).map(({ id }) => id);
  const good = Array.from({ length: 100 }, (_, index) => index + 1).filter((id) => !BAD_REPORTS.includes(id));
  try {
    await command('run', 'passengerReports', '--id', 'reports', '--wait');
    expect(await loaded()).toEqual(good);
    await command('quarantine', 'export', 'reports', '--to', 'rejected.csv');
    const file = path.join(project, 'rejected.csv');
    const mended = readFileSync(file, 'utf8')
      .replace('"7","2001-02-30"', '"7","2001-02-28"')
      .replace('"24","2001-01-12","ORD","DFW","soon"', '"24","2001-01-12","ORD","DFW","5"')
      // The line `78,2001-02-11,PHX` had no more fields.
      .replace(/^,{8}(?=.*"78,2001-02-11,PHX"$)/m, '"78","2001-02-11","PHX","LAX","0","low",,"false",');
    writeFileSync(file, mended);
    expect(await command('quarantine', 'replay', 'reports', '--from', 'rejected.csv', '--wait')).toContain('completed');
    const withMended = [...good, 7, 24, 78].toSorted((a, b) => a - b);
    expect(await loaded()).toEqual(withMended);
    await command('quarantine', 'replay', 'reports', '--from', 'rejected.csv', '--wait');
    expect(await loaded()).toEqual(withMended);
    expect(await command('quarantine', 'reports')).toMatch(/3 of them came back into warehouse\.public\.passenger_reports/);
  } finally {
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGTERM');
    await gone;
  }
}, 120_000);
