import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ScheduleConfig } from '../../src/config/schedule.js';
import { startClock, type Clock } from './clock.js';

let clock: Clock;

beforeAll(async () => {
  clock = await startClock();
});

afterAll(() => clock?.stop());

/** What apply says of each schedule of the project, and does unless told not to. */
async function apply(schedules: Readonly<Record<string, ScheduleConfig>>, dryRun = false) {
  const { changes } = await clock.withSchedules(schedules).applySchedules({ dryRun });
  return Object.fromEntries(changes.map(({ pipeline, ...rest }) => [pipeline, rest]));
}

const handle = (pipeline: string) => clock.temporal.client.schedule.getHandle(clock.id(pipeline));

describe('apply', () => {
  test('makes a schedule with everything the config says, and finds nothing to change afterwards', async () => {
    const day: ScheduleConfig = {
      cron: ['30 2 * * MON-FRI', '0 4 1,15 * *'],
      timezone: 'Europe/Berlin',
      overlap: 'bufferOne',
      catchUp: '2 days',
      jitter: '5 minutes',
      start: '2100-01-01',
      end: '2101-01-01T00:00:00Z',
      params: { hold: true },
    };
    expect(await apply({ day }, true)).toMatchObject({
      day: { change: 'created', times: '30 2 * * MON-FRI; 0 4 1,15 * * Europe/Berlin' },
    });
    await expect(handle('day').describe()).rejects.toThrow('not found');
    await apply({ day });
    const { spec, policies, action, memo } = await handle('day').describe();
    expect(spec).toMatchObject({
      timezone: 'Europe/Berlin',
      jitter: 300_000,
      startAt: new Date('2099-12-31T23:00:00Z'),
      endAt: new Date('2101-01-01T00:00:00Z'),
    });
    expect(policies).toMatchObject({ overlap: 'BUFFER_ONE', catchupWindow: 172_800_000 });
    expect(action).toMatchObject({ workflowType: 'millrace.start', taskQueue: clock.worker.taskQueue });
    expect(memo).toEqual({ millrace: { owner: clock.worker.taskQueue } });
    expect(await apply({ day })).toEqual({ day: expect.objectContaining({ change: 'unchanged', differences: [], note: null }) });
  });

  test('tells each changed field before and after, and sets it', async () => {
    await apply({ plain: { every: '15 minutes', paused: true } });
    const changed: ScheduleConfig = {
      every: '1 hour',
      offset: '5 minutes',
      overlap: 'allowAll',
      paused: true,
      params: { hold: true },
    };
    const told = {
      change: 'changed',
      differences: [
        { field: 'every', before: '15 minutes', after: '1 hour' },
        { field: 'offset', before: 'none', after: '5 minutes' },
        { field: 'overlap', before: 'skip', after: 'allowAll' },
        { field: 'params', before: '{}', after: '{"hold":true}' },
      ],
    };
    expect((await apply({ plain: changed }, true))['plain']).toMatchObject(told);
    expect((await apply({ plain: changed }))['plain']).toMatchObject(told);
    expect((await apply({ plain: changed }))['plain']).toMatchObject({ change: 'unchanged' });
    expect((await apply({ plain: { cron: '0 5 * * *', paused: true } }))['plain']).toMatchObject({
      differences: expect.arrayContaining([{ field: 'cron', before: 'none', after: '0 5 * * *' }]) as unknown,
    });
  });

  test('sees what somebody has edited in Temporal, and sets it back', async () => {
    const dayOnce: ScheduleConfig = { cron: '0 2 * * *', paused: true };
    await apply({ dayOnce });
    await handle('dayOnce').update((before) => ({
      ...before,
      spec: { cronExpressions: ['0 3 * * *'], timezone: 'Asia/Tokyo' },
      policies: { ...before.policies, overlap: 'ALLOW_ALL' },
    }));
    expect((await apply({ dayOnce }))['dayOnce']?.differences).toEqual([
      { field: 'cron', before: '0 3 * * *', after: '0 2 * * *' },
      { field: 'timezone', before: 'Asia/Tokyo', after: 'UTC' },
      { field: 'overlap', before: 'allowAll', after: 'skip' },
    ]);
    expect((await apply({ dayOnce }))['dayOnce']?.change).toBe('unchanged');
  });

  test('leaves paused what an operator has paused, and says so, until the config itself says otherwise', async () => {
    const month: ScheduleConfig = { cron: '0 2 1 * *' };
    await apply({ month });
    await handle('month').pause('the source is being moved');
    const unchanged = (await apply({ month }))['month'];
    expect(unchanged).toMatchObject({
      change: 'unchanged',
      note: 'paused by an operator (the source is being moved): it stays paused',
    });
    const changed = (await apply({ month: { cron: '0 3 1 * *' } }))['month'];
    expect(changed).toMatchObject({ change: 'changed', note: expect.stringContaining('stays paused') as unknown });
    expect((await handle('month').describe()).state).toMatchObject({ paused: true, note: 'the source is being moved' });
    await handle('month').unpause();
    const paused = (await apply({ month: { cron: '0 3 1 * *', paused: true } }))['month'];
    expect(paused?.differences).toEqual([{ field: 'paused', before: 'active', after: 'paused' }]);
    expect((await handle('month').describe()).state.paused).toBe(true);
    const resumed = (await apply({ month: { cron: '0 3 1 * *' } }))['month'];
    expect(resumed?.differences).toEqual([{ field: 'paused', before: 'paused', after: 'active' }]);
    expect((await handle('month').describe()).state).toMatchObject({ paused: false });
  });

  test("removes what the config has no more, and leaves alone what is somebody else's, of whatever name", async () => {
    const { client } = clock.temporal;
    const action = { type: 'startWorkflow', workflowType: 'theirs', taskQueue: 'theirs' } as const;
    const spec = { intervals: [{ every: '30 days' }] };
    const beside = await client.schedule.create({
      scheduleId: `${clock.id('gone')}-theirs`,
      spec,
      action,
      state: { paused: true },
    });
    const inTheWay = await client.schedule.create({ scheduleId: clock.id('dayAgain'), spec, action, state: { paused: true } });
    try {
      await apply({ plain: { every: '1 day', paused: true } });
      await vi.waitUntil(async () => (await apply({}, true))['plain']?.change === 'removed', { timeout: 30_000, interval: 200 });
      const changes = await apply({ dayAgain: { every: '1 day', paused: true } });
      expect(changes['plain']).toMatchObject({ change: 'removed', times: 'every 1 day' });
      expect(changes['dayAgain']).toMatchObject({
        change: 'refused',
        note: expect.stringContaining('theirs on theirs') as unknown,
      });
      await expect(handle('plain').describe()).rejects.toThrow('not found');
      expect((await inTheWay.describe()).action.workflowType).toBe('theirs');
      expect((await beside.describe()).action.workflowType).toBe('theirs');
      const operations = clock.withSchedules({ dayAgain: { every: '1 day' } });
      await expect(operations.pauseSchedule({ pipeline: 'dayAgain' })).rejects.toMatchObject({ code: 'SCHEDULE_FOREIGN' });
    } finally {
      await beside.delete();
      await inTheWay.delete();
    }
  });
});

