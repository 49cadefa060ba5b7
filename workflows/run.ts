import type { Project } from '../src/config/project.js';
import type { DatasetRef } from '../src/core/dataset.js';
import type { LoadResult } from '../src/core/load.js';
import { partitionRange } from '../src/core/partitions.js';
import type { DatasetStepResult, LoadStepResult, RunContext } from '../src/core/steps.js';
import { extractCall, loadCall, transformCall, validateCall, type StepCall } from './step-calls.js';
import type { StepRunner } from './step-runner.js';
import type { Run } from './types.js';

type Arguments<F extends (...args: never[]) => StepCall> = Parameters<F>;

/** Makes the run API of one run over the steps' runner. */
export function createRun<P extends Project>(
  context: RunContext,
  params: Readonly<Record<string, unknown>>,
  steps: StepRunner,
): Run<P> {
  const dataset = async (call: StepCall): Promise<DatasetRef> => (await steps.run<DatasetStepResult>(call)).dataset;
  const load = async (call: StepCall): Promise<LoadResult> => (await steps.run<LoadStepResult>(call)).load;
  const run = {
    id: context.workflowId,
    partition: context.partition,
    within: partitionRange,
    // Async, so that options of the wrong shape reject like every other failure of a step.
    extract: async (...args: Arguments<typeof extractCall>) => dataset(extractCall(...args)),
    validate: async (...args: Arguments<typeof validateCall>) => dataset(validateCall(...args)),
    transform: async (name: string, inputs: Readonly<Record<string, DatasetRef>>, options?: object) =>
      dataset(transformCall(name, inputs, params, options)),
    load: async (...args: Arguments<typeof loadCall>) => load(loadCall(...args)),
  };
  return run as unknown as Run<P>;
}
