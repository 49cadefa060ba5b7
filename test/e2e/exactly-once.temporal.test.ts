import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CASES, casesNamed, prepareCase, ROWS, startCase, type CaseRun } from './exactly-once-cases.js';
import { expectExactlyOnce } from './exactly-once-checks.js';
import { leftovers, openDepot, until, type Depot } from './exactly-once-depot.js';
import { allPoints, installBrakes, interruptEverywhere } from './exactly-once-interruptions.js';
import { writeSource } from './exactly-once-rows.js';

let depot: Depot;
const runs = new Map<string, CaseRun>();
let kills = 0;

beforeAll(async () => {
  depot = await openDepot(CASES.length);
  await installBrakes(depot);
  for (const one of CASES) await prepareCase(depot, one);
  await loadMonthBefore();
  for (const one of CASES) runs.set(one.name, await startCase(depot, one));
  kills = await interruptEverywhere(depot, [...runs.values()]);
}, 180_000);

afterAll(() => depot?.close());

/** Another run has appended the same month before, from another file. */
async function loadMonthBefore(): Promise<void> {
  const [appendMonth] = casesNamed('append_month_csv') as [(typeof CASES)[number]];
  await writeSource(depot, { source: 'earlier', to: ROWS / 2 }, 'csv');
  const worker = depot.spawn();
  const earlier = await startCase(depot, appendMonth, 'earlier');
  await worker.begin(depot.setup);
  await earlier.handle.result();
  await worker.stop();
}

describe('a worker that is killed while it reads, before it renames, amid COPY, before COMMIT and after it', () => {
  test.each(CASES)('leaves every row of $name once, and its ledger and catalog exact', async ({ name }) => {
    await expectExactlyOnce(depot, runs.get(name) as CaseRun);
  });

  test('was killed at each of these points in each run', () => {
    expect(kills).toBe(Math.max(...CASES.map(({ steps }) => allPoints(steps).length)));
  });

  test('leaves no staging table, no attempt’s folder and no session behind', async () => {
    let left = await leftovers(depot);
    // A server process notices a little later that its client has gone.
    await until(
      async () => (left = await leftovers(depot)).sessions.length === 0,
      () => left.sessions.join('\n'),
    );
    expect(left).toEqual({ tables: [], attempts: [], sessions: [] });
  });
});
