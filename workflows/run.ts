import type { Project } from '../src/config/project.js';
import type { DatasetRef } from '../src/core/dataset.js';
import type { LoadResult } from '../src/core/load.js';
import { partitionRange } from '../src/core/partitions.js';
import type { DatasetStepResult, LoadStepResult, RunContext } from '../src/core/steps.js';
import { createRunLog } from './run-log.js';
import { extractCall, loadCall, transformCall, validateCall, type StepCall } from './step-calls.js';
import type { StepRunner } from './step-runner.js';
import type { Run, StepOptions } from './types.js';

type Arguments<F extends (...args: never[]) => StepCall> = Parameters<F>;

/** Makes the run API of one run over the steps' runner. */
export function createRun<P extends Project>(
  context: RunContext,
  params: Readonly<Record<string, unknown>>,
  steps: StepRunner,
): Run<P> {
  // Async throughout, so that options of the wrong shape reject like every other failure of a step.
  const dataset = (describe: () => StepCall): Promise<DatasetRef> =>
    forgivably(async () => (await steps.run<DatasetStepResult>(describe())).dataset);
  const load = (describe: () => StepCall): Promise<LoadResult> =>
    forgivably(async () => (await steps.run<LoadStepResult>(describe())).load);
  const run = {
    id: context.workflowId,
    partition: context.partition,
    within: partitionRange,
    log: createRunLog(),
    extract: (...args: Arguments<typeof extractCall>) => dataset(() => extractCall(...args)),
    validate: (...args: Arguments<typeof validateCall>) => dataset(() => validateCall(...args)),
    transform: (name: string, inputs: Readonly<Record<string, DatasetRef>>, options?: StepOptions) =>
      dataset(() => transformCall(name, inputs, params, options)),
    load: (...args: Arguments<typeof loadCall>) => load(() => loadCall(...args)),
  };
  return run as Run<P>;
}

// A step may fail before anybody awaits it: that is no unhandled rejection, which would fail the workflow's task.
function forgivably<T>(work: () => Promise<T>): Promise<T> {
  const result = work();
  result.catch(() => undefined);
  return result;
}
