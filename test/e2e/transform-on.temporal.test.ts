import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { WorkflowFailedError, type WorkflowHandle, type WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openCatalog, type StepRow } from '../../src/catalog/index.js';
import { tellRun } from '../../src/rebuild/run-facts.js';
import { connectTemporal } from '../../src/temporal/connect.js';
import { readRunHistory } from '../../src/temporal/run-history.js';
import { temporalTarget } from '../../src/temporal/target.js';
import type { Arrival } from '../support/crashing-worker.js';
import { lastingFolder } from '../support/folder.js';
import { until } from '../support/until.js';
import { leftovers, openDepot, type Depot } from './exactly-once-depot.js';
import { goodRows, writeSource } from './exactly-once-rows.js';

const SOURCE = { source: 'refined', to: 3_000 };
const MODES = ['append', 'merge', 'replace'] as const;
vi.setConfig({ testTimeout: 120_000 });

let depot: Depot;
let file: string;
beforeAll(async () => {
  depot = await openDepot(4);
  file = await writeSource(depot, SOURCE, 'csv');
});
afterAll(() => depot?.close());

const start = (prefix: string, mode: string): Promise<WorkflowHandleWithFirstExecutionRunId> =>
  depot.start('refine', { path: file, table: `${prefix}_orders`, mode, prefix });

async function work(run: () => Promise<unknown>): Promise<void> {
  const worker = depot.spawn();
  await worker.begin(depot.setup);
  await run();
  await worker.stop();
}

async function stepsOf(workflowId: string, runId?: string): Promise<StepRow[]> {
  const catalog = await openCatalog({ path: depot.catalogPath });
  try {
    return await catalog.listSteps(workflowId, runId ?? (await catalog.findRun(workflowId))?.runId ?? '');
  } finally {
    await catalog.close();
  }
}

const MONTHS = `SELECT month, count(*) AS orders, round(sum(amount)::numeric, 2) AS amount FROM (${goodRows(SOURCE)}) AS good GROUP BY month`;

/** What the two tables hold, and what they must hold. */
async function tablesOf(prefix: string) {
  const { query } = depot.db;
  const months = `SELECT month, orders, amount::text FROM public.${prefix}_months ORDER BY month`;
  const years = `SELECT year, months, amount::text FROM public.${prefix}_years ORDER BY year`;
  return { months: await query(months), years: await query(years) };
}

async function expectedTables() {
  const { query } = depot.db;
  return {
    months: await query(`SELECT month, orders, amount::text FROM (${MONTHS}) AS m ORDER BY month`),
    years: await query(`SELECT '2024' AS year, count(*) AS months, sum(amount)::text AS amount FROM (${MONTHS}) AS m`),
  };
}

const ledgerOf = (workflowId: string) =>
  depot.db.query(
    'SELECT step, target, mode, rows::int AS rows, superseded_by FROM _millrace.ledger WHERE workflow_id = $1 ORDER BY id',
    [workflowId],
  );