describe('a schedule', () => {
  test('is listed with its state and next times, and shown with what the config would change', async () => {
    await apply({ day: { cron: '0 2 * * *' }, plain: { every: '1 hour', paused: true } });
    const operations = clock.withSchedules({ day: { cron: '0 3 * * *' }, dayOnce: { every: '1 day' } });
    await vi.waitUntil(async () => (await clock.withSchedules({}).listSchedules({})).items.length >= 2, {
      timeout: 30_000,
      interval: 200,
    });
    const { items } = await operations.listSchedules({});
    expect(items.map(({ pipeline, state }) => [pipeline, state])).toEqual(
      expect.arrayContaining([
        ['day', 'active'],
        ['dayOnce', 'not applied'],
        ['plain', 'not in the config'],
      ]),
    );
    expect(items.find(({ pipeline }) => pipeline === 'day')?.nextTimes[0]).toMatch(/T02:00:00\.000Z$/);
    expect(await operations.getSchedule({ pipeline: 'day' })).toMatchObject({
      applied: { cron: ['0 2 * * *'] },
      wanted: { cron: ['0 3 * * *'] },
      differences: [{ field: 'cron', before: '0 2 * * *', after: '0 3 * * *' }],
    });
    await expect(operations.getSchedule({ pipeline: 'month' })).rejects.toMatchObject({ code: 'SCHEDULE_UNKNOWN' });
    await expect(operations.getSchedule({ pipeline: 'days' })).rejects.toMatchObject({ code: 'PIPELINE_UNKNOWN' });
    await expect(operations.pauseSchedule({ pipeline: 'dayOnce' })).rejects.toMatchObject({
      code: 'SCHEDULE_UNKNOWN',
      message: expect.stringContaining('millrace apply') as unknown,
    });
  });

  test('is paused and resumed, with who and why', async () => {
    await apply({ day: { cron: '0 2 * * *' } });
    const operations = clock.withSchedules({ day: { cron: '0 2 * * *' } });
    const paused = await operations.pauseSchedule({ pipeline: 'day', reason: 'a strike' });
    expect(paused).toMatchObject({
      state: 'paused',
      nextTimes: [],
      note: expect.stringMatching(/^paused by .+: a strike$/) as unknown,
    });
    const resumed = await operations.resumeSchedule({ pipeline: 'day' });
    expect(resumed).toMatchObject({ state: 'active', note: expect.stringMatching(/^resumed by /) as unknown });
    const { pauses } = await operations.getSchedule({ pipeline: 'day' });
    expect(pauses).toEqual([expect.objectContaining({ reason: 'a strike', resumedAt: expect.any(String) as unknown })]);
  });
});
