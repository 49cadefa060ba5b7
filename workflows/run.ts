import type { Project } from '../src/config/project.js';
import type { DatasetRef } from '../src/core/dataset.js';
import type { Scalar } from '../src/core/filter.js';
import type { LoadResult } from '../src/core/load.js';
import { partitionRange } from '../src/core/partitions.js';
import type { DatasetStepResult, LoadStepResult, RunContext } from '../src/core/steps.js';
import type { StepRunner } from './step-runner.js';
import type { ExtractFrom, LoadInto, Run, StepOptions, ValidateOptions } from './types.js';

/** Makes the run API of one run over the steps' runner. */
export function createRun<P extends Project>(
  context: RunContext,
  params: Readonly<Record<string, unknown>>,
  steps: StepRunner,
): Run<P> {
  const dataset = async (call: Parameters<StepRunner['run']>[0]): Promise<DatasetRef> =>
    (await steps.run<DatasetStepResult>(call)).dataset;
  const run = {
    id: context.workflowId,
    partition: context.partition,
    within: partitionRange,

    extract(name: string, options: ExtractFrom<P>): Promise<DatasetRef> {
      const { rest, policy, as } = split(options);
      const { from, ...what } = rest;
      return dataset({
        kind: 'extract',
        name: as ?? name,
        summary: `extract ${name} from ${from}${place(what.path ?? what.table)}`,
        policy,
        input: { dataset: name, connection: from, ...what },
      });
    },

    validate(input: DatasetRef, contract: string, options: ValidateOptions = {}): Promise<DatasetRef> {
      const { rest, policy, as } = split(options);
      return dataset({
        kind: 'validate',
        name: as ?? input.name,
        summary: `validate ${input.name} by ${contract}`,
        policy,
        input: { input, contract, ...rest },
      });
    },

    transform(transform: string, inputs: Readonly<Record<string, DatasetRef>>, options: StepOptions = {}): Promise<DatasetRef> {
      const { policy, as } = split(options);
      return dataset({
        kind: 'transform',
        name: as ?? transform,
        summary: `transform ${Object.keys(inputs).join(', ')} into ${transform}`,
        policy,
        input: { transform, inputs, params: scalars(params) },
      });
    },

    async load(input: DatasetRef, options: LoadInto<P, never>): Promise<LoadResult> {
      const { rest, policy, as } = split(options);
      const { to, table, path, mode, key, partition } = rest;
      const target = table ?? path ?? input.name;
      const result = await steps.run<LoadStepResult>({
        kind: 'load',
        name: as ?? `${to}.${target}`,
        summary: `load ${input.name} into ${to}.${target} (${mode})`,
        policy,
        input: { input, connection: to, target, mode, ...(key && { key }), ...(partition && { partition }) },
      });
      return result.load;
    },
  };
  return run as unknown as Run<P>;
}

function split<O extends StepOptions>(
  options: O,
): { rest: Omit<O, keyof StepOptions>; policy: Omit<StepOptions, 'as'>; as: string | undefined } {
  const { as, timeout, retry, taskQueue, ...rest } = options;
  return { rest, policy: { timeout, retry, taskQueue }, as };
}

function place(what: string | undefined): string {
  return what === undefined ? '' : ` (${what})`;
}

function scalars(params: Readonly<Record<string, unknown>>): Record<string, Scalar> {
  const isScalar = (value: unknown): value is Scalar => value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return Object.fromEntries(Object.entries(params).filter((entry): entry is [string, Scalar] => isScalar(entry[1])));
}