describe('a run that loads and then computes twice within the warehouse', () => {
  let handle: WorkflowHandleWithFirstExecutionRunId;
  beforeAll(async () => {
    await work(async () => (handle = await start('plain', 'replace')).result());
  }, 120_000);

  test('has the rows that its SQL says, and gives the last table as its result', async () => {
    expect(await tablesOf('plain')).toEqual(await expectedTables());
    expect(await handle.result()).toMatchObject({
      connection: 'warehouse',
      table: 'plain_years',
      target: 'warehouse.public.plain_years',
      mode: 'replace',
      rows: 1,
      created: true,
    });
  });

  test('has each transform in the ledger under its own step', async () => {
    const row = (step: string, target: string, rows: number) => ({
      step,
      target: `public.plain_${target}`,
      mode: 'replace',
      rows,
    });
    expect(await ledgerOf(handle.workflowId)).toEqual(
      [
        row('load:warehouse.plain_orders', 'orders', 2970),
        row('transform:byMonth', 'months', 3),
        row('transform:byYear', 'years', 1),
      ].map((each) => ({ ...each, superseded_by: null })),
    );
  });

  test('has its lineage in the catalog from table to table, each as its load left it', async () => {
    const steps = await stepsOf(handle.workflowId);
    const loads = await depot.db.query<{ step: string; load_id: string; content: string }>(
      'SELECT step, load_id, content FROM _millrace.ledger WHERE workflow_id = $1',
      [handle.workflowId],
    );
    const version = (table: string, step: string) => {
      const load = loads.find((each) => each.step === step);
      const name = `warehouse.public.${table}`;
      return { name, uri: `table:${name}#${load?.load_id}`, content: load?.content };
    };
    expect(steps.slice(2).map(({ step, kind, status, inputs }) => [step, kind, status, inputs])).toEqual([
      ['load:warehouse.plain_orders', 'load', 'done', [expect.objectContaining({ name: 'orders' })]],
      ['transform:byMonth', 'transform', 'done', [version('plain_orders', 'load:warehouse.plain_orders')]],
      ['transform:byYear', 'transform', 'done', [version('plain_months', 'transform:byMonth')]],
    ]);
  });

  test('tells a catalog that is rebuilt from its history the same', async () => {
    const address = depot.setup.address;
    const temporal = await connectTemporal(temporalTarget({ address }));
    const catalogPath = path.join(lastingFolder(), 'rebuilt.db');
    const catalog = await openCatalog({ path: catalogPath });
    try {
      const { workflowId, firstExecutionRunId: runId } = handle;
      const history = await readRunHistory(temporal, { workflowId, runId });
      await tellRun({ catalog, namespace: temporal.namespace, manifest: () => Promise.resolve(undefined) }, history);
      // Steps that share an activity begin together.
      const factsOf = (steps: readonly StepRow[]) =>
        steps.map(({ step, inputs, result }) => ({ step, inputs, result })).toSorted((a, b) => a.step.localeCompare(b.step));
      expect(factsOf(await catalog.listSteps(workflowId, runId))).toEqual(factsOf(await stepsOf(workflowId)));
    } finally {
      await catalog.close();
      await temporal.close();
    }
  });

  test('costs one activity a step, six events at most and less than 2 KB of result each', async () => {
    const { events } = await handle.fetchHistory();
    const scheduled = (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    expect(scheduled).toEqual(['extract', 'validateAndLoad', 'transform', 'transform']);
    expect(events?.length).toBeLessThanOrEqual(4 * 6 + 12);
    for (const event of events ?? []) {
      const payload = event.activityTaskCompletedEventAttributes?.result?.payloads?.[0]?.data;
      expect(payload?.length ?? 0).toBeLessThan(2048);
    }
  });

  test('does nothing again when it is reset to before its transforms', async () => {
    const latest = depot.client.workflow.getHandle(handle.workflowId);
    await work(async () => {
      await resetToBefore(latest, 'transform:byMonth');
      expect(await latest.result()).toMatchObject({ alreadyDone: true, rows: 1 });
    });
    expect(await ledgerOf(handle.workflowId)).toHaveLength(3);
    expect(await tablesOf('plain')).toEqual(await expectedTables());
  });
});

async function resetToBefore(latest: WorkflowHandle, activityId: string): Promise<void> {
  const { events } = await latest.fetchHistory();
  const scheduled = events
    ?.map((event) => event.activityTaskScheduledEventAttributes)
    .find((attributes) => attributes?.activityId === activityId);
  await depot.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: latest.workflowId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: scheduled?.workflowTaskCompletedEventId,
  });
}

describe('a worker that is killed before and after the commit of each transform', () => {
  const POINTS = ['byMonth load.before-commit', 'byMonth load.committed', 'byYear load.before-commit', 'byYear load.committed'];
  const runs = new Map<string, WorkflowHandleWithFirstExecutionRunId>();

  // The runs of all modes come to each point together, so that one kill is for all of them.
  beforeAll(async () => {
    for (const mode of MODES) runs.set(mode, await start(`killed_${mode}`, mode));
    const there = new Set<string>();
    let point: string | undefined;
    const holds = ({ workflowId, step, checkpoint }: Arrival): boolean => {
      if (`${step.replace('transform:', '')} ${checkpoint}` !== point) return false;
      there.add(workflowId);
      return true;
    };
    let standby = depot.spawn(holds);
    for (point of POINTS) {
      const worker = standby;
      await worker.begin(depot.setup);
      standby = depot.spawn(holds);
      await until(
        () => there.size === MODES.length,
        () => `only ${there.size} are at ${point}`,
      );
      await worker.kill();
      there.clear();
    }
    point = undefined;
    await standby.begin(depot.setup);
    await Promise.all([...runs.values()].map((handle) => handle.result()));
    await standby.stop();
  }, 240_000);

  test.each(MODES)('leaves its %s done once', async (mode) => {
    const prefix = `killed_${mode}`;
    expect(await tablesOf(prefix)).toEqual(await expectedTables());
    expect((await ledgerOf(runs.get(mode)?.workflowId ?? '')).map(({ step, mode: as }) => [step, as])).toEqual([
      [`load:warehouse.${prefix}_orders`, 'replace'],
      ['transform:byMonth', mode],
      ['transform:byYear', mode],
    ]);
  });

  test('leaves no table of its own and no session', async () => {
    let left = await leftovers(depot);
    await until(
      async () => (left = await leftovers(depot)).sessions.length === 0,
      () => left.sessions.join('\n'),
    );
    expect(left.tables).toEqual([]);
    expect(await depot.db.query("SELECT relname FROM pg_class WHERE relname LIKE 'millrace\\_%'")).toEqual([]);
  });
});

