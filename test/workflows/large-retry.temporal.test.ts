import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRunHistory } from '../../src/temporal/run-history.js';
import { tellRun } from '../../src/rebuild/run-facts.js';
import { writeOrders } from '../support/orders-file.js';
import { openSteered, OTHERS, stateOf, type Steered } from './steered-project.js';

const STEPS = 150;
let steered: Steered;
let failed: WorkflowHandleWithFirstExecutionRunId;

beforeAll(async () => {
  steered = await openSteered();
  failed = await steered.worker.start('many', [{ steps: STEPS, path: 'late.csv' }]);
  await failed.result().catch(() => undefined);
  await writeOrders(steered.lake, 'late.csv', 1);
});

afterAll(() => steered?.close());

function retry(from?: string) {
  const retryOf = { workflowId: failed.workflowId, runId: failed.firstExecutionRunId };
  return steered.worker.start(
    'many',
    [
      { steps: STEPS, path: 'late.csv' },
      { retryOf, from },
    ],
    failed.workflowId,
  );
}

/** How many steps of a run have which status. */
async function tally(handle: WorkflowHandleWithFirstExecutionRunId): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status } of (await stateOf(handle)).steps) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

test('a retry that takes over more than a hundred steps carries none of them in its history', async () => {
  const handle = await retry();
  expect(await handle.result()).toEqual([OTHERS, 'last']);
  expect(await tally(handle)).toEqual({ reused: STEPS + 1, done: 1 });
  const history = await readRunHistory(steered.temporal, { workflowId: handle.workflowId, runId: handle.firstExecutionRunId });
  expect(history.admitted?.run).toMatchObject({ reuse: {}, reuseFrom: { workflowId: failed.workflowId } });
  expect(JSON.stringify(history.admitted?.run).length).toBeLessThan(1500);
  const { workflowId, firstExecutionRunId: runId } = handle;
  expect((await steered.catalog.listAttempts(workflowId, runId)).map(({ step }) => step)).toEqual(['extract:last']);
  expect(await steered.catalog.listSteps(workflowId, runId)).toHaveLength(STEPS + 2);
  // A catalog that is rebuilt has the steps that were taken over as the earlier run's, too.
  const manifest = () => Promise.resolve(undefined);
  const told = await tellRun({ catalog: steered.catalog, namespace: 'default', manifest }, history);
  expect(told.steps).toBe(1);
});

test('a retry from a step does that anew, and what was made of it', async () => {
  await writeOrders(steered.lake, 'others.csv', OTHERS + 1);
  const handle = await retry('extract:orders_1');
  expect(await handle.result()).toEqual([OTHERS + 1, 'last']);
  expect(await tally(handle)).toEqual({ reused: STEPS - 1, done: 3 });
});
