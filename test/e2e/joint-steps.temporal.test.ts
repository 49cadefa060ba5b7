import { WorkflowFailedError, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import type { LoadMode } from '../../src/core/load.js';
import type { Case, CaseRun } from './exactly-once-cases.js';
import { leftovers, openDepot, type Depot } from './exactly-once-depot.js';
import { until } from '../support/until.js';
import { factsOf, factsOfOneLoad } from './exactly-once-facts.js';
import { installBrakes, interruptEverywhere, type Point } from './exactly-once-interruptions.js';
import { differences, goodRows, writeSource } from './exactly-once-rows.js';

// Enough for more than one file of judged rows, so that some are loaded while others are judged.
const ROWS = 300_000;
vi.setConfig({ testTimeout: 120_000 });

let depot: Depot;

beforeAll(async () => {
  depot = await openDepot(10);
  await installBrakes(depot);
});

afterAll(() => depot?.close());

async function start(one: Pick<Case, 'name' | 'mode'>, maxRejected?: number): Promise<WorkflowHandleWithFirstExecutionRunId> {
  const path = await writeSource(depot, { source: one.name, to: ROWS }, 'csv');
  return depot.start('loadTogether', {
    path,
    table: one.name,
    mode: one.mode,
    ...(maxRejected !== undefined && { maxRejected }),
  });
}

async function failureOf(handle: WorkflowHandleWithFirstExecutionRunId): Promise<string> {
  const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
  return error instanceof WorkflowFailedError ? (error.cause?.message ?? '') : `no failure: ${String(error)}`;
}

async function stepsOf({ workflowId }: { workflowId: string }) {
  const catalog = await openCatalog({ path: depot.catalogPath });
  try {
    const found = await catalog.findRun(workflowId);
    const steps = await catalog.listSteps(workflowId, found?.runId ?? '');
    return steps.map(({ step, status }) => `${step} ${status}`);
  } finally {
    await catalog.close();
  }
}

async function activitiesOf(handle: WorkflowHandleWithFirstExecutionRunId): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
}

async function tableExists(name: string): Promise<boolean> {
  const [row] = await depot.db.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [`public.${name}`]);
  return row?.there === true;
}

describe('a worker that is killed while rows are judged and loaded at the same time', () => {
  const joint = (mode: LoadMode, at: Point['at']): Case & { readonly at: Point['at'] } => {
    const name = `joint_${mode}_${at.replaceAll(/\W/g, '_')}`;
    return { name, mode, at, format: 'csv', hasRows: false, expected: () => goodRows({ source: name, to: ROWS }) };
  };
  const CASES = [
    joint('append', 'copying'),
    joint('append', 'load.copied'),
    joint('append', 'staging.before-rename'),
    joint('append', 'load.before-commit'),
    joint('append', 'load.committed'),
    joint('replace', 'copying'),
    joint('replace', 'load.before-commit'),
  ];
  const runs = new Map<string, CaseRun>();

  beforeAll(async () => {
    for (const one of CASES) runs.set(one.name, { case: one, handle: await start(one) });
    // One activity does both steps; its id begins with the first one's.
    const point = (one: Case): Point[] => [
      { step: 'validate', at: CASES.find(({ name }) => name === one.name)?.at ?? 'copying' },
    ];
    await interruptEverywhere(depot, [...runs.values()], point);
  }, 240_000);

  test.each(CASES)('leaves every row of $name once, and its ledger and catalog exact', async ({ name }) => {
    const run = runs.get(name) as CaseRun;
    expect(await factsOf(depot, run)).toEqual(await factsOfOneLoad(depot, run));
  });

  test('leaves no attempt’s folder and no session behind', async () => {
    let left = await leftovers(depot);
    await until(
      async () => (left = await leftovers(depot)).sessions.length === 0,
      () => left.sessions.join('\n'),
    );
    expect(left).toEqual({ tables: [], attempts: [], sessions: [] });
  });
});

test('rows that were loaded early are gone when too many others are rejected, and both steps say so', async () => {
  const worker = depot.spawn();
  await worker.begin(depot.setup);
  const handle = await start({ name: 'refused', mode: 'append' }, 0);
  expect(await failureOf(handle)).toMatch(
    /^Step validate:orders failed: Contract "Order" rejected \d+ of \d+ rows of "orders", more than maxRejected \(0\).*\[CONTRACT_BREACH\]$/s,
  );
  await worker.stop();
  expect(await tableExists('refused')).toBe(false);
  expect(await depot.db.query(`SELECT 1 FROM _millrace.ledger WHERE target = 'public.refused'`)).toEqual([]);
  expect(await stepsOf(handle)).toEqual(['extract:orders done', 'validate:orders failed', 'load:warehouse.refused failed']);
});

test('a load that cannot be done leaves the judged dataset to the run that retries it', async () => {
  await depot.db.query('CREATE TABLE public.narrow (id bigint, customer text, amount float8, month text)');
  const worker = depot.spawn();
  await worker.begin(depot.setup);
  const handle = await start({ name: 'narrow', mode: 'append' });
  expect(await failureOf(handle)).toMatch(/^Step load:warehouse.narrow failed: .*"source".*\[COLUMN_MISSING\]$/s);
  await depot.db.query('ALTER TABLE public.narrow ADD COLUMN source text');
  const retry = await depot.client.workflow.start('loadTogether', {
    taskQueue: depot.setup.taskQueue,
    workflowId: `${handle.workflowId}-again`,
    args: [{ path: 'narrow.csv', table: 'narrow', mode: 'append' }, { retryOf: { workflowId: handle.workflowId } }],
  });
  await retry.result();
  await worker.stop();
  expect(await differences(depot, 'narrow', goodRows({ source: 'narrow', to: ROWS }))).toEqual({ missing: 0, extra: 0 });
  expect(await activitiesOf(retry)).toEqual(['load']);
});

test('a merge waits for the whole dataset', async () => {
  const worker = depot.spawn();
  await worker.begin(depot.setup);
  const handle = await start({ name: 'merged', mode: 'merge' });
  await handle.result();
  await worker.stop();
  expect(await differences(depot, 'merged', goodRows({ source: 'merged', to: ROWS }))).toEqual({ missing: 0, extra: 0 });
});

test('a load whose rows zod has to see first waits for the whole dataset', async () => {
  const rows = { source: 'refined', to: 120_000 };
  const path = await writeSource(depot, rows, 'csv');
  const worker = depot.spawn();
  await worker.begin(depot.setup);
  const handle = await depot.start('loadRefined', { path, table: 'refined', mode: 'append' });
  await handle.result();
  await worker.stop();
  expect(await differences(depot, 'refined', goodRows(rows))).toEqual({ missing: 0, extra: 0 });
});

test('the two steps cost the history of one', async () => {
  const worker = depot.spawn();
  await worker.begin(depot.setup);
  const handle = await start({ name: 'counted', mode: 'replace' });
  await handle.result();
  await worker.stop();
  expect(await activitiesOf(handle)).toEqual(['extract', 'validateAndLoad']);
});
