import { expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/index.js';
import { webhook } from '../../src/config/alerts.js';
import { channelsOf } from '../../src/alerts/route.js';
import { until } from '../support/until.js';
import { runStarted, validateFinished } from '../catalog/sample-facts.js';
import { alertOnce, all, anAlert, catalogOf, projectWith, watch } from './scene.js';
import { startReceiver } from './receiver.js';

/** Ten seconds after the facts of the samples. */
const now = (): number => Date.UTC(2026, 10, 1, 0, 0, 10);

async function titles(catalog: Catalog, count: number): Promise<string[]> {
  await until(
    async () => (await catalog.listAlerts({ limit: 100 })).length >= count,
    () => `${count} alerts are there`,
  );
  return (await catalog.listAlerts({ limit: 100 })).map(({ severity, title }) => `${severity}: ${title}`).toSorted();
}

test('a run that failed is told once, with why and what to do, and its rejects where there are too many', async () => {
  const project = projectWith({ rejects: 0.02 }, { flightDelays: {}, other: { alerts: { rejects: 0.5 } } });
  const catalog = await catalogOf(project);
  await catalog.watchedSince('ends', '2026-10-31T00:00:00.000Z');
  const error = { code: 'STEP_FAILED', message: 'load:delays failed: no room left. [STEP_FAILED]' };
  await catalog.recordRunStarted(runStarted());
  await catalog.recordStepFinished(validateFinished());
  await catalog.recordRunFinished({ ...runStarted(), status: 'failed', finishedAt: '2026-11-01T00:00:05.000Z', error });
  // The same rows of a pipeline that may reject half of them.
  const other = { workflowId: 'other', runId: 'run-2' };
  await catalog.recordRunStarted(runStarted({ ...other, pipeline: 'other' }));
  await catalog.recordStepFinished({ ...validateFinished(), ...other });
  watch(catalog, project, { now });
  expect(await titles(catalog, 2)).toEqual([
    'critical: flightDelays 2001-01 failed',
    'warning: flightDelays 2001-01 rejected 3 % of its rows',
  ]);
  const failed = await catalog.findAlert('run-failed/run-1');
  expect(failed?.text).toBe(
    [
      'load:delays failed: no room left. [STEP_FAILED]',
      '',
      'Run: flightDelays/2001-01@run-1, ended at 2026-11-01T00:00:05.000Z.',
      'Owner: data@example.com.',
      'Look at it with `millrace show flightDelays/2001-01@run-1`; when its cause is gone, go on from where it failed with `millrace retry flightDelays/2001-01@run-1`.',
    ].join('\n'),
  );
  expect(await catalog.findAlert('rejects/run-1/validate:flights')).toMatchObject({
    kind: 'rejects',
    details: { step: 'validate:flights', rowsRead: 100, rejected: 3, bound: 0.02 },
    text: expect.stringContaining('validate:flights rejected 3 of 100 rows; more than 2 % is an alert.') as string,
  });
});

test('a run that another one replaced is told as that, and wakes nobody', async () => {
  const project = projectWith({}, { flightDelays: {} });
  const catalog = await catalogOf(project);
  await catalog.watchedSince('ends', '2026-10-31T00:00:00.000Z');
  const error = { code: 'RUN_REPLACED', message: 'Another start took its place.' };
  await catalog.recordRunStarted(runStarted());
  await catalog.recordRunClosed({ ...runStarted(), status: 'terminated', finishedAt: '2026-11-01T00:00:05.000Z', error });
  const killed = { workflowId: 'killed', runId: 'run-2' };
  await catalog.recordRunStarted(runStarted(killed));
  const kill = { code: 'RUN_TERMINATED', message: 'The run was terminated by ada.' };
  await catalog.recordRunClosed({ ...killed, status: 'terminated', finishedAt: '2026-11-01T00:00:06.000Z', error: kill });
  watch(catalog, project, { now });
  expect(await titles(catalog, 2)).toEqual([
    'critical: flightDelays 2001-01 was terminated',
    'info: flightDelays 2001-01 was replaced by a later run',
  ]);
  expect(await catalog.findAlert('run-replaced/run-1')).toMatchObject({
    kind: 'run replaced',
    text: expect.stringContaining('Another start took its place.') as string,
  });
  // Told once: it is in no list of what is still to be told.
  expect(await catalog.listUntoldFailures('2026-10-31T00:00:00.000Z', 10)).toEqual([]);
});

test('what had failed before anybody watched is told to nobody', async () => {
  const project = projectWith({}, { flightDelays: {} });
  const catalog = await catalogOf(project);
  await catalog.recordRunStarted(runStarted());
  await catalog.recordRunFinished({ ...runStarted(), status: 'failed', finishedAt: '2026-11-01T00:00:05.000Z' });
  await catalog.watchedSince('ends', '2026-11-01T00:00:10.000Z');
  watch(catalog, project, { now });
  await catalog.recordRunStarted(runStarted({ workflowId: 'later', runId: 'run-2' }));
  await catalog.recordRunFinished({
    workflowId: 'later',
    runId: 'run-2',
    status: 'failed',
    finishedAt: '2026-11-01T00:00:11.000Z',
  });
  expect(await titles(catalog, 1)).toEqual(['critical: flightDelays 2001-01 failed']);
  expect((await catalog.listAlerts({ limit: 9 }))[0]?.runId).toBe('run-2');
});

test('a backfill is told once, with what it did not do, and its runs are not', async () => {
  const project = projectWith({}, { flightDelays: {} });
  const catalog = await catalogOf(project);
  await catalog.watchedSince('ends', '2026-10-01T00:00:00.000Z');
  const request = { pipeline: 'flightDelays', from: '2001-01', to: '2001-03', only: 'all', concurrency: 2 } as const;
  const head = {
    request: { ...request, params: {}, stopOnFailure: false, by: 'ada' },
    status: 'failed',
    startedAt: '2026-11-01T00:00:00.000Z',
    finishedAt: '2026-11-01T00:00:09.000Z',
    error: null,
    change: 4,
  } as const;
  const done = { attempts: 1, change: 3, at: '2026-11-01T00:00:08.000Z' };
  await catalog.recordBackfill({
    backfill: 'backfill/flightDelays/1',
    head,
    partitions: [
      { partition: '2001-01', status: 'failed', runId: 'run-1', ...done },
      { partition: '2001-02', status: 'completed', runId: 'run-2', ...done },
      { partition: '2001-03', status: 'waiting', ...done },
    ],
  });
  await catalog.recordRunStarted(runStarted());
  await catalog.recordRunFinished({ ...runStarted(), status: 'failed', finishedAt: '2026-11-01T00:00:05.000Z' });
  watch(catalog, project, { now });
  expect(await titles(catalog, 1)).toEqual([
    'warning: The backfill of flightDelays from 2001-01 to 2001-03 ended with 2 of its partitions not done',
  ]);
});

test('of a flood so many are sent as the config says, one more says so, and the rest is kept', async () => {
  const receiver = await startReceiver();
  const project = projectWith({ channels: { ops: webhook({ url: receiver.url }) }, mostPerHour: 3 }, { orders: {} });
  const catalog = await catalogOf(project);
  const [flood, others] = [
    Array.from({ length: 8 }, () => anAlert()),
    [anAlert({ kind: 'rejects' }), anAlert({ pipeline: 'sales' })],
  ];
  for (const alert of [...flood, ...others]) await catalog.raiseAlert(alert);
  let later = 0;
  watch(catalog, project, { now: () => now() + later });
  await until(
    () => receiver.received.length === 6,
    () => `six are sent, and not ${receiver.received.length}`,
  );
  const sent = receiver.received.map(({ body }) => body.alert.title);
  expect(sent).toEqual(expect.arrayContaining([...flood.slice(0, 3), ...others].map(({ title }) => title)));
  expect(sent.filter((title) => title.startsWith('More than 3 alerts "run failed" about orders within an hour'))).toHaveLength(1);
  expect((await catalog.listAlerts({ limit: 99 })).filter(({ heldBack }) => heldBack)).toHaveLength(5);
  later = 3_700_000;
  const next = anAlert();
  await catalog.raiseAlert(next);
  await alertOnce(catalog, next.key, all('sent'));
});

test('an alert goes to the channels of every rule that it fits, once each', () => {
  const channel = webhook({ url: 'https://example.com' });
  const pipelines = { orders: { owner: 'sales', tags: ['night'] }, bills: { owner: 'books' } };
  const project = projectWith(
    {
      channels: { a: channel, b: channel, c: channel },
      rules: [
        { to: ['a', 'b'], severities: ['critical'], owners: ['sales'] },
        { to: 'b', tags: ['night', 'day'] },
        { to: 'c', kinds: ['slo'], pipelines: ['bills'] },
      ],
    },
    pipelines,
  );
  const to = (changes: object): string[] => channelsOf(anAlert(changes), project);
  expect(to({})).toEqual(['a', 'b']);
  expect(to({ severity: 'info' })).toEqual(['b']);
  expect(to({ pipeline: 'bills', kind: 'slo' })).toEqual(['c']);
  expect(to({ pipeline: 'bills' })).toEqual([]);
  expect(to({ pipeline: 'gone' })).toEqual([]);
  expect(to({ pipeline: undefined })).toEqual([]);
});
