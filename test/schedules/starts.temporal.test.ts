import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ScheduleConfig } from '../../src/config/schedule.js';
import type { ScheduleTick } from '../../src/core/schedule.js';
import { describeRun, outcomeOf } from '../../src/temporal/describe-run.js';
import { startClock, type Clock } from './clock.js';

let clock: Clock;

beforeAll(async () => {
  clock = await startClock();
});

afterAll(() => clock?.stop());

const patience = { timeout: 60_000, interval: 100 };
const ticks = (pipeline: string) => clock.catalog.listTicks({ schedule: clock.id(pipeline) });

/** The tick that a condition waits for, the latest first. */
async function tickOf(pipeline: string, wanted: (tick: ScheduleTick) => boolean): Promise<ScheduleTick> {
  return vi.waitUntil(async () => (await ticks(pipeline)).find(wanted), patience);
}

/** Fires the schedule in Temporal as for the times between two, which have passed. */
async function fire(pipeline: string, from: string, to: string): Promise<void> {
  const handle = clock.temporal.client.schedule.getHandle(clock.id(pipeline));
  await handle.backfill({ start: new Date(from), end: new Date(to), overlap: 'ALLOW_ALL' });
}

const go = (workflowId: string) => clock.temporal.client.workflow.getHandle(workflowId).signal('go');
const apply = (schedules: Readonly<Record<string, ScheduleConfig>>) => clock.withSchedules(schedules).applySchedules({});

describe('a schedule', () => {
  test('starts a run by itself when its time comes, and its end is kept with the tick', async () => {
    await apply({ plain: { every: '1 second' } });
    const tick = await tickOf('plain', ({ ended }) => ended === 'completed');
    expect(tick).toMatchObject({ kind: 'schedule', outcome: 'started', pipeline: 'plain', partition: null, by: null });
    expect(tick.scheduledAt).toMatch(/:\d\d\.000Z$/);
    const run = { workflowId: String(tick.workflowId), runId: String(tick.runId) };
    expect(await outcomeOf(clock.temporal, run)).toMatchObject({ ok: true });
    await apply({});
    await clock.temporal.client.schedule
      .getHandle(clock.id('plain'))
      .delete()
      .catch(() => undefined);
  });

  test('starts the run of the day that had ended in its time zone, under its canonical id', async () => {
    await apply({ day: { cron: '0 2 * * *', timezone: 'Europe/Berlin', paused: true } });
    // Clocks go forward on that day: two o'clock is left out, and Temporal says what comes in its place.
    await fire('day', '2026-03-29T12:00:00Z', '2026-03-30T12:00:00Z');
    const tick = await tickOf('day', ({ ended }) => ended === 'completed');
    expect(tick).toMatchObject({
      scheduledAt: '2026-03-30T00:00:00.000Z',
      partition: '2026-03-29',
      workflowId: 'day/2026-03-29',
    });
  });

  test('tells that a run was refused, and why, and goes on with the next time', async () => {
    await apply({ month: { cron: '0 2 1 * *', paused: true } });
    await fire('month', '2026-02-28T00:00:00Z', '2026-03-02T00:00:00Z');
    expect(await tickOf('month', () => true)).toMatchObject({
      outcome: 'refused',
      code: 'PARAMETERS_INVALID',
      partition: '2026-02',
      reason: expect.stringContaining('2100-01') as unknown,
      workflowId: null,
    });
  });

  test('has a run that fails counted as started', async () => {
    await apply({ plain: { every: '30 days', paused: true, params: { fail: true } } });
    await clock.withSchedules({ plain: { every: '30 days' } }).triggerSchedule({ pipeline: 'plain' });
    const tick = await tickOf('plain', ({ kind, ended }) => kind === 'trigger' && ended !== null);
    expect(tick).toMatchObject({ outcome: 'started', ended: 'failed', by: expect.any(String) as unknown });
  });
});

