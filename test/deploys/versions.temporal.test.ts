import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { localCaller } from '../../src/access/local-caller.js';
import type { Operations } from '../../src/api/index.js';
import { openCatalog, type Catalog } from '../../src/catalog/index.js';
import { loadProject, type LoadedProject } from '../../src/config/load.js';
import { localOperations } from '../../src/operations/perform.js';
import { openTemporalStates } from '../../src/operations/temporal-states.js';
import { readHistories } from '../../src/replay/recorded-histories.js';
import { replayAll } from '../../src/replay/replay.js';
import { saveHistory, serverHistories } from '../../src/replay/server-histories.js';
import { connectTemporal, type TemporalClient } from '../../src/temporal/connect.js';
import { describeRun } from '../../src/temporal/describe-run.js';
import { pinRun } from '../../src/temporal/move-run.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { bundleOf } from '../../src/worker/bundle.js';
import { standingOf } from '../../src/worker/standing.js';
import { createWorker, type RunningWorker } from '../../src/worker/worker.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';

const taskQueue = `versions-${randomBytes(5).toString('hex')}`;
const waiting = { timeout: 60_000, interval: 250 };
let address: string;
let project: LoadedProject;
let bundle: WorkflowBundleOption;
let temporal: TemporalClient;
let catalog: Catalog;
const workers: RunningWorker[] = [];

beforeAll(async () => {
  const folder = lastingFolder();
  const loaded = await loadProject(path.resolve(import.meta.dirname, '../fixtures/clock'));
  project = {
    ...loaded,
    taskQueue,
    staging: { root: path.join(folder, 'staging') },
    engine: { ...loaded.engine, spillDirectory: path.join(folder, 'spill') },
    catalog: { path: path.join(folder, 'catalog.db') },
  };
  address = await temporalAddress();
  temporal = await connectTemporal(temporalTarget({ address }));
  catalog = await openCatalog(project.catalog);
  bundle = await bundleOf(project);
});

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await catalog?.close();
  await temporal?.close();
});

/** Everything that can be asked, by somebody whom no answer of a second ago will do. */
function ask(): Operations {
  return localOperations({ project, catalog, temporal, states: openTemporalStates(temporal, taskQueue) }, localCaller());
}

/** Starts a worker of a version, or of none, and gives what it will get. */
async function work(buildId?: string) {
  const deployment = buildId === undefined ? undefined : { name: taskQueue, buildId };
  const worker = await createWorker({ project, address, workflowBundle: bundle, ...(deployment && { deployment }) });
  workers.push(worker);
  return standingOf(taskQueue, worker, temporalTarget({ address }));
}

/** Starts a run that waits for the signal `go`, and waits until a worker has begun it. */
async function begin(name: string): Promise<{ readonly workflowId: string; readonly runId: string }> {
  const workflowId = `${taskQueue}/${name}`;
  const options = { taskQueue, workflowId, args: [{ hold: true }] };
  const { firstExecutionRunId: runId } = await temporal.client.workflow.start('plain', options);
  await vi.waitUntil(async () => (await describeRun(temporal, { workflowId })).historyLength > 4, waiting);
  return { workflowId, runId };
}

const pinnedTo = async (workflowId: string) => (await describeRun(temporal, { workflowId })).pinnedTo?.buildId ?? null;

async function finish(workflowId: string): Promise<void> {
  const handle = temporal.client.workflow.getHandle(workflowId);
  await handle.signal('go');
  await handle.result();
}

describe('the versions of a project’s workers', () => {
  test('are none where no worker is of a deployment, and that is told', async () => {
    expect(await work()).toEqual({ gets: 'everything' });
    await expect(ask().getDeployment({})).rejects.toMatchObject({
      code: 'DEPLOYMENT_UNKNOWN',
      message: expect.stringContaining('--deployment NAME') as string,
    });
    for (const deployment of [
      'nobodys',
      'my-namespace',
      'no:bodys',
      'no.bodys',
      '__temporal_',
      `no${'b'.repeat(190)}odys`,
      '\u00a0"Ú\u{1238a}',
    ]) {
      await expect(ask().getDeployment({ deployment }), deployment).rejects.toMatchObject({ code: 'DEPLOYMENT_UNKNOWN' });
    }
    expect((await ask().getHealth({})).versions).toEqual({ deployment: null, current: null, stranded: [], warnings: [] });
  });

  test('begin with one that becomes current by itself; a later one gets no new run', async () => {
    expect(await work('a')).toMatchObject({ gets: 'new runs', first: true, percent: 100 });
    expect(await work('b')).toMatchObject({ gets: 'its own runs', current: 'a' });
    const { workflowId } = await begin('first');
    expect(await pinnedTo(workflowId)).toBe('a');
  });

  test('make a worker without one idle, which it and the health tell', async () => {
    expect(await work()).toMatchObject({ gets: 'nothing', current: { deployment: taskQueue, buildId: 'a' } });
    const told = expect.stringContaining('Workers without a version get nothing') as string;
    expect((await ask().getHealth({})).versions).toMatchObject({ deployment: taskQueue, current: 'a', warnings: [told] });
    expect((await ask().getDeployment({})).warnings).toEqual([told]);
  });

  test('are promoted when somebody says so, and runs stay where they began', async () => {
    await expect(ask().promoteVersion({ version: 'x' })).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
    await expect(ask().promoteVersion({ version: 'a' })).rejects.toMatchObject({ code: 'VERSION_IN_PLACE' });
    const change = { before: { current: 'a', ramping: null }, after: { current: 'b', ramping: null } };
    expect(await ask().promoteVersion({ version: 'b', dryRun: true })).toMatchObject({ ...change, applied: false });
    expect((await ask().getDeployment({})).current).toBe('a');
    expect(await ask().promoteVersion({ version: 'b' })).toMatchObject({ ...change, applied: true });
    expect(await pinnedTo((await begin('second')).workflowId)).toBe('b');
    expect(await pinnedTo(`${taskQueue}/first`)).toBe('a');
    const counts = async () => (await ask().getDeployment({})).versions.map(({ version, openRuns }) => `${version} ${openRuns}`);
    await vi.waitUntil(async () => (await counts()).toSorted().join() === 'a 1,b 1', waiting);
    const { items } = await ask().listAudit({});
    expect(items.filter(({ operation }) => operation === 'promoteVersion').map(({ outcome }) => outcome)).toContain('done');
  });

  test('are ramped, and rolled back one after the other', async () => {
    await expect(ask().rampVersion({ version: 'b', percent: 10 })).rejects.toMatchObject({ code: 'VERSION_IN_PLACE' });
    await expect(ask().rampVersion({ version: 'a', percent: 0 })).rejects.toMatchObject({ code: 'VERSION_IN_PLACE' });
    const ramped = await ask().rampVersion({ version: 'a', percent: 25 });
    expect(ramped.after).toEqual({ current: 'b', ramping: { version: 'a', percent: 25 } });
    expect((await ask().rollbackDeployment({})).after).toEqual({ current: 'b', ramping: null });
    expect((await ask().rollbackDeployment({})).after).toEqual({ current: 'a', ramping: null });
    await expect(ask().rollbackDeployment({})).rejects.toMatchObject({ code: 'ROLLBACK_UNKNOWN' });
  });
});

