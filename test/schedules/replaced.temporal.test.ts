import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ScheduleConfig } from '../../src/config/schedule.js';
import type { ScheduleTick } from '../../src/core/schedule.js';
import { startClock, type Clock } from './clock.js';

let clock: Clock;

beforeAll(async () => {
  clock = await startClock();
});

afterAll(() => clock?.stop());

const patience = { timeout: 60_000, interval: 100 };
const ticks = () => clock.catalog.listTicks({ schedule: clock.id('turn') });
const go = (workflowId: string) => clock.temporal.client.workflow.getHandle(workflowId).signal('go');
const apply = (turn: ScheduleConfig) => clock.withSchedules({ turn }).applySchedules({});

/** The tick that a condition waits for, the latest first. */
async function tickOf(wanted: (tick: ScheduleTick) => boolean): Promise<ScheduleTick> {
  return vi.waitUntil(async () => (await ticks()).find(wanted), patience);
}

describe('a schedule that terminates what still goes on when its next time comes', () => {
  const endOf = (runId: string | null) =>
    vi.waitUntil(async () => {
      const runs = await clock.catalog.listRuns({ pipeline: 'turn', statuses: ['terminated'], limit: 50 });
      return runs.find((run) => run.runId === runId);
    }, patience);

  test('has the run told as replaced, by an alert of that kind', async () => {
    await apply({ every: '2 seconds', overlap: 'terminateOther', params: { hold: true } });
    const { runId } = await tickOf(
      ({ outcome, ended, decidedAt }) => outcome === 'started' && ended === null && Date.now() - Date.parse(decidedAt) < 5_000,
    );
    expect(await endOf(runId)).toMatchObject({ error: { code: 'RUN_REPLACED' } });
    await vi.waitUntil(async () => clock.catalog.findAlert(`run-replaced/${runId}`), patience);
    expect(await clock.catalog.findAlert(`run-failed/${runId}`)).toBeUndefined();
  });

  test('leaves one as terminated whose start somebody ends, and tells who', async () => {
    await apply({ every: '30 days', overlap: 'terminateOther', params: { hold: true } });
    const operations = clock.withSchedules({ turn: { every: '30 days' } });
    const starter = await operations.triggerSchedule({ pipeline: 'turn' });
    const { runId } = await tickOf((tick) => tick.scheduledAt === starter.scheduledAt && tick.runId !== null);
    await clock.temporal.client.workflow.getHandle(starter.workflowId).terminate('in the way');
    const ended = await endOf(runId);
    expect(ended).toMatchObject({ error: { code: 'RUN_TERMINATED' } });
    expect(ended.error?.message).toContain(`was terminated with ${starter.workflowId} by `);
    expect(ended.error?.message).toContain(': in the way.');
    await vi.waitUntil(async () => clock.catalog.findAlert(`run-failed/${runId}`), patience);
  });

  test('knows what has ended of what it started, though no start could tell', async () => {
    const running = async () => (await ticks()).filter(({ outcome, ended }) => outcome === 'started' && ended === null);
    for (const { workflowId } of await running()) await go(String(workflowId));
    await vi.waitUntil(async () => (await running()).length === 0, patience);
    const started = (await ticks()).filter(({ outcome }) => outcome === 'started');
    expect(started.filter(({ endedAt }) => endedAt === null)).toEqual([]);
  });
});
