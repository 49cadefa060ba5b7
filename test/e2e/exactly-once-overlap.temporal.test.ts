import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Arrival, CrashingWorker } from '../support/crashing-worker.js';
import { makeCases, prepareCase, startCase, type Case, type CaseRun } from './exactly-once-cases.js';
import { leftovers, openDepot, type Depot } from './exactly-once-depot.js';
import { until } from '../support/until.js';
import { factsOf, factsOfOneLoad, resultOf, type Facts } from './exactly-once-facts.js';

/*
 * A worker that stands still for longer than the heartbeat timeout is given up: its step begins again elsewhere. When it
 * goes on after all, two attempts of one load work at the same time.
 */

const SHAPES = ['append_parquet', 'append_month_csv', 'merge_csv', 'replace_parquet', 'replace_month_csv'] as const;
// Each test starts two processes and waits for a heartbeat to be missed: seconds when idle, more beside other tests.
vi.setConfig({ testTimeout: 120_000 });

let depot: Depot;

// No more steps than runs: the worker that stands still has asked for no other, which would be lost on it.
beforeAll(async () => {
  depot = await openDepot(SHAPES.length);
});

afterAll(() => depot?.close());

/** Both workers and the runs whose loads the first one has at the checkpoint. */
interface Overlap {
  readonly first: CrashingWorker;
  readonly second: CrashingWorker;
  readonly arrivals: readonly Arrival[];
  readonly runs: readonly CaseRun[];
}

/** Stops a worker that is at `checkpoint` with one load of each shape, and starts another. */
async function overlap(cases: readonly Case[], checkpoint: Arrival['checkpoint']): Promise<Overlap> {
  const arrivals: Arrival[] = [];
  const first = depot.spawn((arrival) => arrival.checkpoint === checkpoint && arrivals.push(arrival) > 0);
  const second = depot.spawn();
  for (const one of cases) await prepareCase(depot, one);
  const runs = await Promise.all(cases.map((one) => startCase(depot, one)));
  await first.begin(depot.setup);
  await until(
    () => arrivals.length === runs.length,
    () => `only ${arrivals.map(({ step }) => step).join(', ')} came to ${checkpoint}`,
  );
  first.pause();
  await second.begin(depot.setup);
  return { first, second, arrivals, runs };
}

type Look = (depot: Depot, run: CaseRun) => Promise<Facts>;

/** The facts of several runs, under the names of their targets. */
async function ofEach(runs: readonly CaseRun[], look: Look): Promise<Record<string, Facts>> {
  const facts: Record<string, Facts> = {};
  for (const run of runs) facts[run.case.name] = await look(depot, run);
  return facts;
}

/** Waits until the second worker's attempts stand at the locks that the first one's transactions hold. */
async function untilAllWait(runs: readonly CaseRun[]): Promise<void> {
  let waiting = 0;
  await until(
    async () => {
      const [row] = await depot.db.query<{ waiting: string }>(
        `SELECT count(*) AS waiting FROM pg_locks JOIN pg_database ON pg_database.oid = database
         WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`,
      );
      return (waiting = Number(row?.waiting)) === runs.length;
    },
    () => `${waiting} of ${runs.length} second attempts wait for the first`,
  );
}

async function stopBoth({ first, second }: Overlap): Promise<void> {
  await first.stop();
  await second.stop();
}

test('a second attempt waits for a first one that has not committed, and finds its load done', async () => {
  const both = await overlap(makeCases(SHAPES, 'slow_'), 'load.before-commit');
  await untilAllWait(both.runs);
  for (const arrival of both.arrivals) both.first.letGo(arrival);
  both.first.resume();
  await Promise.all(both.runs.map((run) => resultOf(depot, run)));
  await stopBoth(both);
  expect(await ofEach(both.runs, factsOf)).toEqual(await ofEach(both.runs, factsOfOneLoad));
});

test('a first attempt that comes back to find itself given up is undone, and the second one loads', async () => {
  const both = await overlap(makeCases(SHAPES, 'late_'), 'load.before-commit');
  await untilAllWait(both.runs);
  both.first.resume();
  const results = await Promise.all(both.runs.map((run) => resultOf(depot, run)));
  expect(results.map(({ alreadyDone }) => alreadyDone)).toEqual(SHAPES.map(() => false));
  await stopBoth(both);
  expect(await ofEach(both.runs, factsOf)).toEqual(await ofEach(both.runs, factsOfOneLoad));
});

test('a second attempt finds done what the first one has committed, and the late end of the first changes nothing', async () => {
  const both = await overlap(makeCases(SHAPES, 'done_'), 'load.committed');
  await until(
    async () => (await Promise.all(both.runs.map(hasLoaded))).every(Boolean),
    () => 'the second attempts have not ended',
  );
  for (const arrival of both.arrivals) both.first.letGo(arrival);
  both.first.resume();
  const results = await Promise.all(both.runs.map((run) => resultOf(depot, run)));
  expect(results.map(({ alreadyDone }) => alreadyDone)).toEqual(SHAPES.map(() => true));
  await stopBoth(both);
  expect(await ofEach(both.runs, factsOf)).toEqual(await ofEach(both.runs, factsOfOneLoad));
});

async function hasLoaded({ handle }: CaseRun): Promise<boolean> {
  const { raw } = await handle.describe();
  return (raw.pendingActivities ?? []).length === 0;
}

test('nothing is left of either attempt', async () => {
  let left = await leftovers(depot);
  await until(
    async () => (left = await leftovers(depot)).sessions.length === 0,
    () => left.sessions.join('\n'),
  );
  expect(left).toEqual({ tables: [], attempts: [], sessions: [] });
});
