import type { Context } from '@temporalio/activity';
import { reusableSteps, type RetryOf, type RunRow, type StepRow } from '../src/catalog/index.js';
import type { AdmitInput, AdmittedRun } from '../src/core/admission.js';
import { TerminalError } from '../src/core/errors.js';
import type { StepId, StepResult } from '../src/core/steps.js';
import { z } from 'zod';
import type { Services } from './services.js';

/** What a run takes over from the run it retries. */
export interface ResolvedRetry {
  readonly retryOf: RetryOf;
  /** Inherited, so that the ledger knows a load of the earlier run as the same load. */
  readonly loadScope: string;
  readonly reuse: Readonly<Record<StepId, StepResult>>;
  readonly auditOverride?: AdmittedRun['auditOverride'];
}

const sentence = z.string().trim().min(1);

const controlSchema = z.strictObject({
  retryOf: z.strictObject({ workflowId: z.string().min(1), runId: z.string().min(1).optional() }).optional(),
  from: z.string().min(1).optional(),
  overrideAudit: z.strictObject({ step: z.string().min(1), reason: sentence.max(1000), by: sentence.max(200) }).optional(),
});

/**
 * Resolves a run's second argument.
 * @throws TerminalError RETRY_INVALID when it is malformed, or names a run or a step that cannot be used
 */
export async function resolveRetry(services: Services, context: Context, input: AdmitInput): Promise<ResolvedRetry | undefined> {
  if (input.control === undefined || input.control === null) return undefined;
  const parsed = controlSchema.safeParse(input.control);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(all)'}: ${issue.message}`);
    throw invalid(
      `The second argument is reserved for { "retryOf": { "workflowId", "runId" }, "from": "step", "overrideAudit": { "step", "reason", "by" } }. ${problems.join('; ')}`,
    );
  }
  const { retryOf, from, overrideAudit } = parsed.data;
  if (!retryOf) throw invalid('`from` and `overrideAudit` need `retryOf`: the run whose steps are taken over');
  const run = await services.catalog.findRun(retryOf.workflowId, retryOf.runId);
  if (!run?.loadScope)
    throw invalid(
      `No run ${retryOf.workflowId}${retryOf.runId ? ` (${retryOf.runId})` : ''} is in the catalog. List runs with \`millrace runs\``,
    );
  if (run.pipeline !== input.pipeline)
    throw invalid(`Run ${run.workflowId} is of pipeline "${String(run.pipeline)}", not "${input.pipeline}"`);
  await requireClosed(context, run);
  const steps = await services.catalog.listSteps(run.workflowId, run.runId);
  const reuse: Record<StepId, StepResult> = {};
  requireStep(steps, from);
  if (overrideAudit) requireFailedAudit(steps, overrideAudit.step);
  for (const step of reusableSteps(steps, from)) {
    if (await isStillStaged(services, step.result as StepResult)) reuse[step.step] = step.result as StepResult;
  }
  return {
    retryOf: { workflowId: run.workflowId, runId: run.runId, ...(from !== undefined && { from }) },
    loadScope: run.loadScope,
    reuse,
    ...(overrideAudit && { auditOverride: { ...overrideAudit, step: overrideAudit.step as StepId } }),
  };
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

async function isStillStaged(services: Services, result: StepResult): Promise<boolean> {
  if (!('dataset' in result)) return true;
  // Finding it says that it is in use, to whoever cleans up meanwhile.
  return services.staging
    .read(result.dataset.uri)
    .then(({ key }) => services.staging.find(key))
    .then(
      (found) => found !== undefined,
      () => false,
    );
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