const MISUSES: readonly (readonly [how: string, code: string, message: RegExp])[] = [
  ['dataset', 'TRANSFORM_INPUTS', /"orders" of transform "byMonth" is a dataset, and on "warehouse" it has to be a table there/],
  ['table', 'TRANSFORM_INPUTS', /"orders" of transform "doubled" is a table, not a dataset/],
  ['dialect', 'OPTION_INVALID', /"byMonth" is written in the SQL of postgres/],
  ['function', 'CAPABILITY_MISSING', /"copied" is a TypeScript function, which connection "warehouse" cannot run/],
  ['elsewhere', 'OPTION_INVALID', /"misrefined" in connection "elsewhere", and the transform runs on "warehouse"/],
  ['folder', 'CAPABILITY_MISSING', /Connection "lake" \(files\) cannot run transforms/],
  ['mode', 'OPTION_INVALID', /has the mode "scd2"\. It can: append, merge, replace/],
  ['target', 'OPTION_INVALID', /needs the table that takes its rows/],
  ['partition', 'OPTION_INVALID', /partition, which only mode 'replace' takes/],
  ['inputs', 'TRANSFORM_INPUTS', /declares the inputs orders and was given none/],
  ['connection', 'CONNECTION_UNKNOWN', /no connection "nowhere"/],
  ['missing', 'TABLE_MISSING', /"public"\."misrefined", the input "orders" of transform "byMonth"/],
];

test('what a compiled pipeline may do wrong fails at once, under the step’s name, and makes nothing', async () => {
  await work(async () => {
    const told = await Promise.all(
      MISUSES.map(async ([how]) => {
        const handle = await depot.start('misrefine', { path: file, how });
        const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
        return error instanceof WorkflowFailedError ? (error.cause?.message ?? '') : `no failure: ${String(error)}`;
      }),
    );
    for (const [index, [, code, message]] of MISUSES.entries()) {
      expect(told[index]).toMatch(/^Step transform:\w+ failed: /);
      expect(told[index]).toMatch(message);
      expect(told[index]).toMatch(new RegExp(`\\[${code}\\]$`));
    }
  });
  expect(await depot.db.query("SELECT to_regclass('public.unmade') AS made")).toEqual([{ made: null }]);
});

test('a retry from the load does the transforms that follow from it again, and one from the end only the last', async () => {
  const handle = await start('retried', 'merge');
  const retried = async (from: string) => {
    const again = await depot.client.workflow.start('refine', {
      taskQueue: depot.setup.taskQueue,
      workflowId: `retry-${randomUUID()}`,
      args: [
        { path: file, table: 'retried_orders', mode: 'merge', prefix: 'retried' },
        { retryOf: { workflowId: handle.workflowId }, from },
      ],
    });
    await again.result();
    const { events } = await again.fetchHistory();
    return (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityId ?? []);
  };
  await work(async () => {
    await handle.result();
    expect(await retried('load:warehouse.retried_orders')).toEqual([
      'load:warehouse.retried_orders',
      'transform:byMonth',
      'transform:byYear',
    ]);
    expect(await retried('transform:byYear')).toEqual(['transform:byYear']);
  });
  expect(await tablesOf('retried')).toEqual(await expectedTables());
  expect(await ledgerOf(handle.workflowId)).toHaveLength(3);
});
