import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DatasetRef } from '../../src/core/dataset.js';
import { writeOrders } from '../support/orders-file.js';
import { openSteered, stepsOf, type Steered } from './steered-project.js';

let steered: Steered;
/** A run that failed at its extract, since its file is not there. */
let failed: WorkflowHandleWithFirstExecutionRunId;
/** Datasets that another run has made: of three rows as they came, and judged. */
let raw: DatasetRef;
let judged: DatasetRef;
const WHO = { reason: 'taken from the backup', by: 'ada' };

beforeAll(async () => {
  steered = await openSteered();
  await writeOrders(steered.lake, 'backup.csv', 3);
  const other = await steered.worker.start('plain', [{ path: 'backup.csv', into: 'backup-loaded.csv' }]);
  await other.result();
  const steps = await steered.catalog.listSteps(other.workflowId, other.firstExecutionRunId);
  [raw, judged] = ['extract:orders', 'validate:orders'].map((step) => {
    const result = steps.find((each) => each.step === step)?.result;
    return (result && 'dataset' in result ? result.dataset : undefined) as DatasetRef;
  }) as [DatasetRef, DatasetRef];
  failed = await steered.worker.start('plain', [{ path: 'missing.csv', into: 'loaded.csv' }]);
  await failed.result().catch(() => undefined);
});

afterAll(() => steered?.close());

async function retry(mark: unknown, more: object = {}, of: WorkflowHandleWithFirstExecutionRunId = failed) {
  const retryOf = { workflowId: of.workflowId, runId: of.firstExecutionRunId };
  const params = { path: 'missing.csv', into: 'loaded.csv' };
  return steered.worker.start('plain', [params, { retryOf, mark, ...more }], of.workflowId);
}

async function refusal(mark: unknown, more: object = {}, of = failed): Promise<string> {
  const handle = await retry(mark, more, of);
  return handle.result().then(
    () => 'it was not refused',
    (error: { cause?: { message?: string } }) => error.cause?.message ?? '',
  );
}

test('a failed step counts as done with a given dataset, and all that comes after it is made of that', async () => {
  const handle = await retry({ step: 'extract:orders', dataset: raw.uri, ...WHO });
  expect(await handle.result()).toMatchObject({ rows: 3 });
  expect(await stepsOf(handle)).toEqual(['extract:orders reused', 'validate:orders done', 'load:lake.loaded.csv done']);
  const [workflowId, runId] = [handle.workflowId, handle.firstExecutionRunId];
  expect(await steered.catalog.listDecisions(workflowId, runId)).toMatchObject([
    { number: 0, action: 'mark', step: 'extract:orders', dataset: raw.uri, ...WHO },
  ]);
  const steps = await steered.catalog.listSteps(workflowId, runId);
  expect(steps.map(({ step, status }) => `${step} ${status}`).toSorted()).toEqual([
    'extract:orders done',
    'load:lake.loaded.csv done',
    'validate:orders done',
  ]);
  expect((await steered.catalog.findRun(workflowId, runId))?.changes).toEqual({ params: [], code: 'same' });
});

test('the retry of a run with a given dataset takes that over too', async () => {
  const marked = await retry({ step: 'extract:orders', dataset: raw.uri, ...WHO });
  await marked.result();
  const retryOf = { workflowId: marked.workflowId, runId: marked.firstExecutionRunId };
  const again = await steered.worker.start(
    'plain',
    [{ path: 'missing.csv', into: 'elsewhere.csv' }, { retryOf }],
    marked.workflowId,
  );
  await again.result();
  expect((await stepsOf(again))[0]).toBe('extract:orders reused');
  expect((await steered.catalog.findRun(again.workflowId))?.changes).toMatchObject({ params: ['into'] });
});

describe('a mark is refused', () => {
  test.each([
    ['of an unknown step', { step: 'extract:order' }, /no step "extract:order"\. .*: extract:orders/],
    ['with a dataset that is not there', { dataset: `datasets/00/${'0'.repeat(64)}/manifest.json` }, /cannot be used/],
    ['without a reason', { reason: ' ' }, /mark\.reason/],
    ['by nobody', { by: undefined }, /mark\.by/],
    ['with a path that leads elsewhere', { dataset: '../../../etc/passwd' }, /names no staged dataset/],
  ])('%s', async (_, change, message) => {
    expect(await refusal({ step: 'extract:orders', dataset: raw.uri, ...WHO, ...change })).toMatch(message);
  });

  test('of a step that is done, or that makes no dataset', async () => {
    const done = await steered.worker.start('plain', [{ path: 'backup.csv', into: '../outside.csv' }]);
    await done.result().catch(() => undefined);
    expect(await refusal({ step: 'extract:orders', dataset: raw.uri, ...WHO }, {}, done)).toMatch(
      /Step extract:orders is done\. .*MARK_INVALID/,
    );
    const load = 'load:lake.../outside.csv';
    expect(await refusal({ step: load, dataset: raw.uri, ...WHO }, {}, done)).toMatch(
      /makes no dataset\. .*: none.*MARK_INVALID/,
    );
  });

  test('without a run to retry', async () => {
    const handle = await steered.worker.start('plain', [
      { path: 'missing.csv', into: 'x.csv' },
      { mark: { step: 'extract:orders', dataset: raw.uri, ...WHO } },
    ]);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'RETRY_INVALID' } });
  });

  test('with a dataset that no contract has judged, for a step that judges', async () => {
    const file = await writeOrders(steered.lake, 'breach.csv', 3, ['x,customer-1,1.5,2024-01']);
    const breached = await steered.worker.start('tight', [{ path: file, into: 'breached.csv' }]);
    await breached.result().catch(() => undefined);
    const retryOf = { workflowId: breached.workflowId, runId: breached.firstExecutionRunId };
    const mark = { step: 'validate:orders', dataset: raw.uri, ...WHO };
    const unjudged = await steered.worker.start('tight', [
      { path: file, into: 'breached.csv' },
      { retryOf, mark },
    ]);
    await expect(unjudged.result()).rejects.toMatchObject({
      cause: { type: 'MARK_INVALID', message: expect.stringContaining('has passed no contract') as string },
    });
    const fitting = { ...mark, dataset: judged.uri };
    const taken = await steered.worker.start('tight', [
      { path: file, into: 'breached.csv' },
      { retryOf, mark: fitting },
    ]);
    expect(await taken.result()).toMatchObject({ rows: 3 });
  });

  test('with a dataset whose files are damaged', async () => {
    await rm(path.join(steered.worker.project.staging.root, path.dirname(judged.uri), 'part-0.parquet'), { force: true });
    const fits = await refusal({ step: 'extract:orders', dataset: judged.uri, ...WHO });
    expect(fits).toMatch(/cannot be used: The staged file .* is gone/);
  });
});
