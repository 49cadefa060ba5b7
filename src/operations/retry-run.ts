import type { ParsedInputOf, ResultOf } from '../api/index.js';
import type { RunRow, StepRow } from '../catalog/index.js';
import { TerminalError } from '../core/errors.js';
import { canonicalRunId, formatRunAddress, parseRunAddress } from '../temporal/run-id.js';
import { startRun, type StartControl, type StartRunInput } from '../temporal/start-run.js';
import { requireScope, type OperationContext } from './context.js';

type RetryInput = ParsedInputOf<'retryRun'>;
type Override = NonNullable<StartControl['overrideAudit']>;
type Mark = NonNullable<StartControl['mark']>;

/** A step that is to count as done, with a dataset. */
interface Marking {
  readonly mark: { readonly step: string; readonly dataset: string; readonly reason: string };
}

/**
 * Starts a run that takes over what a closed run had finished.
 *
 * @throws TerminalError RUN_UNKNOWN; RETRY_INVALID when a step is none of its; RUN_ALREADY_RUNNING
 */
export async function retryRun(context: OperationContext, input: RetryInput & Partial<Marking>): Promise<ResultOf<'retryRun'>> {
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
  const from = input.from === undefined ? undefined : findStep(input.from, steps);
  const mark = markOf(context, input, steps);
  const start = plan(context, run, input.params, { from, mark, overrideAudit: overrideOf(context, input, steps) });
  const started = await startRun(context.temporal, start);
  context.states.forget(started);
  const { pipeline, taskQueue } = start;
  return { ...started, pipeline, taskQueue, started: true, worker: await context.states.hasWorker(taskQueue) };
}

function plan(
  { project }: OperationContext,
  run: RunRow,
  given: RetryInput['params'],
  { from, mark, overrideAudit }: Pick<StartControl, 'from' | 'mark' | 'overrideAudit'>,
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
    workflowId: canonical ? canonicalRunId(pipeline, params, partitioning) : run.workflowId,
    taskQueue: run.taskQueue ?? project.taskQueue,
    control: {
      retryOf: { workflowId: run.workflowId, runId: run.runId },
      ...(from !== undefined && { from }),
      ...(mark && { mark }),
      ...(overrideAudit && { overrideAudit }),
    },
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

function markOf({ caller }: OperationContext, { mark }: Partial<Marking>, steps: readonly StepRow[]): Mark | undefined {
  return mark && { ...mark, step: findStep(mark.step, steps), by: caller.name };
}

/** A step by its id, or by its name where only one step has it. */
export function findStep(wanted: string, steps: readonly StepRow[]): string {
  const byId = steps.find((step) => step.step === wanted);
  const named = byId ? [byId] : steps.filter((step) => step.name === wanted);
  if (named.length === 1 && named[0]) return named[0].step;
  const run = steps[0] ? ` ${formatRunAddress(steps[0])}` : '';
  const known = steps.map((step) => step.step).join(', ') || 'none';
  const why = named.length > 1 ? `has several steps named "${wanted}"` : `has no step "${wanted}"`;
  throw new TerminalError('RETRY_INVALID', `The run${run} ${why}. Its steps are: ${known}.`);
}
