import { randomUUID } from 'node:crypto';
import { Client, Connection, type ConnectionOptions, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openCatalog, type Catalog, type CatalogOptions } from '../../src/catalog/index.js';
import { startReconciler } from '../../src/reconciler/reconciler.js';
import type { Repeated } from '../../src/recurring/repeat.js';
import type { TemporalClient } from '../../src/temporal/connect.js';
import { at, runStarted, validateStarted } from '../catalog/sample-facts.js';
import { temporaryFolder } from '../support/folder.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { temporalAddress } from '../support/temporal.js';
import { until } from '../support/until.js';

/** When a list was asked of the server, as the wire saw it. */
const asked: number[] = [];
type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
const watching: Interceptor = (options, next) => {
  if (options.method_definition.path.endsWith('/ListWorkflowExecutions')) asked.push(performance.now());
  return next(options) as ReturnType<Interceptor>;
};

/** Nobody polls it: runs wait there for their end. */
const taskQueue = `nobody-${randomUUID()}`;
let temporal: TemporalClient;
let db: TestDatabase;

beforeAll(async () => {
  const address = await temporalAddress();
  const connection = await Connection.connect({ address, interceptors: [watching] });
  const client = new Client({ connection, namespace: 'default' });
  temporal = { client, address, namespace: 'default', close: () => connection.close() };
  db = await createTestDatabase();
});
afterAll(async () => {
  await temporal.close();
  await db.drop();
});

async function freshCatalog(options: CatalogOptions = { path: `${temporaryFolder()}/catalog.db` }): Promise<Catalog> {
  const catalog = await openCatalog(options);
  onTestFinished(() => catalog.close());
  return catalog;
}

function reconcile(catalog: Catalog, options: { patienceMs?: number } = {}): Repeated & { readonly log: string[] } {
  const log: string[] = [];
  const write = (message: string, meta?: Record<string, unknown>): void =>
    void log.push(`${message} ${JSON.stringify(meta ?? {})}`);
  const reconciler = startReconciler({ catalog, temporal, log: { info: write, warn: write }, intervalMs: 200, ...options });
  onTestFinished(() => reconciler.stop());
  return { ...reconciler, log };
}

/** A run that the catalog has as running, in Temporal and without a worker. */
async function openRun(catalog: Catalog, timeoutMs?: number): Promise<WorkflowHandle & { readonly runId: string }> {
  const workflowId = `unseen-${randomUUID()}`;
  const handle = await temporal.client.workflow.start('unseen', {
    taskQueue,
    workflowId,
    ...(timeoutMs !== undefined && { workflowExecutionTimeout: timeoutMs }),
  });
  const runId = handle.firstExecutionRunId;
  await catalog.recordRunStarted(runStarted({ workflowId, runId, startedAt: at(0) }));
  await catalog.recordStepStarted({ ...validateStarted(), workflowId, runId });
  return Object.assign(handle, { runId });
}

function untilClosed(catalog: Catalog, workflowId: string): Promise<void> {
  return until(
    async () => (await catalog.findRun(workflowId))?.status !== 'running',
    () => 'the run is closed',
    20_000,
  );
}

describe('a run whose end no worker saw', () => {
  test('is closed with who terminated it and why, at the time of its end, and its steps at work end with it', async () => {
    const catalog = await freshCatalog();
    const run = await openRun(catalog);
    const { log } = reconcile(catalog);
    await run.terminate('the wrong month');
    await untilClosed(catalog, run.workflowId);
    const { closeTime } = await run.describe();
    expect(await catalog.findRun(run.workflowId)).toMatchObject({
      status: 'terminated',
      finishedAt: closeTime?.toISOString(),
      error: {
        code: 'RUN_TERMINATED',
        message: expect.stringMatching(/^The run was terminated by .*: the wrong month\.$/) as string,
      },
    });
    expect(await catalog.listSteps(run.workflowId, run.runId)).toMatchObject([
      { status: 'failed', finishedAt: closeTime?.toISOString(), error: { code: 'INTERRUPTED', willRetry: false } },
    ]);
    expect(log).toEqual([expect.stringContaining(`"workflowId":"${run.workflowId}"`)]);
  });

  test('is closed as replaced where another start has taken its id', async () => {
    const catalog = await freshCatalog();
    const { workflowId } = await openRun(catalog);
    reconcile(catalog);
    await temporal.client.workflow.start('unseen', { taskQueue, workflowId, workflowIdConflictPolicy: 'TERMINATE_EXISTING' });
    await untilClosed(catalog, workflowId);
    expect(await catalog.findRun(workflowId)).toMatchObject({
      status: 'terminated',
      error: { code: 'RUN_REPLACED', message: expect.stringMatching(/^Another start took its place/) as string },
    });
  });

  test('is closed as timed out', async () => {
    const catalog = await freshCatalog();
    const run = await openRun(catalog, 1_000);
    reconcile(catalog);
    await untilClosed(catalog, run.workflowId);
    expect(await catalog.findRun(run.workflowId)).toMatchObject({ status: 'timed out', error: { code: 'RUN_TIMED_OUT' } });
  });

  test('is closed as forgotten, at the time it was last heard of, when Temporal has deleted it', async () => {
    const catalog = await freshCatalog();
    const run = await openRun(catalog);
    const { workflowId, runId } = run;
    await temporal.client.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId },
    });
    reconcile(catalog);
    await untilClosed(catalog, workflowId);
    expect(await catalog.findRun(workflowId)).toMatchObject({
      status: 'forgotten',
      finishedAt: at(1),
      error: {
        code: 'RUN_FORGOTTEN',
        message: expect.stringContaining('no longer knows the run in namespace "default"') as string,
      },
    });
  });
});

