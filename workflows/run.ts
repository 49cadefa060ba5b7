import type { Project } from '../src/config/project.js';
import type { DatasetRef } from '../src/core/dataset.js';
import type { LoadResult } from '../src/core/load.js';
import { partitionRange } from '../src/core/partitions.js';
import type { DatasetStepResult, RunContext } from '../src/core/steps.js';
import { JointSteps } from './joint-steps.js';
import { createRunLog } from './run-log.js';
import { extractCall, loadCall, transformCall, validateCall, type StepCall } from './step-calls.js';
import type { StepRunner } from './step-runner.js';
import type { ExtractFrom, Given, LoadInto, Run, StepOptions, ValidateOptions } from './types.js';

/** Makes the run API of one run over the steps' runner. */
export function createRun<P extends Project>(
  context: RunContext,
  params: Readonly<Record<string, unknown>>,
  steps: StepRunner,
): Run<P> {
  const joint = new JointSteps(steps);
  const datasetOf = async (describe: () => StepCall): Promise<DatasetRef> =>
    (await steps.run<DatasetStepResult>(describe())).dataset;

  // Async throughout, so that options of the wrong shape reject like every other failure of a step.
  const run = {
    id: context.workflowId,
    partition: context.partition,
    within: partitionRange,
    log: createRunLog(),
    extract: (dataset: string, options: ExtractFrom<Project>) => forgivably(() => datasetOf(() => extractCall(dataset, options))),
    validate: (given: Given<DatasetRef>, contract: string, options?: ValidateOptions) =>
      forgivably(() => joint.validate(given, (input) => validateCall(input, contract, options))),
    transform: (name: string, given: Readonly<Record<string, Given<DatasetRef>>>, options?: StepOptions) =>
      forgivably(async () => {
        const inputs = await allOf(given);
        return datasetOf(() => transformCall(name, inputs, params, options));
      }),
    load: (given: Given<DatasetRef>, options: LoadInto<Project, never>): Promise<LoadResult> =>
      forgivably(async () => (await joint.load(given, (input) => loadCall(input, options))).load),
  };
  return run as Run<P>;
}

async function allOf(given: Readonly<Record<string, Given<DatasetRef>>>): Promise<Record<string, DatasetRef>> {
  const named = Object.entries(given).map(async ([name, dataset]): Promise<[string, DatasetRef]> => [name, await dataset]);
  return Object.fromEntries(await Promise.all(named));
}

// A step may fail before anybody awaits it: that is no unhandled rejection, which would fail the workflow's task.
function forgivably<T>(work: () => Promise<T>): Promise<T> {
  const result = work();
  result.catch(() => undefined);
  return result;
}
