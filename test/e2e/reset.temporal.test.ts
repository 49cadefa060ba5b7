import { randomUUID } from 'node:crypto';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCatalog } from '../../src/catalog/index.js';
import type { StepKind } from '../../src/core/steps.js';
import { makeCases, prepareCase, ROWS, startCase, type Case, type CaseRun } from './exactly-once-cases.js';
import { leftovers, openDepot, type Depot } from './exactly-once-depot.js';
import { until } from '../support/until.js';
import { factsOf, factsOfOneLoad, resultOf } from './exactly-once-facts.js';
import { writeSource } from './exactly-once-rows.js';

const CASES = makeCases(['append_csv', 'append_month_csv', 'merge_csv', 'merge_parquet', 'replace_parquet', 'replace_month_csv']);
let depot: Depot;
const runs = new Map<string, CaseRun>();

beforeAll(async () => {
  depot = await openDepot(4);
  const worker = depot.spawn();
  for (const one of CASES) {
    await prepareCase(depot, one);
    runs.set(one.name, await startCase(depot, one));
  }
  await worker.begin(depot.setup);
  await Promise.all([...runs.values()].map((run) => resultOf(depot, run)));
});

afterAll(() => depot?.close());

/** Does what a person does who resets the latest execution in Temporal's UI to before a step, and waits for its end. */
async function resetToBefore(kind: StepKind, { handle }: CaseRun): Promise<string> {
  const { workflowId } = handle;
  const latest = depot.client.workflow.getHandle(workflowId);
  const { runId } = await latest.describe();
  const { events } = await depot.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const scheduled = events
    ?.map((event) => event.activityTaskScheduledEventAttributes)
    .find((attributes) => attributes?.activityId?.startsWith(`${kind}:`));
  const reset = await depot.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: scheduled?.workflowTaskCompletedEventId,
  });
  await latest.result();
  return reset.runId;
}

describe.each(CASES)('a finished run of $name', (one: Case) => {
  const run = (): CaseRun => runs.get(one.name) as CaseRun;

  test('that is reset to before its load finds it done and changes no row', async () => {
    await resetToBefore('load', run());
    expect(await resultOf(depot, run())).toMatchObject({ alreadyDone: true });
    expect(await factsOf(depot, run())).toEqual(await factsOfOneLoad(depot, run()));
  });

  test('that is reset to before its validation finds the rows judged and loaded', async () => {
    const runId = await resetToBefore('validate', run());
    expect(await resultOf(depot, run())).toMatchObject({ alreadyDone: true });
    expect(await factsOf(depot, run())).toEqual(await factsOfOneLoad(depot, run()));
    expect(await resetOf(run().handle, runId)).not.toBeNull();
  });

  test('that is reset to before its extract loads what the file holds by now, in place of what it held', async () => {
    await writeSource(depot, { source: one.name, to: ROWS, shift: 1000 }, one.format);
    await resetToBefore('extract', run());
    expect(await resultOf(depot, run())).toMatchObject({ alreadyDone: false });
    expect(await factsOf(depot, run(), 1000)).toEqual(await factsOfOneLoad(depot, run()));
  });
});

/** What the catalog says of the execution that a reset continued. */
async function resetOf({ workflowId }: WorkflowHandleWithFirstExecutionRunId, runId: string): Promise<string | null | undefined> {
  const catalog = await openCatalog({ path: depot.catalogPath });
  try {
    return (await catalog.findRun(workflowId, runId))?.resetOf;
  } finally {
    await catalog.close();
  }
}

test('resets leave no staging table, no attempt’s folder and no session behind', async () => {
  let left = await leftovers(depot);
  await until(
    async () => (left = await leftovers(depot)).sessions.length === 0,
    () => left.sessions.join('\n'),
  );
  expect(left).toEqual({ tables: [], attempts: [], sessions: [] });
});