test('runs that run, that have ended, and those of other namespaces, stay as they are', async () => {
  const catalog = await freshCatalog();
  const running = await openRun(catalog);
  const elsewhere = runStarted({ workflowId: 'elsewhere', runId: randomUUID(), namespace: 'another' });
  const nowhere = runStarted({ workflowId: 'nowhere', runId: randomUUID(), namespace: undefined });
  await catalog.recordRunStarted(elsewhere);
  await catalog.recordRunStarted(nowhere);
  const ended = await openRun(catalog);
  await catalog.recordRunFinished({ workflowId: ended.workflowId, runId: ended.runId, status: 'completed', finishedAt: at(9) });
  await ended.terminate();
  const marker = await openRun(catalog);
  await marker.terminate();
  reconcile(catalog);
  await untilClosed(catalog, marker.workflowId);
  const statusOf = async (id: string): Promise<string | undefined> => (await catalog.findRun(id))?.status;
  expect(await statusOf(running.workflowId)).toBe('running');
  expect(await statusOf(ended.workflowId)).toBe('completed');
  expect([await statusOf('elsewhere'), await statusOf('nowhere')]).toEqual(['running', 'running']);
  await running.terminate();
});

test('several workers make at most one visibility request a second together, however many runs are open', async () => {
  const place = { url: db.url, schema: 'many' };
  const catalogs = await Promise.all([freshCatalog(place), freshCatalog(place), freshCatalog(place)]);
  for (let index = 0; index < 600; index++) {
    // Of no known namespace: Temporal's ignorance closes none of them, and each stays open.
    await catalogs[index % 3]?.recordRunStarted(
      runStarted({ workflowId: `w${index}`, runId: randomUUID(), namespace: undefined }),
    );
  }
  asked.length = 0;
  for (const catalog of catalogs) reconcile(catalog);
  await until(
    () => asked.length >= 4,
    () => 'four requests',
    20_000,
  );
  const gaps = asked.slice(1).map((time, index) => time - (asked[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(990);
});

test('when the worker that does it is gone, another one goes on; when it stops, at once', async () => {
  const place = { url: db.url, schema: 'heirs' };
  const [first, second, third] = await Promise.all([freshCatalog(place), freshCatalog(place), freshCatalog(place)]);
  // It holds the lease and never renews it, as a killed worker does.
  await first.takeLease('reconciler/default', 'the late', undefined);
  const run = await openRun(first);
  await run.terminate();
  const began = performance.now();
  const heir = reconcile(second, { patienceMs: 1_500 });
  await untilClosed(second, run.workflowId);
  expect(performance.now() - began).toBeGreaterThan(1_400);
  const next = await openRun(third);
  reconcile(third, { patienceMs: 60_000 });
  await heir.stop();
  await next.terminate();
  await untilClosed(third, next.workflowId);
});

test('a catalog that is down is told of once, and waited for', async () => {
  const place = { url: db.url, schema: 'frail' };
  const catalog = await freshCatalog(place);
  const run = await openRun(catalog);
  await db.query('alter table frail.runs rename to away');
  const { log } = reconcile(catalog);
  await run.terminate();
  await until(
    () => log.length > 0,
    () => 'a warning',
    20_000,
  );
  await db.query('alter table frail.away rename to runs');
  await untilClosed(catalog, run.workflowId);
  expect(log.filter((line) => line.startsWith('Runs whose end no worker saw cannot be closed'))).toHaveLength(1);
});
