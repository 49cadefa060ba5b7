import { userInfo } from 'node:os';
import type { RunRow, StepRow } from '../../catalog/index.js';
import type { LoadedProject } from '../../config/load.js';
import { TerminalError } from '../../core/errors.js';
import { canonicalRunId, formatRunAddress, parseRunAddress } from '../../temporal/run-id.js';
import type { StartControl, StartRunInput } from '../../temporal/start-run.js';
import type { CommandContext } from '../command-context.js';
import { withCatalog, withTemporal } from '../services.js';
import { launch } from './launch.js';

export interface RetryOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly from?: string;
  readonly wait?: true;
  /** A load whose audit failed, to be published in spite of it. */
  readonly overrideAudit?: string;
  /** Why. */
  readonly reason?: string;
  /** Who says so. @default the user of the operating system */
  readonly as?: string;
}

/**
 * Starts a run that takes over what a closed run had finished.
 *
 * @throws TerminalError RUN_UNKNOWN; RETRY_INVALID when `from` is none of its steps; RUN_ALREADY_RUNNING
 */
export async function retry(context: CommandContext, address: string, options: RetryOptions): Promise<number> {
  const input = await withCatalog(context.directory, async (catalog, project) => {
    const { workflowId, runId } = parseRunAddress(address);
    const run = await catalog.findRun(workflowId, runId);
    if (!run || run.pipeline === null) {
      throw new TerminalError(
        'RUN_UNKNOWN',
        `The catalog ${catalog.name} knows no run ${address}. List runs with \`millrace runs\`.`,
      );
    }
    const steps = await catalog.listSteps(run.workflowId, run.runId);
    const from = options.from === undefined ? undefined : findStep(options.from, steps);
    return plan(project, run, { ...options, from }, overrideOf(options, steps));
  });
  return withTemporal((temporal) => launch(context.output, temporal, input, options.wait === true));
}

function plan(project: LoadedProject, run: RunRow, options: RetryOptions, overrideAudit: Override | undefined): StartRunInput {
  const pipeline = String(run.pipeline);
  const before = (run.params ?? {}) as Readonly<Record<string, unknown>>;
  const params = options.params ?? before;
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
      ...(options.from !== undefined && { from: options.from }),
      ...(overrideAudit && { overrideAudit }),
    },
  };
}

type Override = NonNullable<StartControl['overrideAudit']>;

/** @throws TerminalError RETRY_INVALID without a reason, or with one for nothing */
function overrideOf({ overrideAudit, reason, as }: RetryOptions, steps: readonly StepRow[]): Override | undefined {
  if (overrideAudit === undefined) {
    if (reason === undefined && as === undefined) return undefined;
    throw new TerminalError('RETRY_INVALID', '`--reason` and `--as` are about an override: give `--override-audit STEP` too.');
  }
  if (reason === undefined || reason.trim() === '') {
    throw new TerminalError(
      'RETRY_INVALID',
      `To publish in spite of an audit needs a reason, which is kept: --override-audit ${overrideAudit} --reason "…".`,
    );
  }
  return { step: findStep(overrideAudit, steps), reason, by: as ?? userName() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in many containers.
    throw new TerminalError('RETRY_INVALID', 'Your user has no name here. Say who overrides the audit: --as NAME.');
  }
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
