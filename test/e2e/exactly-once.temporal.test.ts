import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Arrival } from '../support/crashing-worker.js';
import { makeCases, prepareCase, ROWS, startCase, type Case, type CaseRun } from './exactly-once-cases.js';
import { leftovers, openDepot, type Depot } from './exactly-once-depot.js';
import { until } from '../support/until.js';
import { factsOf, factsOfOneLoad, resultOf } from './exactly-once-facts.js';
import { allPoints, installBrakes, interruptEverywhere } from './exactly-once-interruptions.js';
import { differences, goodRows, writeSource } from './exactly-once-rows.js';

const CASES = makeCases();
const [SABOTAGED] = makeCases(['append_csv'], 'sabotaged_') as [Case];
// Seconds when idle, more beside other tests.
vi.setConfig({ testTimeout: 120_000 });

let depot: Depot;

beforeAll(async () => {
  depot = await openDepot(CASES.length);
  await installBrakes(depot);
});

afterAll(() => depot?.close());

describe('a worker that is killed while it reads, before it renames, amid COPY, before COMMIT and after it', () => {
  const runs = new Map<string, CaseRun>();
  let kills = 0;

  beforeAll(async () => {
    for (const one of [...CASES, SABOTAGED]) await prepareCase(depot, one);
    await loadMonthBefore();
    for (const one of CASES) runs.set(one.name, await startCase(depot, one));
    kills = await interruptEverywhere(depot, [...runs.values()]);
  }, 240_000);

  test.each(CASES)('leaves every row of $name once, and its ledger and catalog exact', async ({ name }) => {
    const run = runs.get(name) as CaseRun;
    expect(await factsOf(depot, run)).toEqual(await factsOfOneLoad(depot, run));
  });

  test('was killed at each of these points in each run', () => {
    expect(kills).toBe(Math.max(...CASES.map((one) => allPoints(one).length)));
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

/** Another run has appended the same month before, from another file; it makes the ledger too. */
async function loadMonthBefore(): Promise<void> {
  const appendMonth = CASES.find(({ name }) => name === 'append_month_csv') as Case;
  await writeSource(depot, { source: 'earlier', to: ROWS / 2 }, 'csv');
  const worker = depot.spawn();
  const earlier = await startCase(depot, appendMonth, 'earlier');
  await worker.begin(depot.setup);
  await earlier.handle.result();
  await worker.stop();
}

test('a COPY of 400,000 rows that is cut off in full flight leaves none of them, and the next one all', async () => {
  const rows = { source: 'large', to: 400_000 };
  const path = await writeSource(depot, rows, 'parquet');
  let isCopied = false;
  const holds = ({ checkpoint }: Arrival): boolean => {
    if (checkpoint === 'load.copied') isCopied = true;
    return isCopied;
  };
  const handle = await depot.start('loadOrders', { path, table: 'large', mode: 'append' });
  // A COPY that ends before it was seen under way is killed all the same, and the next attempt's is watched.
  do {
    isCopied = false;
    const worker = depot.spawn(holds);
    await worker.begin(depot.setup);
    await until(
      async () => isCopied || (await tuplesCopied()) > 0,
      () => 'no COPY was seen',
    );
    await worker.kill();
  } while (isCopied);
  const worker = depot.spawn();
  await worker.begin(depot.setup);
  await handle.result();
  await worker.stop();
  expect(await differences(depot, 'large', goodRows(rows))).toEqual({ missing: 0, extra: 0 });
});

async function tuplesCopied(): Promise<number> {
  const [row] = await depot.db.query<{ tuples: string | null }>(
    'SELECT sum(tuples_processed) AS tuples FROM pg_stat_progress_copy WHERE datname = current_database()',
  );
  return Number(row?.tuples ?? 0);
}

test('with a ledger that forgets, the same interruption doubles the rows of an append', async () => {
  await depot.db.query(`
    CREATE FUNCTION public.forget() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      DELETE FROM _millrace.ledger WHERE id = NEW.id;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER forget AFTER INSERT ON _millrace.ledger DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.target = 'public.${SABOTAGED.name}') EXECUTE FUNCTION public.forget()`);
  const run = await startCase(depot, SABOTAGED);
  await interruptEverywhere(depot, [run], () => [{ step: 'load', at: 'load.committed' }]);
  const facts = await factsOf(depot, run);
  expect(facts).not.toEqual(await factsOfOneLoad(depot, run));
  expect(facts).toMatchObject({ missing: 0, extra: (await resultOf(depot, run)).rows, ledger: [] });
});
