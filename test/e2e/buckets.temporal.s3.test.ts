import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import type { CheckpointName } from '../../src/connectors/contract.js';
import { openStaging } from '../../src/engine/open-staging.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { withContext } from '../conformance/context.js';
import { spawnCrashingWorker, type Arrival, type CrashingWorker } from '../support/crashing-worker.js';
import { lastingFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { createTestBucket, type TestBucket } from '../support/s3.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/buckets');
/** Where the worker is killed, in the order in which the run comes there. */
const POINTS: readonly (readonly [step: string, at: CheckpointName])[] = [
  ['extract:flights', 'extract.reading'],
  ['validate:flights', 'staging.before-rename'],
  ['transform:delays', 'staging.before-rename'],
  ['load:warehouse.delays', 'load.before-commit'],
  ['load:lake.out/delays', 'load.before-commit'],
  ['load:lake.out/delays', 'load.committed'],
  ['load:lake.out/shouted.parquet', 'load.committed'],
];
// A minute when idle, more beside other tests.
vi.setConfig({ testTimeout: 400_000 });

let db: TestDatabase;
let bucket: TestBucket;
let connection: Connection;
const workers = new Set<CrashingWorker>();
const folder = lastingFolder();

beforeAll(async () => {
  [db, bucket] = await Promise.all([createTestDatabase(), createTestBucket()]);
  connection = await Connection.connect({ address: await temporalAddress() });
  const flight = (from: number, to: number, delay: string): string =>
    `SELECT range AS id, CASE range % 3 WHEN 0 THEN 'SFO' WHEN 1 THEN 'LAX' ELSE 'JFK' END AS origin, ${delay} AS delay FROM range(${from}, ${to})`;
  for (const [name, select] of [
    ['flights-1', flight(0, 30_000, '(range % 100)::INTEGER')],
    // Its last row breaks the contract.
    ['flights-2', flight(30_000, 60_001, 'CASE range WHEN 60000 THEN 9999 ELSE range % 100 END::INTEGER')],
  ] as const) {
    const file = path.join(folder, `${name}.parquet`);
    await withContext(({ session }) => session.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`));
    await bucket.put(`in/${name}.parquet`, readFileSync(file));
  }
  await bucket.put('in/airports.csv.gz', gzipSync('iata,state\nSFO,CA\nLAX,CA\nJFK,NY\nwrong,XX\n'));
});

afterAll(async () => {
  await Promise.all([...workers].map((worker) => worker.kill()));
  await connection?.close();
  await db?.drop();
});

const environment = () => ({
  BUCKETS_ENDPOINT: bucket.s3.endpoint,
  BUCKETS_KEY: bucket.s3.accessKeyId,
  BUCKETS_SECRET: bucket.s3.secretAccessKey,
  BUCKETS_LAKE: bucket.root,
  BUCKETS_STAGING: `s3://${bucket.name}/staging`,
  BUCKETS_WAREHOUSE: db.url,
});

test('a run from bucket to bucket and to Postgres, its worker killed at every turn, loads each row once', async () => {
  Object.assign(process.env, environment());
  const bundlePath = path.join(folder, 'workflows.js');
  await writeFile(bundlePath, (await bundleProject(await loadProject(PROJECT))).code);
  const taskQueue = `buckets-${randomBytes(5).toString('hex')}`;
  const setup = { address: await temporalAddress(), taskQueue, bundlePath, folder, steps: 2, stagesInProject: true };
  const handle = await new Client({ connection }).workflow.start('delaysByState', {
    taskQueue,
    workflowId: taskQueue,
    args: [{}],
  });
  const points = [...POINTS];
  let halted = false;
  const holds = ({ step, checkpoint }: Arrival): boolean => {
    if (step !== points[0]?.[0] || checkpoint !== points[0][1]) return false;
    return (halted = true);
  };
  const spawn = (): CrashingWorker => {
    const worker = spawnCrashingWorker(PROJECT, environment(), holds);
    workers.add(worker);
    return worker;
  };
  let standby = spawn();
  while (points.length > 0) {
    halted = false;
    const worker = standby;
    await worker.begin(setup);
    standby = spawn();
    await until(
      () => Promise.resolve(halted),
      () => `not yet at ${points[0]?.join(' ')}`,
    );
    await worker.kill();
    points.shift();
  }
  await standby.begin(setup);
  await handle.result();
  await standby.stop();

  const expected = [
    { state: 'CA', flights: 40_000, delay: 1_980_000 },
    { state: 'NY', flights: 20_000, delay: 990_000 },
  ];
  const sum = 'sum(flights)::INTEGER AS flights, sum(delay)::INTEGER AS delay';
  expect(await db.query(`SELECT state, ${sum} FROM delays GROUP BY state ORDER BY state`)).toEqual(expected);
  expect(await db.query('SELECT count(*)::INTEGER AS rows FROM delays')).toEqual([{ rows: 2 }]);
  const read = (pattern: string) =>
    bucket.rows(
      `SELECT state, flights::INTEGER AS flights, delay::INTEGER AS delay FROM '${bucket.root}/${pattern}' ORDER BY state`,
    );
  expect(await read('out/delays/*.parquet')).toEqual(expected);
  expect(await read('out/shouted.parquet')).toEqual(expected.map((row) => ({ ...row, state: `${row.state}!` })));
  expect(await leftInLake()).toEqual({ entries: 2, prepared: 0, files: ['delays', 'shouted.parquet'] });

  const staging = openStaging({ root: `s3://${bucket.name}/staging`, s3: bucket.s3 }, folder);
  const names = (await staging.inventory.datasets()).map(({ name, rejectedRows }) => `${name} ${rejectedRows}`);
  expect(names.toSorted()).toEqual(['airports 0', 'airports 1', 'delays 0', 'flights 0', 'flights 1', 'shouted 0']);
});

/** Entries of loads, those that are not committed, and what the manifests name. */
async function leftInLake(): Promise<{ entries: number; prepared: number; files: string[] }> {
  const keys = (await bucket.keys('out/')).filter((key) => key.includes('/_millrace/'));
  const texts = await Promise.all(keys.map(async (key) => (await bucket.store.text(key))!.text));
  const entries = texts
    .filter((_, index) => !keys[index]?.endsWith('manifest.json'))
    .map((text) => JSON.parse(text) as { state: string });
  return {
    entries: entries.length,
    prepared: entries.filter(({ state }) => state !== 'committed').length,
    files: keys
      .filter((key) => key.endsWith('manifest.json'))
      .map((key) => (key.includes('delays') ? 'delays' : 'shouted.parquet'))
      .toSorted(),
  };
}
