import type { LoadIdentity } from '../src/core/load.js';
import type { LoadStepInput } from '../src/core/steps.js';

/** Who loads, by a step's place in its run. */
export function identityOf({ run, step }: Pick<LoadStepInput, 'run' | 'step'>, content: string): LoadIdentity {
  return {
    loadId: `${run.loadScope}/${step}`,
    content,
    pipeline: run.pipeline,
    step,
    ...(run.partition !== undefined && { partition: run.partition }),
    workflowId: run.workflowId,
    runId: run.runId,
  };
}
