import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { RunRow, StepRow } from '../catalog/index.js';
import { admissible } from '../config/parameters.js';
import { TerminalError } from '../core/errors.js';
import { canonicalRunId, formatRunAddress, parseRunAddress } from '../temporal/run-id.js';
import { startRun, type StartControl, type StartRunInput } from '../temporal/start-run.js';
import { requireScope, type OperationContext } from './context.js';
import { datasetFor } from './datasets.js';

type RetryInput = ParsedInputOf<'retryRun'>;
type Override = NonNullable<StartControl['overrideAudit']>;

/**
 * Starts a run that takes over what a closed run had finished.
 *
 * @throws TerminalError RUN_UNKNOWN; RETRY_INVALID when a step is none of its; PIPELINE_UNKNOWN, PARAMETERS_INVALID; RUN_ALREADY_RUNNING
 */
export function retryRun(context: OperationContext, input: RetryInput): Promise<ResultOf<'retryRun'>> {
  return takeOver(context, input, (steps) => {
    const from = input.from === undefined ? undefined : findStep(input.from, steps);
    const overrideAudit = overrideOf(context, input, steps);
    return { ...(from !== undefined && { from }), ...(overrideAudit && { overrideAudit }) };
  });
}

/**
 * As {@link retryRun}, with a step that counts as done. Whether the dataset can stand for it, the new run sees first of all.
 *
 * @throws TerminalError DATASET_UNKNOWN when it is none of a pipeline that the caller has to do with, and what {@link retryRun} throws
 */
export async function markStep(context: OperationContext, input: ParsedInputOf<'markStep'>): Promise<ResultOf<'markStep'>> {
  const { step, dataset, reason } = input;
  // Else the rows of any pipeline could be had through one's own. Staging may have datasets that the catalog has lost.
  if (context.caller.scope) await datasetFor(context, dataset);
  return takeOver(context, input, (steps) => ({
    mark: { step: findStep(step, steps), dataset, reason, by: context.caller.name },
  }));
}

/** How the new run is to differ, by the steps of the earlier one. */
type Differ = (steps: readonly StepRow[]) => Omit<StartControl, 'retryOf'>;

async function takeOver(
  context: OperationContext,
  input: Pick<RetryInput, 'run' | 'params' | 'idempotencyKey'>,
  differ: Differ,
): Promise<ResultOf<'retryRun'>> {
  const { workflowId, runId } = parseRunAddress(input.run);
  const run = await context.catalog.findRun(workflowId, runId);
  if (!run || run.pipeline === null) {
    throw new TerminalError(
      'RUN_UNKNOWN',
      `The catalog ${context.catalog.name} knows no run ${input.run}. List runs with \`millrace runs\`.`,
    );
  }
  requireScope(context, run.pipeline);
  const steps = await context.catalog.listSteps(run.workflowId, run.runId);
  const { idempotencyKey } = input;
  if (input.params) admissible(context.project.pipelines, run.pipeline, input.params);
  const start = { ...plan(context, run, input.params, differ(steps)), ...(idempotencyKey !== undefined && { idempotencyKey }) };
  const started = await startRun(context.temporal, start);
  context.states.forget(started);
  const { pipeline, taskQueue } = start;
  return { ...started, pipeline, taskQueue, worker: await context.states.hasWorker(taskQueue) };
}

function plan(
  { project, caller }: OperationContext,
  run: RunRow,
  given: RetryInput['params'],
  differences: Omit<StartControl, 'retryOf'>,
): StartRunInput {
  const pipeline = String(run.pipeline);
  const before = (run.params ?? {}) as Readonly<Record<string, unknown>>;
  const params = given ?? before;
  const partitioning = project.pipelines[pipeline]?.partition;
  // The retry of a partition's run is that partition's run, and takes its place; with another partition, that one's.
  const canonical = run.workflowId === canonicalRunId(pipeline, before, partitioning);
  return {
    pipeline,
    params,
    by: caller.name,
    workflowId: canonical ? canonicalRunId(pipeline, params, partitioning) : run.workflowId,
    taskQueue: run.taskQueue ?? project.taskQueue,
    order: project.pipelines[pipeline] ?? {},
    control: { retryOf: { workflowId: run.workflowId, runId: run.runId }, ...differences },
  };
}

/** @throws TerminalError FORBIDDEN when somebody who is known by a token names another person */
function overrideOf(
  { caller }: OperationContext,
  { overrideAudit }: RetryInput,
  steps: readonly StepRow[],
): Override | undefined {
  if (!overrideAudit) return undefined;
  const { step, reason, by = caller.name } = overrideAudit;
  if (by !== caller.name && caller.kind !== 'local') {
    throw new TerminalError(
      'FORBIDDEN',
      `Whoever overrides an audit does so under their own name, here ${caller.name}: leave \`by\` out.`,
    );
  }
  return { step: findStep(step, steps), reason, by };
}

/** A step by its id, or by its name where only one step has it. */
function findStep(wanted: string, steps: readonly StepRow[]): string {
  const byId = steps.find((step) => step.step === wanted);
  const named = byId ? [byId] : steps.filter((step) => step.name === wanted);
  if (named.length === 1 && named[0]) return named[0].step;
  const run = steps[0] ? ` ${formatRunAddress(steps[0])}` : '';
  const known = steps.map((step) => step.step).join(', ') || 'none';
  const why = named.length > 1 ? `has several steps named "${wanted}"` : `has no step "${wanted}"`;
  throw new TerminalError('RETRY_INVALID', `The run${run} ${why}. Its steps are: ${known}.`);
}
