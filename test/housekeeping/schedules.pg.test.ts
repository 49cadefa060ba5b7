import { expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/index.js';
import type { ScheduleTick } from '../../src/core/schedule.js';
import { onBothDatabases } from '../catalog/fresh-catalog.js';
import { temporaryFolder } from '../support/folder.js';
import { ago, DAY_MS, lay, sweepAll, type SceneRun } from './scenario.js';

const schedule = 'millrace/queue/report';
const RETENTION = { catalog: 100 * DAY_MS };

/** A time so many days ago, for which a run was started that has completed unless it goes on. */
function ticked(age: number, run: Partial<ScheduleTick> = {}): ScheduleTick {
  const at = ago(age);
  return {
    schedule,
    pipeline: 'report',
    scheduledAt: at,
    kind: 'schedule',
    by: null,
    partition: null,
    outcome: 'started',
    code: null,
    reason: null,
    workflowId: 'of report',
    runId: `run ${age}`,
    starterRunId: `starter ${age}`,
    decidedAt: at,
    endedAt: at,
    ended: 'completed',
    ...run,
  };
}

async function record(catalog: Catalog, ticks: readonly ScheduleTick[]): Promise<void> {
  for (const tick of ticks) await catalog.recordTick(tick);
}

const timesIn = async (catalog: Catalog) => (await catalog.listTicks({ schedule })).map(({ scheduledAt }) => scheduledAt);

onBothDatabases((fresh) => {
  test('what times of a schedule came to goes when it is old, and up to when is noted', async () => {
    const { catalog } = await fresh();
    await record(catalog, [ticked(300), ticked(200), ticked(101), ticked(99), ticked(1)]);
    expect(await catalog.scheduleForgottenUntil(schedule)).toBeNull();
    const swept = await sweepAll(catalog, temporaryFolder(), RETENTION);
    expect(swept.find(({ sweep }) => sweep === 'catalog')?.removed).toMatchObject({ schedule_ticks: 3 });
    expect(await timesIn(catalog)).toEqual([ago(1), ago(99)]);
    expect(await catalog.scheduleForgottenUntil(schedule)).toBe(ago(101));
  });

  test('what one may look for without saying how far stays, however short the retention, and so does the last time of all', async () => {
    const { catalog } = await fresh();
    const other = { schedule: 'millrace/queue/yearly' };
    await record(catalog, [ticked(50), ticked(36), ticked(2), ticked(700, other), ticked(400, other)]);
    await sweepAll(catalog, temporaryFolder(), { catalog: DAY_MS });
    expect(await timesIn(catalog)).toEqual([ago(2), ago(36)]);
    expect((await catalog.listTicks(other)).map(({ scheduledAt }) => scheduledAt)).toEqual([ago(400)]);
    expect(await catalog.scheduleForgottenUntil(other.schedule)).toBe(ago(700));
  });

  test('a time whose run goes on, or ended lately, stays', async () => {
    const { catalog } = await fresh();
    const run: SceneRun = {
      runId: 'going',
      scope: 'report',
      pipeline: 'report',
      status: 'running',
      startedAge: 300,
      endedAge: 0,
      datasets: [],
      archived: false,
    };
    await lay({ runs: [run], datasets: [] }, catalog, temporaryFolder());
    const open = { endedAt: null, ended: null };
    await record(catalog, [
      ticked(300, { runId: 'going', ...open }),
      ticked(250, { endedAt: ago(50) }),
      ticked(200, open),
      ticked(1),
    ]);
    await sweepAll(catalog, temporaryFolder(), RETENTION);
    expect(await timesIn(catalog)).toEqual([ago(1), ago(250), ago(300)]);
  });

  test('pauses that are over go, but for the last one of each', async () => {
    const { catalog } = await fresh();
    const pause = async (of: string, from: number, to?: number): Promise<void> => {
      await catalog.recordSchedulePause({ schedule: of, pausedAt: ago(from), by: 'ann', reason: null });
      if (to !== undefined) await catalog.recordScheduleResume(of, ago(to), 'ann');
    };
    await pause(schedule, 300, 290);
    await pause(schedule, 280, 90);
    await pause(schedule, 50);
    await pause('another', 400, 300);
    await sweepAll(catalog, temporaryFolder(), RETENTION);
    const left = await catalog.listSchedulePauses(schedule);
    expect(left.map(({ pausedAt }) => pausedAt)).toEqual([ago(50), ago(280)]);
    expect(await catalog.listSchedulePauses('another')).toHaveLength(1);
    expect(await catalog.scheduleForgottenUntil(schedule)).toBe(ago(290));
    expect(await catalog.scheduleForgottenUntil('another')).toBeNull();
  });
});
