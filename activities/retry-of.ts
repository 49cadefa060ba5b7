import type { Context } from '@temporalio/activity';
import { reusableSteps, type RetryOf, type RunRow, type StepRow } from '../src/catalog/index.js';
import type { AdmitInput, AdmittedRun, RunChanges } from '../src/core/admission.js';
import { TerminalError } from '../src/core/errors.js';
import type { StepId, StepResult } from '../src/core/steps.js';
import { z } from 'zod';
import { isStillStaged } from './earlier-result.js';
import { resolveMark, type ResolvedMark } from './mark.js';
import { changesSince } from './run-changes.js';
import type { Services } from './services.js';

/** What a run takes over from the run it retries. */
export interface ResolvedRetry {
  readonly retryOf: RetryOf;
  /** Inherited, so that the ledger knows a load of the earlier run as the same load. */
  readonly loadScope: string;
  readonly reuse: Readonly<Record<StepId, StepResult>>;
  readonly reuseFrom?: AdmittedRun['reuseFrom'];
  readonly auditOverride?: AdmittedRun['auditOverride'];
  readonly mark?: ResolvedMark;
  readonly changes: RunChanges;
}

/** Results that a run's history carries; more of them the steps look for themselves. */
const MOST_CARRIED = 100;

const sentence = z.string().trim().min(1);

const controlSchema = z.strictObject({
  retryOf: z.strictObject({ workflowId: z.string().min(1), runId: z.string().min(1).optional() }).optional(),
  from: z.string().min(1).optional(),
  overrideAudit: z.strictObject({ step: z.string().min(1), reason: sentence.max(1000), by: sentence.max(200) }).optional(),
  mark: z
    .strictObject({ step: z.string().min(1), dataset: z.string().min(1), reason: sentence.max(1000), by: sentence.max(200) })
    .optional(),
});

/**
 * Resolves a run's second argument.
 * @throws TerminalError RETRY_INVALID when it is malformed, or names a run or a step that cannot be used
 */
export async function resolveRetry(
  services: Services,
  context: Context,
  input: AdmitInput,
  params: Readonly<Record<string, unknown>>,
): Promise<ResolvedRetry | undefined> {
  if (input.control === undefined || input.control === null) return undefined;
  const parsed = controlSchema.safeParse(input.control);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(all)'}: ${issue.message}`);
    throw invalid(
      `The second argument is reserved for { "retryOf": { "workflowId", "runId" }, "from": "step", "overrideAudit": { "step", "reason", "by" }, "mark": { "step", "dataset", "reason", "by" } }. ${problems.join('; ')}`,
    );
  }
  const { retryOf, from, overrideAudit, mark } = parsed.data;
  if (!retryOf) throw invalid('`from`, `mark` and `overrideAudit` need `retryOf`: the run whose steps are taken over');
  const run = await services.catalog.findRun(retryOf.workflowId, retryOf.runId);
  if (!run?.loadScope)
    throw invalid(
      `No run ${retryOf.workflowId}${retryOf.runId ? ` (${retryOf.runId})` : ''} is in the catalog. List runs with \`millrace runs\``,
    );
  if (run.pipeline !== input.pipeline)
    throw invalid(`Run ${run.workflowId} is of pipeline "${String(run.pipeline)}", not "${input.pipeline}"`);
  await requireClosed(context, run);
  const steps = await services.catalog.listSteps(run.workflowId, run.runId);
  requireStep(steps, from);
  if (overrideAudit) requireFailedAudit(steps, overrideAudit.step);
  const marked = mark && (await resolveMark(services, steps, { ...mark, step: mark.step as StepId }, context.cancellationSignal));
  const earlier = { workflowId: run.workflowId, runId: run.runId, ...(from !== undefined && { from }) };
  const reusable = reusableSteps(steps, from);
  const isCarried = reusable.length <= MOST_CARRIED;
  return {
    retryOf: earlier,
    loadScope: run.loadScope,
    reuse: {
      ...(isCarried && (await stillStaged(services, reusable))),
      ...(marked && { [marked.marked.step]: marked.result }),
    },
    ...(!isCarried && { reuseFrom: earlier }),
    ...(overrideAudit && { auditOverride: { ...overrideAudit, step: overrideAudit.step as StepId } }),
    ...(marked && { mark: marked }),
    changes: changesSince(run, params, services.code),
  };
}

async function stillStaged(services: Services, steps: readonly StepRow[]): Promise<Record<StepId, StepResult>> {
  const reuse: Record<StepId, StepResult> = {};
  for (const { step, result } of steps) {
    if (result && (await isStillStaged(services, result))) reuse[step] = result;
  }
  return reuse;
}

function requireStep(steps: readonly StepRow[], from: string | undefined): void {
  if (from === undefined || steps.some((step) => step.step === from)) return;
  throw invalid(`The run has no step "${from}". It has: ${steps.map((step) => step.step).join(', ') || 'none'}`);
}

// An override is said of a failure that somebody has looked at, never in advance.
function requireFailedAudit(steps: readonly StepRow[], wanted: string): void {
  const step = steps.find((each) => each.step === wanted);
  if (step?.error?.code === 'AUDIT_FAILED') return;
  const refused = steps.filter(({ error }) => error?.code === 'AUDIT_FAILED').map((each) => each.step);
  throw invalid(`The run has no load "${wanted}" whose audit failed. Those whose audit failed: ${refused.join(', ') || 'none'}`);
}

async function requireClosed(context: Context, run: RunRow): Promise<void> {
  const { status } = await context.client.workflow
    .getHandle(run.workflowId, run.runId)
    .describe()
    .catch(() => ({ status: { name: 'FORGOTTEN' } }));
  if (status.name === 'RUNNING')
    throw invalid(`Run ${run.workflowId} (${run.runId}) is still running. Cancel it first, or wait for its end`);
}

function invalid(why: string): TerminalError {
  return new TerminalError('RETRY_INVALID', `${why}.`);
}
