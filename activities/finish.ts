import { Context } from '@temporalio/activity';
import type { FinishInput } from '../src/core/admission.js';
import { toFailure } from './failure.js';
import { runScope } from './run-scope.js';
import type { Services } from './services.js';

/** Writes a run's end into the catalog. */
export function makeFinish({ catalog, leftWorks }: Services) {
  return async ({ run, ...end }: FinishInput): Promise<void> => {
    const { namespace } = Context.current().info;
    await leftWorks.dropOwner(run.runId);
    try {
      await catalog.recordRunFinished({ workflowId: run.workflowId, runId: run.runId, ...end, run: runScope(run, namespace) });
    } catch (error) {
      throw toFailure(error);
    }
  };
}