describe('while the run of a partition is running', () => {
  const schedule: ScheduleConfig = { cron: '0 2 * * *', paused: true };
  // Each policy has a day of its own, which is what two task queues would share.
  const held = async (pipeline: string, dayNumber: string) => {
    const workflowId = `${pipeline}/2026-01-${dayNumber}`;
    const started = await clock.withSchedules({}).startRun({ pipeline, params: { day: `2026-01-${dayNumber}`, hold: true } });
    expect(started).toMatchObject({ workflowId, started: true });
    return { workflowId, runId: started.runId };
  };

  test('a scheduled start is skipped and says so, where the pipeline rejects', async () => {
    const run = await held('day', '10');
    await apply({ day: schedule });
    await fire('day', '2026-01-11T00:00:00Z', '2026-01-11T12:00:00Z');
    const tick = await tickOf('day', ({ scheduledAt }) => scheduledAt === '2026-01-11T02:00:00.000Z');
    expect(tick).toMatchObject({ outcome: 'skipped', code: 'RUN_ALREADY_RUNNING', workflowId: run.workflowId, ended: null });
    expect(tick.reason).toContain('onConflict is reject');
    await go(run.workflowId);
  });

  test('a scheduled start takes it as its own, where the pipeline reuses', async () => {
    const run = await held('dayOnce', '10');
    await apply({ dayOnce: schedule });
    await fire('dayOnce', '2026-01-11T00:00:00Z', '2026-01-11T12:00:00Z');
    expect(await tickOf('dayOnce', () => true)).toMatchObject({ outcome: 'reused', workflowId: run.workflowId });
    expect(await describeRun(clock.temporal, { workflowId: run.workflowId })).toMatchObject({
      runId: run.runId,
      state: 'running',
    });
    await go(run.workflowId);
  });

  test('a scheduled start has it cancelled and starts another, where the pipeline replaces', async () => {
    const run = await held('dayAgain', '10');
    await apply({ dayAgain: schedule });
    await fire('dayAgain', '2026-01-11T00:00:00Z', '2026-01-11T12:00:00Z');
    const tick = await tickOf('dayAgain', ({ ended }) => ended === 'completed');
    expect(tick).toMatchObject({ outcome: 'started', workflowId: run.workflowId });
    expect(tick.runId).not.toBe(run.runId);
    expect(await describeRun(clock.temporal, run)).toMatchObject({ state: 'cancelled' });
  });

  test('the schedule cancels it with the start that waits for it', async () => {
    await apply({ plain: { every: '30 days', paused: true, params: { hold: true } } });
    const operations = clock.withSchedules({ plain: { every: '30 days' } });
    const starter = await operations.triggerSchedule({ pipeline: 'plain' });
    const running = await tickOf('plain', ({ scheduledAt, runId }) => scheduledAt === starter.scheduledAt && runId !== null);
    await clock.temporal.client.workflow.getHandle(starter.workflowId).cancel();
    const tick = await tickOf('plain', ({ scheduledAt, ended }) => scheduledAt === starter.scheduledAt && ended !== null);
    expect(tick).toMatchObject({ ended: 'cancelled', runId: running.runId });
    expect(await outcomeOf(clock.temporal, starter)).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
  });
});

