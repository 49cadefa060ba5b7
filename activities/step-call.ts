import type { Context } from '@temporalio/activity';
import type { StepKey } from '../src/catalog/index.js';
import type { CallContext } from '../src/connectors/contract.js';
import { TerminalError, TransientError } from '../src/core/errors.js';
import type { MadeBy } from '../src/core/manifest.js';
import { cutMessage, MAX_LINES, type LogLevel } from '../src/core/run-log.js';
import type { RunContext, StepId, StepProgress } from '../src/core/steps.js';
import { watchQuota, type QuotaWatch } from '../src/engine/quota.js';
import { sessionOnDemand, type EngineSession } from '../src/engine/session.js';
import type { Services } from './services.js';

/** The server hears of a running step this often; the worker's throttle lets one a second through. */
const HEARTBEAT_INTERVAL_MS = 500;

/** Everything one attempt of a step holds while it works. */
export interface StepCall extends CallContext {
  readonly session: EngineSession;
  /** Written into what the attempt makes. */
  readonly madeBy: MadeBy;
  /** Secrets met so far, to be kept out of messages. */
  readonly secrets: string[];
  /** Notes something for people who read the run's log, and in the worker's own output. Never a row, never a secret. */
  readonly log: (level: LogLevel, message: string) => void;
  /** Names what the step is doing now; shown with the rows so far. */
  readonly phase: (name: string) => void;
  close(): void;
}

/** Which attempt at a step begins. */
export interface AttemptRequest {
  readonly run: RunContext;
  readonly step: StepId;
  readonly startedAt: string;
  readonly attemptsBefore?: number;
}

/**
 * The attempt's number in its run, from 1. Temporal counts anew when somebody has a failed step done again, and what earlier
 * attempts have left in catalog and log must stay theirs.
 */
export function attemptOf({ info }: Context, { attemptsBefore = 0 }: Pick<AttemptRequest, 'attemptsBefore'>): number {
  return attemptsBefore + info.attempt;
}

/** What differs for a step that shares its activity with another one. */
export interface CallOptions {
  /** Takes the step's progress, twice a second. @default the activity's heartbeat */
  readonly tell?: (progress: StepProgress) => void;
  /** Ends the step besides what ends every step; its reason is the step's error. */
  readonly signal?: AbortSignal;
}

/**
 * Begins an attempt: heartbeats with the rows so far, a DuckDB session of its own, and a signal that aborts on
 * cancellation, on the worker's shutdown and on a full staging folder.
 */
export async function openCall(
  context: Context,
  services: Services,
  { run, step, startedAt, attemptsBefore }: AttemptRequest,
  options: CallOptions = {},
): Promise<StepCall> {
  const { namespace } = context.info;
  const attempt = attemptOf(context, { attemptsBefore });
  const tell = options.tell ?? ((progress: StepProgress) => context.heartbeat(progress));
  // Inside an abort listener there is no activity context, so it is taken now.
  const progress: { phase: string; rows: number } = { phase: 'starting', rows: 0 };
  const controller = new AbortController();
  const abort = (): void => controller.abort(abortReason(context));
  context.cancellationSignal.addEventListener('abort', abort, { once: true });
  if (context.cancellationSignal.aborted) abort();
  let session: EngineSession | undefined;
  let quota: QuotaWatch | undefined;
  const beat = (): void => {
    const rows = Math.max(progress.rows, session?.rowsProcessed() ?? 0);
    tell({ phase: progress.phase, rows });
  };
  const heartbeat = setInterval(beat, HEARTBEAT_INTERVAL_MS);
  const release = (): void => {
    clearInterval(heartbeat);
    context.cancellationSignal.removeEventListener('abort', abort);
    quota?.stop();
  };
  try {
    const { maxBytes } = services.project.staging;
    if (maxBytes !== undefined) quota = await watchQuota(services.staging, maxBytes);
    const signal = anyOf(controller.signal, quota?.signal, options.signal);
    const opened = (session = sessionOnDemand(services.project.engine, signal));
    return {
      session: opened,
      madeBy: { ...run, step, namespace, attempt, startedAt, workerIdentity: services.workerIdentity },
      signal,
      secrets: [...services.staging.secrets],
      checkpoint: services.checkpoint,
      log: stepLog(context, services, { workflowId: run.workflowId, runId: run.runId, step, attempt }),
      progress: (rows) => void (progress.rows = rows),
      phase: (name) => void (progress.phase = name),
      close() {
        release();
        opened.close();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

function anyOf(own: AbortSignal, ...others: readonly (AbortSignal | undefined)[]): AbortSignal {
  const there = others.filter((signal) => signal !== undefined);
  // To make one takes longer than most of what a quick step does.
  return there.length === 0 ? own : AbortSignal.any([own, ...there]);
}

function stepLog(context: Context, { log }: Services, key: StepKey): StepCall['log'] {
  let line = 0;
  return (level, message) => {
    context.log[level](message, { step: key.step });
    if (line >= MAX_LINES.attempt) return;
    line += 1;
    log.write({ ...key, line, at: new Date().toISOString(), level, message: cutMessage(message) });
  };
}

/** A person's cancellation ends the step; a lost connection or a stopping worker makes it start again elsewhere. */
function abortReason(context: Context): Error {
  if (wasCancelled(context)) return new TerminalError('CANCELLED', 'The step was cancelled.');
  return new TransientError('INTERRUPTED', 'The worker stopped, or lost touch with the server, in the middle of the step.');
}

/** Whether somebody asked for the step's end, as against a worker that stops or an attempt that timed out. */
export function wasCancelled(context: Context): boolean {
  return context.cancellationSignal.aborted && context.cancellationDetails?.cancelRequested === true;
}
