import { describe, expect, test } from 'vitest';
import { reusableSteps, type Catalog } from '../../src/catalog/index.js';
import { onBothDatabases } from './fresh-catalog.js';
import { airportsFinished, at, loadFinished, RUN, runStarted, validateFailed, validateFinished } from './sample-facts.js';

onBothDatabases((fresh) => {
  describe('a run made by a reset', () => {
    async function resetRun(catalog: Catalog): Promise<void> {
      await catalog.recordRunStarted(runStarted());
      await catalog.recordStepFinished(validateFinished());
      await catalog.recordStepFinished(loadFinished());
      await catalog.recordRunFinished({ ...RUN, status: 'completed', finishedAt: at(5) });
      await catalog.recordStepFinished(loadFinished({ runId: 'run-2', alreadyDone: true, finishedAt: at(20) }));
    }

    test('has the start, parameters and owner of the run it continues', async () => {
      const { catalog } = await fresh();
      await resetRun(catalog);
      expect(await catalog.findRun(RUN.workflowId)).toMatchObject({
        runId: 'run-2',
        firstRunId: 'run-1',
        resetOf: 'run-1',
        pipeline: 'flightDelays',
        params: { month: '2001-01' },
        owner: 'data@example.com',
        status: 'running',
        startedAt: at(20),
      });
    });

    test('shows the steps it took over beside its own, and one load', async () => {
      const { catalog, contents } = await fresh();
      await resetRun(catalog);
      const steps = await catalog.listSteps(RUN.workflowId, 'run-2');
      expect(steps.map((step) => [step.step, step.runId])).toEqual([
        ['validate:flights', 'run-1'],
        ['load:delays', 'run-2'],
      ]);
      expect((await contents()).loads).toHaveLength(1);
      expect(await catalog.listQuarantine(RUN.workflowId, 'run-2')).toHaveLength(1);
    });

    test('claims no step that fed nothing of its own until it has completed', async () => {
      const { catalog } = await fresh();
      await resetRun(catalog);
      await catalog.recordStepFinished(airportsFinished(at(3)));
      const names = async () => (await catalog.listSteps(RUN.workflowId, 'run-2')).map((step) => step.step);
      expect(await names()).not.toContain('validate:airports');
      await catalog.recordRunFinished({ workflowId: RUN.workflowId, runId: 'run-2', status: 'completed', finishedAt: at(30) });
      expect(await names()).toContain('validate:airports');
    });
  });

  describe('a run that retries another', () => {
    const again = { workflowId: 'again', runId: 'run-9' };

    async function failedRun(catalog: Catalog): Promise<void> {
      await catalog.recordRunStarted(runStarted());
      await catalog.recordStepFinished(airportsFinished(at(3)));
      await catalog.recordStepFinished(validateFinished(1, at(4)));
      await catalog.recordStepFailed({
        ...validateFailed(1, at(5)),
        step: 'load:delays',
        code: 'TABLE_MISSING',
        willRetry: false,
      });
      await catalog.recordRunFinished({ ...RUN, status: 'failed', finishedAt: at(6) });
    }

    test('shows the steps it reuses beside its own, even when it fails', async () => {
      const { catalog } = await fresh();
      await failedRun(catalog);
      await catalog.recordRunStarted(runStarted({ ...again, startedAt: at(10), retryOf: RUN }));
      await catalog.recordStepFailed({ ...validateFailed(1, at(11)), ...again, step: 'load:delays' });
      const steps = await catalog.listSteps(again.workflowId, again.runId);
      expect(steps.map((step) => [step.step, step.runId, step.status])).toEqual([
        ['validate:airports', 'run-1', 'done'],
        ['validate:flights', 'run-1', 'done'],
        ['load:delays', 'run-9', 'failed'],
      ]);
    });

    test('from a step reuses neither that step nor what was made from it', async () => {
      const { catalog } = await fresh();
      await failedRun(catalog);
      await catalog.recordStepFinished(loadFinished({ finishedAt: at(5) }));
      const steps = await catalog.listSteps(RUN.workflowId, RUN.runId);
      expect(reusableSteps(steps, 'validate:flights').map((step) => step.step)).toEqual(['validate:airports']);
      expect(reusableSteps(steps, 'load:delays').map((step) => step.step)).toEqual(['validate:airports', 'validate:flights']);
    });
  });
});