describe('times that were missed', () => {
  const range = { from: '2026-05-01T00:00:00Z', to: '2026-05-06T00:00:00Z' };
  const day: ScheduleConfig = { cron: '0 2 * * *', timezone: 'America/New_York', jitter: '10 minutes', paused: true };

  test('are listed with why, filled with one call, and then there are none', async () => {
    await apply({ day });
    const operations = clock.withSchedules({ day });
    await fire('day', '2026-05-02T00:00:00Z', '2026-05-02T12:00:00Z');
    await tickOf('day', ({ scheduledAt, ended }) => scheduledAt === '2026-05-02T06:00:00.000Z' && ended === 'completed');
    const { items } = await operations.listMissedTimes({ pipeline: 'day', ...range });
    expect(items).toEqual(
      ['2026-05-01', '2026-05-03', '2026-05-04', '2026-05-05'].map((date, index) => ({
        scheduledAt: `${date}T06:00:00.000Z`,
        partition: ['2026-04-30', '2026-05-02', '2026-05-03', '2026-05-04'][index],
        why: 'not made yet',
        reason: expect.stringContaining('was made at') as unknown,
      })),
    );
    const filled = await operations.fillMissedTimes({ pipeline: 'day', ...range });
    expect(filled.times).toEqual(items.map(({ scheduledAt }) => scheduledAt));
    const run = { workflowId: String(filled.workflowId), runId: String(filled.runId) };
    expect(await outcomeOf(clock.temporal, run)).toMatchObject({ ok: true });
    expect((await ticks('day')).filter(({ kind }) => kind === 'fill').map(({ partition, ended }) => [partition, ended])).toEqual([
      ['2026-05-04', 'completed'],
      ['2026-05-03', 'completed'],
      ['2026-05-02', 'completed'],
      ['2026-04-30', 'completed'],
    ]);
    expect((await operations.listMissedTimes({ pipeline: 'day', ...range })).items).toEqual([]);
    expect(await operations.fillMissedTimes({ pipeline: 'day', ...range })).toMatchObject({ times: [], workflowId: null });
  });

  test('are told with the pause that kept them', async () => {
    const plain: ScheduleConfig = { every: '1 second' };
    await apply({ plain });
    const operations = clock.withSchedules({ plain });
    await tickOf('plain', ({ kind, outcome }) => kind === 'schedule' && outcome === 'started');
    await operations.pauseSchedule({ pipeline: 'plain', reason: 'a strike' });
    const { pauses } = await operations.getSchedule({ pipeline: 'plain' });
    const since = Date.parse(String(pauses[0]?.pausedAt));
    const after = new Date(Math.ceil(since / 1000) * 1000 + 1000).toISOString();
    await vi.waitUntil(() => Date.now() > Date.parse(after) + 3_000, patience);
    const { items } = await operations.listMissedTimes({ pipeline: 'plain', from: after });
    expect(items.length).toBeGreaterThanOrEqual(3);
    expect(new Set(items.map(({ why }) => why))).toEqual(new Set(['paused']));
    expect(items[0]?.reason).toMatch(/^The schedule was paused at .* by .*: a strike\.$/);
  });

  test('are told with the run that was in the way', async () => {
    await apply({ plain: { every: '30 days', paused: true } });
    await apply({ plain: { every: '1 second', params: { hold: true } } });
    const operations = clock.withSchedules({ plain: { every: '1 second' } });
    const held = await tickOf('plain', ({ kind, ended }) => kind === 'schedule' && ended === null);
    const from = held.scheduledAt;
    await vi.waitUntil(async () => (await operations.listMissedTimes({ pipeline: 'plain', from })).items.length >= 2, patience);
    const { items } = await operations.listMissedTimes({ pipeline: 'plain', from });
    expect(items[0]).toMatchObject({
      why: 'overlap',
      reason: `The run of ${from} (${held.workflowId}) is still going, and overlap is skip.`,
    });
    await apply({ plain: { every: '1 second', paused: true } });
    await go(String(held.workflowId));
  });

  test('are told with the start that waits for a worker, and those that it keeps out; they are filled once at a time', async () => {
    const operations = clock.withSchedules({ plain: { every: '1 second' } }, `${clock.worker.taskQueue}-nobody`);
    await operations.applySchedules({});
    try {
      await vi.waitUntil(async () => (await operations.listMissedTimes({ pipeline: 'plain' })).items.length >= 3, patience);
      const { items } = await operations.listMissedTimes({ pipeline: 'plain' });
      expect(items.map(({ why }) => why).slice(-2)).toEqual(['overlap', 'overlap']);
      expect(items.filter(({ why }) => why === 'waiting')).toEqual([
        expect.objectContaining({ reason: expect.stringMatching(/waits for a worker of task queue ".*-nobody"/) as unknown }),
      ]);
      const from = items[1]?.scheduledAt;
      const filling = await operations.fillMissedTimes({ pipeline: 'plain', from });
      expect(filling).toMatchObject({ worker: false, workflowId: `millrace/${clock.worker.taskQueue}-nobody/plain/fill` });
      await expect(operations.fillMissedTimes({ pipeline: 'plain', from })).rejects.toMatchObject({
        code: 'SCHEDULE_FILLING',
        message: expect.stringContaining('temporal workflow cancel --workflow-id'),
      });
      await clock.temporal.client.workflow.getHandle(String(filling.workflowId)).terminate();
    } finally {
      const { client } = clock.temporal;
      await client.schedule.getHandle(`millrace/${clock.worker.taskQueue}-nobody/plain`).delete();
    }
  });

  test('are looked for in a range that makes sense only', async () => {
    const operations = clock.withSchedules({ day });
    await apply({ day, plain: { every: '1 second', paused: true } });
    await expect(operations.listMissedTimes({ pipeline: 'day', from: range.to, to: range.from })).rejects.toMatchObject({
      code: 'SCHEDULE_RANGE',
    });
    await expect(
      clock.withSchedules({}).listMissedTimes({ pipeline: 'plain', from: '2020-01-01T00:00:00Z' }),
    ).rejects.toMatchObject({ code: 'SCHEDULE_RANGE', message: expect.stringContaining('10000') as unknown });
    expect((await operations.listMissedTimes({ pipeline: 'day', from: '2100-01-01T00:00:00Z' })).items).toEqual([]);
  });

  test('are neither told nor filled of a time of which nobody knows any more what it came to', async () => {
    const operations = clock.withSchedules({ day });
    await apply({ day });
    const lately = new Date(Date.now() - 40 * 86_400_000).toISOString();
    const tick: ScheduleTick = {
      schedule: clock.id('day'),
      pipeline: 'day',
      scheduledAt: '2026-06-02T06:00:00.000Z',
      kind: 'schedule',
      by: null,
      partition: null,
      outcome: 'started',
      code: null,
      reason: null,
      workflowId: 'day/2026-06-01',
      runId: 'long gone',
      starterRunId: 'long gone',
      decidedAt: '2026-06-02T06:00:01.000Z',
      endedAt: '2026-06-02T06:00:02.000Z',
      ended: 'completed',
    };
    await clock.catalog.recordTick(tick);
    await clock.catalog.recordTick({ ...tick, scheduledAt: lately, starterRunId: 'later', decidedAt: lately, endedAt: lately });
    await clock.catalog.removeTicks(lately, 10);
    const asked = { pipeline: 'day', from: '2026-06-01T00:00:00Z', to: '2026-06-04T00:00:00Z' };
    const refused = {
      code: 'SCHEDULE_RANGE',
      message: expect.stringContaining(
        'Look from 2026-06-02T06:00:00.001Z on; to run what is older, start a backfill',
      ) as unknown,
    };
    await expect(operations.listMissedTimes(asked)).rejects.toMatchObject(refused);
    await expect(operations.fillMissedTimes(asked)).rejects.toMatchObject(refused);
    const { items } = await operations.listMissedTimes({ ...asked, from: '2026-06-02T06:00:00.001Z' });
    expect(items.map(({ scheduledAt }) => scheduledAt)).toEqual(['2026-06-03T06:00:00.000Z']);
  });
});
