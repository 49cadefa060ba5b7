import { describe, expect, test } from 'vitest';
import type { RunDecision, RunHolds } from '../../src/core/steering.js';
import { onBothDatabases } from './fresh-catalog.js';
import { at, RUN, runStarted, validateFailed } from './sample-facts.js';

const pause = (number: number): RunDecision => ({ number, action: 'pause', by: 'ada', reason: 'wait', at: at(number) });
const HELD: RunHolds = {
  paused: { since: at(3), by: 'ada' },
  waiting: [{ step: 'load:delays', since: at(2), code: 'TABLE_MISSING', message: 'no table' }],
};

onBothDatabases((fresh) => {
  describe('what was done to a run', () => {
    test('comes back in its order, and as it was told first', async () => {
      const { catalog } = await fresh();
      const skip = { number: 2, action: 'skip', step: 'load:delays', by: 'bob', reason: 'no need', at: at(2) } as const;
      await catalog.recordDecision({ ...RUN, ...skip });
      await catalog.recordDecision({ ...RUN, ...pause(1) });
      await catalog.recordDecision({ ...RUN, ...pause(1), by: 'eve' });
      const mark = {
        number: 0,
        action: 'mark',
        step: 'extract:a',
        dataset: 'datasets/x',
        by: 'ada',
        reason: 'mended',
        at: at(0),
      } as const;
      await catalog.recordDecision({ ...RUN, ...mark });
      expect(await catalog.listDecisions(RUN.workflowId, RUN.runId)).toEqual([mark, pause(1), skip]);
      expect(await catalog.listDecisions(RUN.workflowId, 'another')).toEqual([]);
    });

    test('before a reset is the new run’s too, up to where its own begins', async () => {
      const { catalog } = await fresh();
      await catalog.recordRunStarted(runStarted());
      for (const number of [1, 2, 3]) await catalog.recordDecision({ ...RUN, ...pause(number) });
      const reset = { ...RUN, runId: 'run-2' };
      const { pipeline, partition, loadScope } = runStarted();
      const scope = { pipeline, loadScope, ...(partition !== undefined && { partition }) };
      await catalog.recordStepSkipped({
        ...reset,
        step: 'load:delays',
        because: 'load:delays',
        attempt: 11,
        at: at(9),
        run: scope,
      });
      expect((await catalog.listDecisions(reset.workflowId, reset.runId)).map(({ number }) => number)).toEqual([1, 2, 3]);
      await catalog.recordDecision({ ...reset, ...pause(3), by: 'bob' });
      expect((await catalog.listDecisions(reset.workflowId, reset.runId)).map(({ number, by }) => `${number} ${by}`)).toEqual([
        '1 ada',
        '2 ada',
        '3 bob',
      ]);
    });
  });

  describe('what holds a run', () => {
    test('is told of it while it is open, by the latest word', async () => {
      const { catalog } = await fresh();
      await catalog.recordHolds(RUN, 2, HELD);
      await catalog.recordRunStarted(runStarted());
      await catalog.recordHolds(RUN, 1, { waiting: [] });
      const { paused, waiting } = HELD;
      expect(await catalog.findRun(RUN.workflowId)).toMatchObject({ paused, waiting });
      expect(await catalog.listRuns({ limit: 5 })).toMatchObject([{ paused, waiting }]);
      await catalog.recordHolds(RUN, 3, { waiting });
      expect(await catalog.findRun(RUN.workflowId)).toMatchObject({ paused: null, waiting });
      await catalog.recordRunFinished({ ...RUN, status: 'completed', finishedAt: at(9) });
      expect(await catalog.findRun(RUN.workflowId)).toMatchObject({ paused: null, waiting: [] });
    });
  });

  test('a skipped step is listed as such, after the attempts that failed, and is not taken over', async () => {
    const { catalog } = await fresh();
    await catalog.recordRunStarted(runStarted());
    await catalog.recordStepFailed(validateFailed());
    const { step } = validateFailed();
    await catalog.recordStepSkipped({ ...RUN, step, because: step, attempt: 11, at: at(8) });
    await catalog.recordStepSkipped({ ...RUN, step: 'load:others', because: step, attempt: 1, at: at(8) });
    const steps = await catalog.listSteps(RUN.workflowId, RUN.runId);
    expect(steps.map((each) => [each.step, each.status, each.attempts, each.skipped])).toEqual([
      ['load:others', 'skipped', 1, step],
      [step, 'skipped', 2, step],
    ]);
    const retried = { workflowId: RUN.workflowId, runId: RUN.runId };
    await catalog.recordRunStarted(runStarted({ runId: 'run-2', retryOf: retried }));
    expect(await catalog.listSteps(RUN.workflowId, 'run-2')).toEqual([]);
  });
});
