import type { Project } from '../src/config/project.js';
import type { DatasetRef } from '../src/core/dataset.js';
import { partitionRange } from '../src/core/partitions.js';
import type { CheckStepResult, DatasetStepResult, LoadStepResult, RunContext, WatermarkStepResult } from '../src/core/steps.js';
import type { TableInput } from '../src/core/table.js';
import { approvalCall } from './approve-call.js';
import type { ApproveOptions } from './approve-options.js';
import { JointSteps } from './joint-steps.js';
import {
  checkCall,
  extractCall,
  loadCall,
  transformCall,
  transformOnCall,
  validateCall,
  watermarkCall,
  type StepCall,
} from './step-calls.js';
import type { StepOptions } from './offered-options.js';
import type { Steps } from './steps.js';
import type {
  Checked,
  ExtractFrom,
  Given,
  Loaded,
  LoadInto,
  Run,
  RunLog,
  TransformOn,
  ValidateOptions,
  WatermarkOf,
} from './types.js';

/** Makes the run API of one run over what does its steps and takes its log. */
export function createRun<P extends Project>(
  context: Pick<RunContext, 'workflowId' | 'partition'>,
  params: Readonly<Record<string, unknown>>,
  { steps, log }: { readonly steps: Steps; readonly log: RunLog },
): Run<P> {
  const joint = new JointSteps(steps);
  const datasetOf = (call: StepCall): Promise<DatasetRef> => steps.run<DatasetStepResult>(call).then(({ dataset }) => dataset);

  const run = {
    id: context.workflowId,
    partition: context.partition,
    within: partitionRange,
    log,
    watermark: (options: WatermarkOf<Project>) =>
      forgivably(() => steps.run<WatermarkStepResult>(watermarkCall(options)).then(({ watermark }) => watermark)),
    extract: (dataset: string, options: ExtractFrom<Project>) => forgivably(() => datasetOf(extractCall(dataset, options))),
    validate: (given: Given<DatasetRef>, contract: string, options?: ValidateOptions) =>
      forgivably(() => joint.validate(given, (input) => validateCall(input, contract, options))),
    transform: (
      name: string,
      given: Readonly<Record<string, Given<DatasetRef | TableInput>>>,
      options?: StepOptions | TransformOn<Project, never>,
    ) =>
      forgivably<DatasetRef | Loaded>(async () => {
        // Which kind of input goes where, the types have said; the activity looks again.
        const inputs = await allOf(given);
        if (!options || !('on' in options))
          return datasetOf(transformCall(name, inputs as Record<string, DatasetRef>, params, options));
        const call = transformOnCall(name, inputs as Record<string, TableInput>, params, options);
        const { load } = await steps.run<LoadStepResult>(call);
        return { ...load, connection: options.on, table: options.table };
      }),
    check: (name: string, given: Readonly<Record<string, Given<DatasetRef>>>, options?: StepOptions) =>
      forgivably(async (): Promise<Checked> => {
        const { checked, skipped } = await steps.run<CheckStepResult>(checkCall(name, await allOf(given), params, options));
        const warnings = checked.results.filter((result) => !result.passed);
        return { passed: checked.passed, warnings, ...(skipped !== undefined && { skipped }) };
      }),
    approve: (options: ApproveOptions) => forgivably(() => steps.approve(approvalCall(options))),
    table: (connection: string, table: string): TableInput => ({ connection, table }),
    load: (given: Given<DatasetRef>, options: LoadInto<Project, never>) =>
      forgivably(async (): Promise<Loaded> => {
        const { load } = await joint.load(given, (input) => loadCall(input, options, params));
        return { ...load, connection: options.to, table: options.table ?? options.path ?? (await given).name };
      }),
  };
  return run as Run<P>;
}

async function allOf<T>(given: Readonly<Record<string, Given<T>>>): Promise<Record<string, T>> {
  const named = Object.entries(given).map(async ([name, input]): Promise<[string, T]> => [name, await input]);
  return Object.fromEntries(await Promise.all(named));
}

// A step may fail before anybody awaits it: that is no unhandled rejection, which would fail the workflow's task. Options of the
// wrong shape reject like every other failure of a step.
function forgivably<T>(work: () => Promise<T>): Promise<T> {
  const result = begun(work);
  result.catch(() => undefined);
  return result;
}

function begun<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}
