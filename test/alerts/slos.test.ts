import { describe, expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/index.js';
import { webhook } from '../../src/config/alerts.js';
import type { AlertsConfig, SloConfig } from '../../src/config/alerts.js';
import { until } from '../support/until.js';
import { catalogOf, projectWith, watch, type Pipelines } from './scene.js';
import { startReceiver } from './receiver.js';

const HOUR = 3_600_000;

/** A clock that a test sets. */
function clockAt(start: string) {
  let at = Date.parse(start);
  return {
    now: () => at,
    set: (time: string) => void (at = Date.parse(time)),
    forward: (hours: number) => void (at += hours * HOUR),
  };
}
type TestClock = ReturnType<typeof clockAt>;

let runs = 0;

/** Tells the catalog of a run; one without an end still runs. */
async function recordRun(
  catalog: Catalog,
  startedAt: string,
  finishedAt?: string,
  changes: { partition?: string; status?: 'completed' | 'failed' } = {},
) {
  const key = { workflowId: `orders-${++runs}`, runId: `run-${runs}` };
  const { partition, status = 'completed' } = changes;
  await catalog.recordRunStarted({
    ...key,
    firstRunId: key.runId,
    pipeline: 'orders',
    ...(partition !== undefined && { partition }),
    params: {},
    startedAt: `${startedAt}.000Z`,
    loadScope: key.workflowId,
    taskQueue: 'nobody',
    workerIdentity: 'w',
    namespace: 'default',
  });
  if (finishedAt !== undefined) await catalog.recordRunFinished({ ...key, status, finishedAt: `${finishedAt}.000Z` });
  return key;
}

async function sceneOf(slo: SloConfig, clock: TestClock, more: Omit<Pipelines[string], 'slo'> = {}, alerts: AlertsConfig = {}) {
  const project = projectWith(alerts, { orders: { ...more, slo } });
  const catalog = await catalogOf(project);
  const start = () => watch(catalog, project, { now: clock.now });
  /** Waits until somebody has looked by the clock as it is. */
  const looked = async (): Promise<void> => {
    const now = new Date(clock.now()).toISOString();
    await until(
      async () => (await catalog.listSloStates())[0]?.checkedAt === now,
      () => 'somebody has looked',
    );
  };
  const told = async (): Promise<string[]> =>
    (await catalog.listAlerts({ kind: 'slo', limit: 100 })).map(({ severity, title }) => `${severity}: ${title}`).toReversed();
  const state = async (): Promise<string | undefined> => (await catalog.listSloStates())[0]?.state;
  return { project, catalog, start, looked, told, state };
}

const nightly = { schedule: { cron: '0 2 * * *' } };

describe('finishBy', () => {
  test('is told once while nothing has completed, also where nothing has begun and Temporal is down', async () => {
    const receiver = await startReceiver();
    const clock = clockAt('2026-01-05T01:00:00Z');
    const channels = { ops: webhook({ url: receiver.url }) };
    const { catalog, start, looked, told, state } = await sceneOf({ finishBy: '06:00' }, clock, nightly, { channels });
    const first = start();
    await looked();
    expect(await state()).toBe('ok');
    clock.set('2026-01-05T05:30:00Z');
    await looked();
    expect([await state(), await told()]).toEqual(['at risk', []]);
    clock.set('2026-01-05T06:01:00Z');
    await until(
      () => receiver.received.length === 1,
      () => 'it was sent',
    );
    expect(await told()).toEqual(['critical: orders 2026-01-05 was not done by 06:00 UTC']);
    expect(await state()).toBe('breached');
    // Somebody else watches from here on.
    await first.stop();
    start();
    clock.set('2026-01-05T07:00:00Z');
    await looked();
    await recordRun(catalog, '2026-01-05T07:10:00', '2026-01-05T07:40:00');
    clock.set('2026-01-05T08:00:00Z');
    await looked();
    expect([await state(), await told()]).toEqual(['ok', ['critical: orders 2026-01-05 was not done by 06:00 UTC']]);
    expect(receiver.received).toHaveLength(1);
  });

  test('tells nothing of what was done in time, or before somebody watched', async () => {
    const clock = clockAt('2026-01-05T09:00:00Z');
    const { catalog, start, looked, told, state } = await sceneOf({ finishBy: '06:00' }, clock, nightly);
    start();
    await looked();
    expect([await state(), await told()]).toEqual(['ok', []]);
    await recordRun(catalog, '2026-01-06T02:00:01', '2026-01-06T05:59:59');
    clock.set('2026-01-06T06:30:00Z');
    await looked();
    expect([await state(), await told()]).toEqual(['ok', []]);
  });

  test('a failed run does not keep it, nor one of an earlier time', async () => {
    const clock = clockAt('2026-01-05T00:00:00Z');
    const { catalog, start, looked, told } = await sceneOf({ finishBy: '06:00' }, clock, nightly);
    start();
    await looked();
    await recordRun(catalog, '2026-01-05T01:00:00', '2026-01-05T01:30:00');
    const { workflowId, runId } = await recordRun(catalog, '2026-01-05T02:00:00', '2026-01-05T02:30:00', { status: 'failed' });
    clock.set('2026-01-05T06:30:00Z');
    await looked();
    expect(await told()).toEqual(['critical: orders 2026-01-05 was not done by 06:00 UTC']);
    expect(await catalog.listAlerts({ kind: 'slo', limit: 1 })).toMatchObject([
      { workflowId, runId, text: expect.stringContaining(`${workflowId}@${runId}, is failed`) as string },
    ]);
  });

  test('what passed while nobody watched is told when somebody does: as missing, or as done late', async () => {
    const clock = clockAt('2026-01-05T00:00:00Z');
    const { catalog, start, looked, told, state } = await sceneOf({ finishBy: '06:00' }, clock, nightly);
    const first = start();
    await looked();
    await first.stop();
    await recordRun(catalog, '2026-01-05T02:00:00', '2026-01-05T09:00:00');
    clock.set('2026-01-06T08:00:00Z');
    start();
    await looked();
    expect(await told()).toEqual([
      'warning: orders 2026-01-05 was done later than 06:00 UTC',
      'critical: orders 2026-01-06 was not done by 06:00 UTC',
    ]);
    expect(await state()).toBe('breached');
  });

  test('a promise that is changed counts from then on', async () => {
    const clock = clockAt('2026-01-05T00:00:00Z');
    const { catalog, project, start, looked, told } = await sceneOf({ finishBy: '06:00' }, clock, nightly);
    const first = start();
    await looked();
    await first.stop();
    clock.set('2026-01-05T05:00:00Z');
    const stricter = {
      ...project,
      config: {
        ...project.config,
        pipelines: projectWith({}, { orders: { ...nightly, slo: { finishBy: '04:00' } } }).config.pipelines,
      },
    };
    watch(catalog, stricter, { now: clock.now });
    await looked();
    expect(await told()).toEqual([]);
    clock.set('2026-01-06T04:30:00Z');
    await looked();
    expect(await told()).toEqual(['critical: orders 2026-01-06 was not done by 04:00 UTC']);
  });
});

describe('freshness', () => {
  test('is told once each time that nothing has come for too long, and counts from the start where nothing ever came', async () => {
    const clock = clockAt('2026-01-05T00:00:00Z');
    const { catalog, start, looked, told, state } = await sceneOf({ freshness: '26 hours' }, clock);
    start();
    await looked();
    clock.forward(25);
    await looked();
    expect([await state(), await told()]).toEqual(['at risk', []]);
    clock.forward(2);
    await looked();
    clock.forward(1);
    await looked();
    expect([await state(), await told()]).toEqual(['breached', ['critical: orders has brought nothing for 26 hours']]);
    await recordRun(catalog, '2026-01-06T04:00:00', '2026-01-06T05:00:00');
    clock.set('2026-01-06T06:00:00Z');
    await looked();
    expect([await state(), (await told()).length]).toEqual(['ok', 1]);
    await recordRun(catalog, '2026-01-07T04:00:00', '2026-01-07T05:00:00', { status: 'failed' });
    clock.set('2026-01-07T08:00:00Z');
    await looked();
    expect([await state(), (await told()).length]).toEqual(['breached', 2]);
  });

  test('a gap that nobody saw while it lasted is told as over', async () => {
    const clock = clockAt('2026-01-05T00:00:00Z');
    const { catalog, start, looked, told, state } = await sceneOf({ freshness: '26 hours' }, clock);
    await recordRun(catalog, '2026-01-04T22:00:00', '2026-01-04T23:00:00');
    const first = start();
    await looked();
    await first.stop();
    await recordRun(catalog, '2026-01-06T02:00:00', '2026-01-06T03:00:00');
    await recordRun(catalog, '2026-01-07T02:00:00', '2026-01-07T03:00:00');
    clock.set('2026-01-07T04:00:00Z');
    start();
    await looked();
    expect([await state(), await told()]).toEqual(['ok', ['warning: orders brought nothing for longer than 26 hours']]);
  });
});

test('a run that took too long while nobody watched is told as late, once, and one of before is not', async () => {
  const clock = clockAt('2026-01-05T00:00:00Z');
  const { catalog, start, looked, told } = await sceneOf({ finishWithin: '2 hours' }, clock);
  await recordRun(catalog, '2026-01-04T01:00:00', '2026-01-04T09:00:00');
  const first = start();
  await looked();
  await first.stop();
  await recordRun(catalog, '2026-01-05T02:00:00', '2026-01-05T03:59:00');
  await recordRun(catalog, '2026-01-05T05:00:00', '2026-01-05T07:01:00', { status: 'failed' });
  await recordRun(catalog, '2026-01-05T09:00:00', '2026-01-05T11:30:00', { partition: '2026-01-04' });
  clock.set('2026-01-06T00:00:00Z');
  const second = start();
  await looked();
  await second.stop();
  start();
  clock.forward(1);
  await looked();
  expect(await told()).toEqual([
    'warning: orders took longer than 2 hours',
    'warning: orders 2026-01-04 took longer than 2 hours',
  ]);
});
