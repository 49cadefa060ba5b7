import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadProject } from '../../src/config/load.js';
import { bundleProject } from '../../src/worker/bundle.js';
import { spawnCrashingWorker, type Arrival, type CrashingWorker } from '../support/crashing-worker.js';
import { lastingFolder } from '../support/folder.js';
import { createTestBucket, type TestBucket } from '../support/s3.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';

const PROJECT = path.resolve(import.meta.dirname, '../fixtures/regions');
const RUNS = 4;
const ROWS = 500;
// Two processes, one of which is killed: its steps begin again when their heartbeats are missed.
vi.setConfig({ testTimeout: 200_000 });

let bucket: TestBucket;
let connection: Connection;
let bundlePath: string;
const workers: CrashingWorker[] = [];

beforeAll(async () => {
  [bucket, connection] = await Promise.all([createTestBucket(), Connection.connect({ address: await temporalAddress() })]);
  bundlePath = path.join(lastingFolder(), 'workflows.js');
  process.env['REGIONS_LAKE'] = lastingFolder();
  writeFileSync(bundlePath, (await bundleProject(await loadProject(PROJECT))).code);
});

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await connection?.close();
});

test.each(['a folder', 'a bucket'])(
  'two workers share %s as staging: both take steps, and when one is killed the other ends all runs',
  async (place) => {
    const [lake, folder] = [lastingFolder(), lastingFolder()];
    mkdirSync(path.join(lake, 'in'));
    const taskQueue = `many-${randomBytes(5).toString('hex')}`;
    const inBucket = place === 'a bucket';
    const staging = inBucket && { REGIONS_STAGING: `s3://${bucket.name}/staging`, REGIONS_S3: JSON.stringify(bucket.s3) };
    const setup = { address: await temporalAddress(), taskQueue, bundlePath, folder, steps: 2, stagesInProject: inBucket };
    const seen = [0, 0];
    let doomed: Arrival | undefined;
    const start = async (number: number): Promise<CrashingWorker> => {
      const holds = (arrival: Arrival): boolean => {
        seen[number]! += 1;
        // The first of them stands still in the middle of a load, once both have had work.
        if (number !== 0 || doomed || arrival.checkpoint !== 'load.before-commit' || seen[1] === 0) return false;
        doomed = arrival;
        return true;
      };
      const worker = spawnCrashingWorker(PROJECT, { REGIONS_LAKE: lake, ...staging }, holds);
      workers.push(worker);
      await worker.begin(setup);
      return worker;
    };
    const [first, second] = await Promise.all([start(0), start(1)]);
    const { workflow } = new Client({ connection });
    const begin = (number: number) => {
      const source = `orders-${number}.csv`;
      const rows = Array.from({ length: ROWS }, (_, id) => `${number}-${id},${id}\n`);
      writeFileSync(path.join(lake, 'in', source), `id,amount\n${rows.join('')}`);
      return workflow.start('carry', { taskQueue, workflowId: `${taskQueue}-${number}`, args: [{ source }] });
    };
    const handles = await Promise.all(Array.from({ length: RUNS }, (_, number) => begin(number)));
    // Both poll, so that sooner or later both have work: more of it, until the one that is to be killed is in a load.
    await until(
      async () => {
        const ended = await Promise.all(handles.map(async (handle) => (await handle.describe()).status.name !== 'RUNNING'));
        if (!doomed && ended.filter((each) => !each).length < 3) handles.push(await begin(handles.length));
        return doomed !== undefined;
      },
      () => `arrivals ${seen.join(' and ')}`,
      120_000,
    );
    await first.kill();
    const results = (await Promise.all(handles.map((handle) => handle.result()))) as { readonly rows: number }[];
    expect(results.map(({ rows }) => rows)).toEqual(handles.map(() => ROWS));
    expect(Math.min(...seen)).toBeGreaterThan(0);
    for (const number of handles.keys()) {
      const lines = readFileSync(path.join(lake, 'out', `orders-${number}.csv`), 'utf8')
        .trim()
        .split('\n')
        .slice(1);
      expect(new Set(lines).size).toBe(ROWS);
      expect(lines).toHaveLength(ROWS);
    }
    await second.stop();
  },
);
