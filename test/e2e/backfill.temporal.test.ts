import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCatalog, type BackfillRow, type Catalog } from '../../src/catalog/index.js';
import type { TemporalServer } from '../../src/dev/temporal-server.js';
import { openSession } from '../../src/engine/session.js';
import { jsonLines, millrace, startMillrace, type RunningCommand } from '../cli/millrace.js';
import { lastingFolder } from '../support/folder.js';
import { startOwnTemporal } from '../support/own-temporal.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';

/*
 * Six months of the example's flights, as an operator backfills them: paused, a worker killed, resumed, one partition made to
 * fail and retried alone.
 */
const root = path.resolve(import.meta.dirname, '../..');
const flights = path.join(root, 'node_modules/vega-datasets/data/flights-3m.parquet');
const airports = path.join(root, 'node_modules/vega-datasets/data/airports.csv');

let db: TestDatabase;
let temporal: TemporalServer;
let project: string;
let env: Record<string, string>;
let worker: RunningCommand;
let catalog: Catalog;

beforeAll(async () => {
  [db, temporal] = await Promise.all([createTestDatabase(), startOwnTemporal({})]);
  project = lastingFolder();
  cpSync(path.join(root, 'examples/flights'), project, {
    recursive: true,
    filter: (file) => !/\.millrace|node_modules/.test(file),
  });
  symlinkSync(path.join(root, 'node_modules'), path.join(project, 'node_modules'));
  const config = path.join(project, 'millrace.config.ts');
  // So that what a killed worker had begun is soon begun again.
  writeFileSync(config, readFileSync(config, 'utf8').replace('  dev: {', "  steps: { heartbeatTimeout: '3s' },\n  dev: {"));
  env = { WAREHOUSE_URL: db.url, TEMPORAL_ADDRESS: temporal.address, NO_COLOR: '1' };
  await startWorker();
  catalog = await openCatalog({ path: path.join(project, '.millrace/catalog.db') });
}, 120_000);

afterAll(async () => {
  worker?.process.kill('SIGKILL');
  await worker?.end;
  await catalog?.close();
  await temporal?.stop();
  await db?.drop();
});

async function startWorker(): Promise<void> {
  worker = startMillrace(['worker', '--json', '--project', project], env);
  await worker.until('"ready"');
}

async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await millrace([...args, '--project', project], env);
  // On a busy machine a backfill may take longer than a second to answer: then it is asked again, as a person would.
  if (stderr.includes('[BACKFILL_NOT_ANSWERING]')) return command(...args);
  if (code !== 0) throw new Error(`millrace ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}

async function reach(id: string, ready: (backfill: BackfillRow) => boolean): Promise<BackfillRow> {
  let last: BackfillRow | undefined;
  await until(
    async () => (last = await catalog.findBackfill(id)) !== undefined && ready(last),
    () => `the backfill is ${JSON.stringify(last)}`,
  );
  return last as BackfillRow;
}

/** Good flights by month, counted from the source by itself. */
async function expectedFlights(): Promise<Record<string, number>> {
  const limits = { memoryLimit: '500MB', threads: 2, spillDirectory: path.join(project, 'spill') };
  const session = await openSession(limits, new AbortController().signal);
  try {
    const rows = await session.rows<{ month: string; flights: number }>(`
      SELECT strftime(f.date, '%Y-%m') AS month, count(*)::INTEGER AS flights
      FROM read_parquet('${flights}') f JOIN read_csv('${airports}', all_varchar = true) a ON a.iata = f.origin
      WHERE f.date < '2001-07-01' AND f.delay BETWEEN -120 AND 1440 AND f.origin <> f.destination GROUP BY ALL`);
    return Object.fromEntries(rows.map(({ month, flights: count }) => [month, count]));
  } finally {
    session.close();
  }
}

const MONTHS = ['2001-01', '2001-02', '2001-03', '2001-04', '2001-05', '2001-06'];

test('six months are backfilled: paused, through the death of a worker, resumed, and the one that failed retried alone', async () => {
  await command('run', 'flightDelays', '--params', '{"month":"2001-01"}', '--wait');
  await db.query(`ALTER TABLE delays_by_state ADD CONSTRAINT no_april CHECK (month <> '2001-04')`);
  const range = ['--from', '2001-01', '--to', '2001-06', '--only', 'all', '--concurrency', '2'];
  const preview = await command('backfill', 'flightDelays', ...range, '--preview');
  expect(preview).toMatch(/^flightDelays: 6 of 6 partitions, about [\d,]+ rows in about .* \(from 1 run\)$/m);
  expect(preview).toMatch(/^ {2}2001 {2}\.{6}$/m);
  const [started] = jsonLines(await command('backfill', 'flightDelays', ...range, '--json'));
  const id = String(started?.['id']);

  await reach(id, ({ counts }) => counts.running === 2);
  expect(await command('backfills', 'pause', id)).toContain('is paused');
  worker.process.kill('SIGKILL');
  await worker.end;
  await startWorker();
  const paused = await reach(id, ({ counts }) => counts.running === 0);
  expect(paused.status).toBe('paused');
  expect(paused.counts.waiting).toBeGreaterThanOrEqual(1);
  expect(await command('backfills', 'resume', id)).toContain('is running');

  const ended = await reach(id, ({ status }) => status === 'failed');
  expect(ended.counts).toEqual({ waiting: 0, running: 0, completed: 5, failed: 1, cancelled: 0 });
  const shown = await command('backfills', 'show', id);
  expect(shown).toMatch(/^ {2}2001 {2}###x##$/m);
  expect(shown).toMatch(/^ +2001-04 +failed +Step load:.*no_april/m);
  await db.query('ALTER TABLE delays_by_state DROP CONSTRAINT no_april');
  const retried = await command('backfills', 'retry', id, '--wait');
  expect(retried).toMatch(/^Backfill \S+ completed: 6 completed\.$/m);

  const partitions = await catalog.listBackfillPartitions(id);
  expect(partitions.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 2, 1, 1]);
  const runs = await catalog.listRuns({ pipeline: 'flightDelays', limit: 100 });
  const byMonth = MONTHS.map((month) => runs.filter(({ partition }) => partition === month).length);
  expect(byMonth).toEqual([2, 1, 1, 2, 1, 1]);
  const rows = await db.query<{ month: string; flights: number }>(
    'SELECT month, sum(flights)::int AS flights FROM delays_by_state GROUP BY month',
  );
  expect(Object.fromEntries(rows.map(({ month, flights: count }) => [month, count]))).toEqual(await expectedFlights());
}, 180_000);