describe('an open run', () => {
  test('is moved to another version, after the difference was shown', async () => {
    const run = `${taskQueue}/first`;
    await expect(ask().moveRun({ run, to: 'x' })).rejects.toMatchObject({ code: 'VERSION_UNKNOWN' });
    await expect(ask().moveRun({ run, to: 'a' })).rejects.toMatchObject({ code: 'RUN_NOT_MOVABLE' });
    const shown = await ask().moveRun({ run, to: 'b', dryRun: true });
    expect(shown).toMatchObject({ from: 'a', to: 'b', pipeline: 'plain', moved: false });
    expect(shown.begunWith).toMatch(/^[0-9a-f]{16}$/);
    expect(await pinnedTo(run)).toBe('a');
    expect(await ask().moveRun({ run, to: 'b', reason: 'a goes away' })).toMatchObject({ moved: true });
    expect(await pinnedTo(run)).toBe('b');
    await finish(run);
    await expect(ask().moveRun({ run, to: 'a' })).rejects.toMatchObject({ code: 'RUN_CLOSED' });
  });

  test('whose version has no worker is told by the health', async () => {
    const run = await begin('stranded');
    await pinRun(temporal, run, { deployment: taskQueue, buildId: 'gone' }, 'a test');
    const health = async () => (await ask().getHealth({})).versions;
    // Visibility may know of the move before it knows whereto.
    await vi.waitUntil(async () => (await health())?.stranded[0]?.version === 'gone', waiting);
    const found = await health();
    expect(found?.stranded).toMatchObject([{ ...run, pipeline: 'plain', version: 'gone' }]);
    expect(found?.warnings.join()).toContain(`millrace move ${run.workflowId} --to VERSION`);
    await expect(ask().pauseRun({ run: run.workflowId })).rejects.toMatchObject({ code: 'RUN_VERSION_GONE' });
    await ask().moveRun({ run: run.workflowId, to: 'b' });
    await finish(run.workflowId);
  });
});

test('a server’s histories are kept in a folder, open ones first, and replay from there', async () => {
  const folder = lastingFolder();
  await vi.waitUntil(async () => (await collect()).filter(({ open }) => !open).length === 2, waiting);
  const histories = await collect();
  expect(histories.map(({ workflowId, open }) => [workflowId.split('/')[1], open])[0]).toEqual(['second', true]);
  for (const history of histories) await saveHistory(folder, history);
  const read = await readHistories(folder);
  expect(read.map(({ workflowId }) => workflowId).toSorted()).toEqual(histories.map(({ workflowId }) => workflowId).toSorted());
  expect((await replayAll(project, [...read, ...histories], bundle)).map(({ problem }) => problem)).toEqual(
    Array.from({ length: 6 }, () => null),
  );
  expect(await collect(1)).toHaveLength(1);
});

async function collect(limit = 100) {
  const found = [];
  for await (const history of serverHistories(temporal, { taskQueue, limit })) found.push(history);
  return found;
}

test('workers without a version get new runs again when that is said, and no version takes them by starting', async () => {
  expect((await ask().unversionDeployment({})).after).toEqual({ current: null, ramping: null });
  const { workflowId } = await begin('unversioned');
  expect(await pinnedTo(workflowId)).toBeNull();
  expect(await work('c')).toMatchObject({ gets: 'its own runs', current: '' });
  expect((await ask().getDeployment({})).warnings.join()).toContain('No version is current');
  await finish(workflowId);
  await finish(`${taskQueue}/second`);
});
