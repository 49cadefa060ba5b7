import { expect, test } from 'vitest';
import { onBothDatabases } from './fresh-catalog.js';
import { anAlert } from '../alerts/scene.js';
import { at, manifest, RUN, runStarted, validateFinished } from './sample-facts.js';

const NEVER = '2030-01-01T00:00:00.000Z';
const anyRun = (changes: Parameters<typeof runStarted>[0]) => runStarted({ pipeline: 'orders', ...changes });

onBothDatabases((fresh) => {
  test('a delivery goes from hand to hand: claimed by one, lost with its claim, and ended by who holds it', async () => {
    const { catalog } = await fresh();
    const alert = anAlert();
    await catalog.raiseAlert(alert);
    expect(await catalog.listUnrouted(10)).toEqual([alert]);
    const routing = { key: alert.key, channels: ['a', 'b'], heldBack: false, at: at(0), giveUpAt: NEVER };
    expect([await catalog.routeAlert(routing), await catalog.routeAlert({ ...routing, channels: ['c'] })]).toEqual([true, false]);
    expect(await catalog.listUnrouted(10)).toEqual([]);
    const first = await catalog.claimDelivery('a', at(1), at(60));
    expect(first).toMatchObject({ alert, channel: 'a', attempts: 1, giveUpAt: NEVER });
    expect(await catalog.claimDelivery('a', at(59), at(120))).toBeUndefined();
    const second = await catalog.claimDelivery('a', at(60), at(120));
    expect(second).toMatchObject({ attempts: 2 });
    if (!first || !second) throw new Error('nothing was claimed');
    expect(await catalog.endDelivery(first, { state: 'sent', at: at(61) })).toBe(false);
    expect(await catalog.endDelivery(second, { state: 'pending', dueAt: at(90), error: 'gone' })).toBe(true);
    const third = await catalog.claimDelivery('a', at(90), at(150));
    if (!third) throw new Error('nothing was claimed');
    await catalog.endDelivery(third, { state: 'dead', at: at(91), error: 'refused' });
    expect(await catalog.findAlert(alert.key)).toEqual({
      ...alert,
      heldBack: false,
      acknowledged: null,
      deliveries: [
        { alert: alert.key, channel: 'a', state: 'dead', attempts: 3, dueAt: null, endedAt: at(91), error: 'refused' },
        { alert: alert.key, channel: 'b', state: 'pending', attempts: 0, dueAt: at(0), endedAt: null, error: null },
      ],
    });
    expect(await catalog.retryDeliveries(alert.key, at(100), NEVER)).toEqual(['a']);
    expect(await catalog.claimDelivery('a', at(100), at(160))).toMatchObject({ attempts: 1 });
  });

  test('what is to go to a channel that is no longer there is given up after its time', async () => {
    const { catalog } = await fresh();
    const alert = anAlert();
    await catalog.raiseAlert(alert);
    await catalog.routeAlert({ key: alert.key, channels: ['gone'], heldBack: false, at: at(0), giveUpAt: at(100) });
    await catalog.expireDeliveries(at(100));
    expect(await catalog.listAlerts({ state: 'dead', limit: 9 })).toEqual([]);
    await catalog.expireDeliveries(at(101));
    expect(await catalog.listAlerts({ state: 'dead', limit: 9 })).toMatchObject([
      { deliveries: [{ channel: 'gone', error: expect.stringContaining('the config has none') as string }] },
    ]);
  });

  test('alerts are listed latest first, by kind, pipelines, run and state, page by page, and acknowledged once', async () => {
    const { catalog } = await fresh();
    const [one, two, three] = [anAlert(), anAlert({ kind: 'slo', runId: 'r-2' }), anAlert({ pipeline: undefined })];
    for (const alert of [one, two, three]) await catalog.raiseAlert(alert);
    const keys = async (filter: object): Promise<string[]> =>
      (await catalog.listAlerts({ limit: 9, ...filter })).map(({ key }) => key);
    expect(await keys({})).toEqual([three.key, two.key, one.key]);
    expect(await keys({ after: three, limit: 1 })).toEqual([two.key]);
    expect(await keys({ kind: 'slo' })).toEqual([two.key]);
    expect(await keys({ pipelines: ['orders'] })).toEqual([two.key, one.key]);
    expect(await keys({ pipelines: [] })).toEqual([]);
    expect(await keys({ runId: 'r-2' })).toEqual([two.key]);
    expect(await catalog.acknowledgeAlert(one.key, 'ada', at(5), 'known')).toBe(true);
    expect(await catalog.acknowledgeAlert(one.key, 'bob', at(6), null)).toBe(false);
    expect(await catalog.findAlert(one.key)).toMatchObject({ acknowledged: { at: at(5), by: 'ada', why: 'known' } });
    expect([await keys({ state: 'acknowledged' }), await keys({ state: 'open' })]).toEqual([[one.key], [three.key, two.key]]);
    expect(await keys({ state: 'pending' })).toEqual([three.key, two.key, one.key]);
  });

  test('ends that nobody was told of are found once: not those that a person wanted, nor those of a backfill', async () => {
    const { catalog } = await fresh();
    expect(await catalog.watchedSince('ends', at(0))).toBe(at(0));
    expect(await catalog.watchedSince('ends', at(50))).toBe(at(0));
    const end = async (runId: string, status: 'failed' | 'cancelled' | 'completed', partition?: string, finishedAt = at(20)) => {
      await catalog.recordRunStarted(anyRun({ workflowId: `w-${runId}`, runId, partition, startedAt: at(10) }));
      const error = { code: 'STEP_FAILED', message: 'no' };
      await catalog.recordRunFinished({
        workflowId: `w-${runId}`,
        runId,
        status,
        finishedAt,
        ...(status === 'failed' && { error }),
      });
    };
    await end('failed', 'failed', '2026-03');
    await end('cancelled', 'cancelled');
    await end('completed', 'completed');
    await end('filled', 'failed', '2026-01');
    await end('left-out', 'failed', '2026-02');
    await end('before', 'failed', undefined, at(-5));
    const request = {
      pipeline: 'orders',
      from: '2026-01',
      to: '2026-02',
      only: 'missing' as const,
      concurrency: 1,
      params: {},
      stopOnFailure: false,
      by: 'ada',
    };
    const head = { request, status: 'failed' as const, startedAt: at(5), finishedAt: at(30), error: null, change: 2 };
    await catalog.recordBackfill({
      backfill: 'b-1',
      head,
      partitions: [
        { partition: '2026-01', status: 'failed', attempts: 2, runId: 'later', change: 1, at: at(25) },
        { partition: '2026-02', status: 'left out', attempts: 0, change: 1, at: at(25) },
      ],
    });
    const failures = await catalog.listUntoldFailures(at(0), 9);
    expect(failures.map(({ runId }) => runId).toSorted()).toEqual(['failed', 'left-out']);
    expect(failures[0]?.error).toEqual({ code: 'STEP_FAILED', message: 'no' });
    expect(await catalog.listUntoldBackfills(at(0), 9)).toEqual([{ backfill: 'b-1', finishedAt: at(30) }]);
    await catalog.raiseAlert(anAlert({ key: 'run-failed/failed' }));
    await catalog.raiseAlert(anAlert({ key: `backfill-done/b-1/${at(30)}` }));
    expect((await catalog.listUntoldFailures(at(0), 9)).map(({ runId }) => runId)).toEqual(['left-out']);
    expect(await catalog.listUntoldBackfills(at(0), 9)).toEqual([]);
  });

  test('rejects over a bound are found once, of the pipelines that it is for', async () => {
    const { catalog } = await fresh();
    await catalog.recordRunStarted(runStarted());
    await catalog.recordStepFinished(validateFinished());
    expect(manifest().verdict).toMatchObject({ rowsRead: 100, rejected: 3 });
    const found = async (share: number, more: object = {}): Promise<number> =>
      (await catalog.listUntoldRejects(at(0), { share, ...more }, 9)).length;
    expect([await found(0), await found(0.029), await found(0.03), await found(0.5)]).toEqual([1, 1, 0, 0]);
    expect(await found(0, { pipelines: [runStarted().pipeline] })).toBe(1);
    expect(await found(0, { pipelines: [] })).toBe(0);
    expect(await found(0, { except: [runStarted().pipeline] })).toBe(0);
    expect(await catalog.listUntoldRejects(at(3), { share: 0 }, 9)).toEqual([]);
    await catalog.raiseAlert(anAlert({ key: `rejects/${RUN.runId}/validate:flights` }));
    expect(await found(0)).toBe(0);
  });

  test('what is fresh is what completed, or what a run that goes on has loaded', async () => {
    const { catalog } = await fresh();
    expect(await catalog.lastFresh('orders')).toBeNull();
    const end = async (runId: string, status: 'failed' | 'completed', second: number) => {
      await catalog.recordRunStarted(anyRun({ workflowId: runId, runId, startedAt: at(second - 5) }));
      await catalog.recordRunFinished({ workflowId: runId, runId, status, finishedAt: at(second) });
    };
    await end('one', 'completed', 10);
    await end('two', 'completed', 30);
    await end('three', 'failed', 40);
    expect(await catalog.lastFresh('orders')).toBe(at(30));
    expect(await catalog.firstCompleted({ pipeline: 'orders' })).toMatchObject({ runId: 'one' });
    expect(await catalog.firstCompleted({ pipeline: 'orders', finishedAfter: at(10) })).toMatchObject({ runId: 'two' });
    expect(await catalog.firstCompleted({ pipeline: 'orders', startedSince: at(26) })).toBeUndefined();
    expect((await catalog.listRunsEndedSince('orders', at(20), 9)).map(({ runId }) => runId)).toEqual(['two', 'three']);
  });
});
