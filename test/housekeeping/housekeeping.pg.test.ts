import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { archiveKey } from '../../src/archive/document.js';
import type { Retention } from '../../src/config/retention.js';
import type { ApprovalState } from '../../src/core/approvals.js';
import { requireWholeCatalog } from '../../src/housekeeping/whole-catalog.js';
import { onBothDatabases, type Opened } from '../catalog/fresh-catalog.js';
import { temporaryFolder } from '../support/folder.js';
import { ago, archive, DAY_MS, lay, NOW, staged, sweepAll, type Scene, type SceneDataset, type SceneRun } from './scenario.js';

const RETENTION: Retention = {
  staging: 14 * DAY_MS,
  quarantine: 60 * DAY_MS,
  logs: 30 * DAY_MS,
  archive: 200 * DAY_MS,
  catalog: 100 * DAY_MS,
};

/** Chance that a seed repeats. */
function chance(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 12_345;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** Runs that retry, reuse and overlap one another, and datasets that they share, of all ages. */
function randomScene(seed: number): Scene {
  const pick = chance(seed);
  const keys = Array.from({ length: 14 }, (_, index) => `${String(index % 3)}${String(index)}`.padEnd(64, 'a'));
  const datasets = keys.map((key, index): SceneDataset => {
    const reads = index > 0 && pick(3) === 0 ? keys[pick(index)] : undefined;
    return { key, usedAge: pick(150), rejected: pick(4) === 0 ? 2 : 0, ...(reads !== undefined && { reads }) };
  });
  const runs = Array.from({ length: 24 }, (_, index): SceneRun => {
    const endedAge = pick(500);
    const partition = pick(3) === 0 ? undefined : `p${pick(2)}`;
    return {
      runId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      scope: `scope ${pick(18)}`,
      pipeline: `pipeline${pick(2)}`,
      ...(partition !== undefined && { partition }),
      status: pick(12) === 0 ? 'running' : pick(3) === 0 ? 'failed' : 'completed',
      startedAge: endedAge + 1 + index / 1000,
      endedAge,
      datasets: keys.filter(() => pick(7) === 0),
      archived: pick(8) > 0,
    };
  });
  return { runs, datasets };
}

/** Which datasets something could need, said in the plainest way. */
function neededDatasets({ runs, datasets }: Scene): Set<string> {
  const needed = new Set<string>();
  for (const { key, usedAge, rejected } of datasets) {
    const limit = rejected > 0 ? 60 : 14;
    const users = runs.filter((run) => run.datasets.includes(key));
    const together = runs.filter((run) => users.some((user) => user.scope === run.scope));
    const isUsed = together.some((run) => run.status === 'running' || run.endedAge <= limit);
    if (usedAge <= limit || isUsed) needed.add(key);
  }
  for (let before = -1; before !== needed.size;) {
    before = needed.size;
    for (const { key, reads } of datasets) if (needed.has(key) && reads !== undefined) needed.add(reads);
  }
  return needed;
}

/** Which runs of the catalog something could need. */
function neededRuns({ runs, datasets }: Scene): Set<string> {
  const isRejecting = (run: SceneRun): boolean =>
    run.datasets.some((key) => (datasets.find((each) => each.key === key)?.rejected ?? 0) > 0);
  const isLatest = (run: SceneRun): boolean =>
    run.status === 'completed' &&
    !runs.some(
      (other) =>
        other.status === 'completed' &&
        other.pipeline === run.pipeline &&
        other.partition === run.partition &&
        other.startedAge < run.startedAge,
    );
  const holds = (run: SceneRun): boolean =>
    run.status === 'running' || run.endedAge <= 100 || isLatest(run) || !run.archived || (isRejecting(run) && run.endedAge <= 60);
  const scopes = new Set(runs.filter(holds).map(({ scope }) => scope));
  return new Set(runs.filter(({ scope }) => scopes.has(scope)).map(({ runId }) => runId));
}

async function laid(scene: Scene, fresh: () => Promise<Opened>): Promise<Opened & { readonly staging: string }> {
  const opened = await fresh();
  const staging = temporaryFolder();
  await lay(scene, opened.catalog, staging);
  return { ...opened, staging };
}

const RUN: SceneRun = {
  runId: '00000000-0000-4000-8000-000000000001',
  scope: 'one',
  pipeline: 'pipeline0',
  status: 'failed',
  startedAge: 301,
  endedAge: 300,
  datasets: [],
  archived: true,
};
const ANSWERED: ApprovalState = {
  step: 'approve:publish',
  title: 'Publish?',
  details: {},
  roles: [],
  needed: 1,
  fourEyes: false,
  onExpiry: 'reject',
  change: 2,
  since: ago(301),
  expiresAt: null,
  status: 'approved',
  answers: [{ verdict: 'approve', by: 'ann', at: ago(300) }],
  endedAt: ago(300),
};
const KEY = 'ab'.padEnd(64, 'c');

onBothDatabases((fresh) => {
  test('whatever the ages, what a run could need stays, and what nothing needs goes', async () => {
    const { isRemote } = await fresh();
    let gone = { runs: 0, datasets: 0 };
    for (let seed = 1; seed <= (isRemote ? 3 : 20); seed += 1) {
      const scene = randomScene(seed);
      const { catalog, contents, staging } = await laid(scene, fresh);
      await sweepAll(catalog, staging, RETENTION);
      expect(staged(staging), `datasets of seed ${seed}`).toEqual([...neededDatasets(scene)].toSorted());
      const { runs, step_runs: steps } = await contents();
      const left = new Set(runs.map((run) => String(run['run_id'])));
      expect([...left].toSorted(), `runs of seed ${seed}`).toEqual([...neededRuns(scene)].toSorted());
      expect(steps.every((step) => left.has(String(step['run_id'])))).toBe(true);
      gone = {
        runs: gone.runs + scene.runs.length - left.size,
        datasets: gone.datasets + scene.datasets.length - staged(staging).length,
      };
      const done = await sweepAll(catalog, staging, RETENTION);
      expect(done.map(({ removed }) => Object.values(removed).reduce((sum, each) => sum + each, 0))).toEqual([0, 0, 0, 0, 0]);
    }
    expect(Math.min(gone.runs, gone.datasets)).toBeGreaterThan(5);
  }, 120_000);

  test('without retention nothing goes, and a dry run only says what would', async () => {
    const scene = randomScene(7);
    const { catalog, contents, staging } = await laid(scene, fresh);
    const before = await contents();
    await sweepAll(catalog, staging, {});
    const told = await sweepAll(catalog, staging, RETENTION, true);
    expect(await contents()).toEqual(before);
    expect(staged(staging)).toHaveLength(scene.datasets.length);
    const done = await sweepAll(catalog, staging, RETENTION);
    expect(done[0]).toEqual({ ...told[0], dryRun: false });
    expect(done[1]).toEqual({ ...told[1], dryRun: false });
    expect(done[2]).toEqual({ ...told[2], dryRun: false });
    expect(done[3]?.removed['runs']).toBe(told[3]?.removed['runs']);
  });

  test('a run goes with all that is known of it, but what people decided about it', async () => {
    const scene = {
      runs: [{ ...RUN, datasets: [KEY] }],
      datasets: [{ key: KEY, usedAge: 300, rejected: 2 }],
    };
    const { catalog, contents, staging } = await laid(scene, fresh);
    const key = { workflowId: 'of one', runId: RUN.runId };
    await catalog.recordAuditOverride({ ...key, step: 'load:x', reason: 'so be it', by: 'ann', at: ago(300) });
    const run = { pipeline: RUN.pipeline, loadScope: RUN.scope };
    await catalog.recordApproval({ ...key, run, approval: ANSWERED });
    await sweepAll(catalog, staging, { ...RETENTION, catalog: undefined, audit: 100 * DAY_MS });
    expect(await contents()).toMatchObject({ audit_overrides: [{}], approvals: [{}] });
    await sweepAll(catalog, staging, RETENTION);
    const { audit_overrides: overrides, approvals, ...rest } = await contents();
    expect(Object.entries(rest).filter(([, rows]) => rows.length > 0)).toEqual([]);
    expect([overrides, approvals]).toMatchObject([[{}], [{}]]);
    expect(await catalog.listLog('of one', RUN.runId)).toEqual([]);
    await sweepAll(catalog, staging, { ...RETENTION, audit: 100 * DAY_MS });
    expect(await contents()).toMatchObject({ audit_overrides: [], approvals: [] });
  });

  test('loads that ledgers alone have told of go too, but those of a run that is there only with it', async () => {
    const { catalog, contents, staging } = await laid({ runs: [{ ...RUN, status: 'completed' }], datasets: [] }, fresh);
    const load = { step: 'load:x', connection: 'lake', target: 'x', mode: 'append', rows: 3, loadedAt: ago(300) } as const;
    const changes = [{ change: 'added', column: 'delay', to: 'BIGINT' }] as const;
    const told = (loadId: string, runId: string, loadedAt: string) =>
      catalog.recordLedgerLoad({ ...load, loadId, content: 'c', workflowId: 'of one', runId, loadedAt, changes });
    await told('old', 'gone', ago(300));
    await told('young', 'gone', ago(3));
    await told('with its run', RUN.runId, ago(300));
    const swept = await sweepAll(catalog, staging, RETENTION);
    expect(swept.find(({ sweep }) => sweep === 'catalog')?.removed).toMatchObject({ loads: 1, schema_changes: 1 });
    const { loads, schema_changes: changed } = await contents();
    for (const rows of [loads, changed])
      expect(new Set(rows.map((row) => row['load_id']))).toEqual(new Set(['with its run', 'young']));
  });

  test('a log goes before its run, and an archived history before the run is forgotten', async () => {
    const { catalog, staging } = await laid({ runs: [{ ...RUN, status: 'completed' }], datasets: [] }, fresh);
    const key = { workflowId: 'of one', runId: RUN.runId };
    const file = path.join(staging, 'archive', archiveKey(RUN.runId));
    expect(existsSync(file)).toBe(true);
    const swept = await sweepAll(catalog, staging, RETENTION);
    expect(swept.map(({ removed }) => removed)).toMatchObject([{}, { log_lines: 1 }, { histories: 1 }, {}, {}]);
    expect(swept[3]?.kept).toEqual({ 'latest completed of its pipeline and partition': 1 });
    expect(existsSync(file)).toBe(false);
    expect(await catalog.findArchive(key)).toMatchObject({ state: 'removed' });
    expect(await catalog.listRunsToArchive({ namespace: 'default', limit: 9 })).toEqual([]);
    expect(await catalog.findRun(key.workflowId)).toMatchObject({ status: 'completed' });
  });

  test('an archived history goes in its time, also when its run has left the catalog before', async () => {
    const { catalog, staging } = await laid({ runs: [RUN], datasets: [] }, fresh);
    const file = path.join(staging, 'archive', archiveKey(RUN.runId));
    const other = { workflowId: 'other', pipeline: 'pipeline0', closedAt: ago(300) };
    const ofOther = await archive({ ...other, runId: RUN.runId.replace(/1$/, '8'), taskQueue: 'another project' }, staging);
    const damaged = await archive({ ...other, runId: RUN.runId.replace(/1$/, '9'), taskQueue: 'shop' }, staging);
    writeFileSync(damaged, 'no history');
    utimesSync(damaged, new Date(ago(300)), new Date(ago(300)));

    await sweepAll(catalog, staging, { catalog: 100 * DAY_MS });
    expect(await catalog.findRun('of one', RUN.runId)).toBeUndefined();
    expect((await sweepAll(catalog, staging, { archive: 301 * DAY_MS }))[2]?.removed).toEqual({ histories: 0 });
    expect((await sweepAll(catalog, staging, { archive: 200 * DAY_MS }, true))[2]?.removed).toEqual({ histories: 1 });
    expect(existsSync(file)).toBe(true);
    const [, , swept] = await sweepAll(catalog, staging, { archive: 200 * DAY_MS });
    expect(swept).toMatchObject({ removed: { histories: 1 }, kept: { 'cannot be read': 1 } });
    expect([file, ofOther, damaged].map((each) => existsSync(each))).toEqual([false, true, true]);
  });

  test('a run that is retried after it was found old stays', async () => {
    const { catalog, staging } = await laid({ runs: [RUN], datasets: [] }, fresh);
    const [found] = await catalog.listAgedScopes({ before: ago(100), limit: 9 });
    expect(found?.runs).toHaveLength(1);
    await lay({ runs: [{ ...RUN, runId: RUN.runId.replace(/1$/, '2'), status: 'running' }], datasets: [] }, catalog, staging);
    expect(await catalog.removeRuns(found?.runs ?? [])).toEqual({});
    expect(await catalog.listAgedScopes({ before: ago(100), limit: 9 })).toEqual([]);
  });

  test('a catalog that does not know a run that goes on is not believed', async () => {
    const { catalog } = await laid({ runs: [{ ...RUN, status: 'running' }], datasets: [] }, fresh);
    const running = { workflowId: 'of one', runId: RUN.runId, type: 'pipeline0', startedAt: ago(1) };
    const check = (others: readonly (typeof running)[]): Promise<void> =>
      requireWholeCatalog(catalog, [running, ...others], ['pipeline0'], NOW);
    await expect(check([])).resolves.toBeUndefined();
    const lost = { ...running, workflowId: 'lost' };
    await expect(check([lost])).rejects.toMatchObject({ code: 'CATALOG_INCOMPLETE' });
    const young = { ...lost, startedAt: new Date(NOW - 1_000).toISOString() };
    await expect(check([young, { ...lost, type: 'millrace.backfill' }])).resolves.toBeUndefined();
  });
});
