import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CaseRun } from './exactly-once-cases.js';
import { leftovers, openDepot, type Depot } from './exactly-once-depot.js';
import { interruptEverywhere, type Point } from './exactly-once-interruptions.js';
import { until } from '../support/until.js';

vi.setConfig({ testTimeout: 240_000 });

const MODES = ['append', 'merge'] as const;
type Mode = (typeof MODES)[number];

/** Where the workers of the runs are killed, round by round. */
const ROUNDS: readonly (readonly Point[])[] = [
  [
    { step: 'extract', at: 'extract.reading' },
    { step: 'load', at: 'load.committed' },
  ],
  [
    { step: 'extract', at: 'staging.before-rename' },
    { step: 'load', at: 'load.copied' },
  ],
  [
    { step: 'validate', at: 'staging.before-rename' },
    { step: 'load', at: 'load.before-commit' },
    { step: 'load', at: 'load.committed' },
  ],
];

let depot: Depot;

beforeAll(async () => {
  depot = await openDepot(6);
  for (const mode of MODES) {
    await depot.db.query(
      `CREATE TABLE public.${mode}_source (id bigint PRIMARY KEY, amount float8 NOT NULL, changed_at timestamptz NOT NULL)`,
    );
    await depot.db.query(
      `INSERT INTO public.${mode}_source SELECT n, 0, '2024-01-01Z'::timestamptz + n % 100 * interval '1 second' FROM generate_series(1, 2000) AS n`,
    );
  }
});

afterAll(() => depot?.close());

/** Changes every third row and adds others, all at one moment; rows of that moment are there before and after a run. */
async function changeSource(mode: Mode, round: number): Promise<void> {
  const at = `'2024-02-0${round}Z'::timestamptz`;
  await depot.db.query(`UPDATE public.${mode}_source SET amount = ${round}, changed_at = ${at} WHERE id % 3 = 0`);
  await depot.db.query(
    `INSERT INTO public.${mode}_source SELECT ${round}00000 + n, ${round}, ${at} FROM generate_series(1000, 1100) AS n`,
  );
}

async function start(mode: Mode): Promise<CaseRun> {
  const handle = await depot.start('loadChanges', { source: `${mode}_source`, table: mode, mode });
  return { case: { name: mode, mode, format: 'csv', hasRows: false, expected: () => '' }, handle };
}

/** How target and source differ: as the source is now for a merge, as it ever was for an append. */
async function differences(mode: Mode): Promise<{ missing: number; extra: number }> {
  const source = mode === 'merge' ? 'public.merge_source' : 'public.append_versions';
  const [row] = await depot.db.query<{ missing: string; extra: string }>(
    `SELECT (SELECT count(*) FROM (SELECT id, amount, changed_at FROM ${source} EXCEPT ALL SELECT id, amount, changed_at FROM public.${mode}) AS m) AS missing,
            (SELECT count(*) FROM (SELECT id, amount, changed_at FROM public.${mode} EXCEPT ALL SELECT id, amount, changed_at FROM ${source}) AS e) AS extra`,
  );
  return { missing: Number(row?.missing), extra: Number(row?.extra) };
}

async function noteVersions(): Promise<void> {
  await depot.db.query('CREATE TABLE IF NOT EXISTS public.append_versions (id bigint, amount float8, changed_at timestamptz)');
  await depot.db.query(
    `INSERT INTO public.append_versions SELECT id, amount, changed_at FROM public.append_source
     WHERE changed_at > coalesce((SELECT max(changed_at) FROM public.append_versions), '-infinity')`,
  );
}

describe('runs whose worker is killed at every step, between changes of the source', () => {
  const runs: CaseRun[] = [];

  beforeAll(async () => {
    for (const [round, points] of ROUNDS.entries()) {
      if (round > 0) for (const mode of MODES) await changeSource(mode, round);
      await noteVersions();
      const started = await Promise.all(MODES.map(start));
      runs.push(...started);
      await interruptEverywhere(depot, started, () => [...points]);
    }
  }, 400_000);

  test.each(MODES)('lose and double no row by %s', async (mode) => {
    expect(await differences(mode)).toEqual({ missing: 0, extra: 0 });
  });

  test.each(MODES)('leave ranges that lie next to each other in the ledger of the %s', async (mode) => {
    const rows = await depot.db.query<{ after: string | null; up_to: string }>(
      `SELECT watermark ->> 'after' AS after, watermark ->> 'upTo' AS up_to FROM _millrace.ledger WHERE target = $1 ORDER BY id`,
      [`public.${mode}`],
    );
    expect(rows.map(({ after }) => after)).toEqual([null, ...rows.slice(0, -1).map((row) => row.up_to)]);
    expect(rows).toHaveLength(3);
  });

  test('cost at most six events of history a step', async () => {
    for (const { handle } of runs) expect((await handle.describe()).historyLength).toBeLessThanOrEqual(4 * 6 + 12);
  });

  test.each(['watermark', 'extract', 'load'])('that are reset to before their %s change nothing', async (kind) => {
    const worker = depot.spawn();
    await worker.begin(depot.setup);
    await Promise.all(runs.map(({ handle }) => resetToBefore(kind, handle.workflowId)));
    await worker.stop();
    for (const mode of MODES) expect(await differences(mode)).toEqual({ missing: 0, extra: 0 });
  });

  test('that are reset once staging is empty read their own ranges anew, and spoil nothing', async () => {
    const worker = depot.spawn();
    await worker.begin({ ...depot.setup, folder: `${depot.setup.folder}/emptied` });
    const merges = runs.filter((run) => run.case.mode === 'merge');
    await Promise.all(merges.map(({ handle }) => resetToBefore('watermark', handle.workflowId)));
    await worker.stop();
    expect(await differences('merge')).toEqual({ missing: 0, extra: 0 });
  });

  test('leave no session and no attempt’s folder behind', async () => {
    let left = await leftovers(depot);
    await until(
      async () => (left = await leftovers(depot)).sessions.length === 0,
      () => left.sessions.join('\n'),
    );
    expect(left).toEqual({ tables: [], attempts: [], sessions: [] });
  });
});

async function resetToBefore(kind: string, workflowId: string): Promise<void> {
  const latest = depot.client.workflow.getHandle(workflowId);
  const { runId } = await latest.describe();
  const { events } = await depot.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const scheduled = events
    ?.map((event) => event.activityTaskScheduledEventAttributes)
    .find((attributes) => attributes?.activityId?.startsWith(`${kind}:`));
  await depot.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: scheduled?.workflowTaskCompletedEventId,
  });
  await latest.result();
}
