import { defaultPayloadConverter, type WorkflowHandle } from '@temporalio/client';
import { MillraceError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';
import type { RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/** What the last event of a closed run tells beside its state. */
export interface RunEnding {
  readonly error?: { readonly code: string; readonly message: string };
  readonly result?: unknown;
}

/** One event of a run's history, as Temporal's messages hold it. */
export type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** Temporal's number for asking the last event of a closed run alone. */
const CLOSE_EVENT = 2;

/** Why the server terminates a run when the workflow that started it has ended. */
const WITH_PARENT = 'by parent close policy';
/** Why a schedule terminates what it has started, when its next time comes. */
const BY_OVERLAP = 'terminated by schedule overlap policy';

/** How a closed run ended: its result, or who or what ended it. */
export async function readRunEnding(temporal: TemporalClient, run: Required<RunAddress>): Promise<RunEnding> {
  const last = await lastEvent(temporal, run);
  if (last?.workflowExecutionTerminatedEventAttributes?.reason === WITH_PARENT) {
    const ending = await endedWithParent(temporal, run);
    if (ending) return ending;
  }
  return last ? endingOf(last) : {};
}

async function lastEvent(temporal: TemporalClient, run: Required<RunAddress>): Promise<HistoryEvent | undefined> {
  const { client, namespace } = temporal;
  const { history } = await answered(temporal, run.workflowId, () =>
    client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: run.workflowId, runId: run.runId },
      historyEventFilterType: CLOSE_EVENT,
    }),
  );
  return history?.events?.at(-1);
}

/** A run that a schedule has started is terminated with its `millrace.start`: who or what ended that, ended the run. */
async function endedWithParent(temporal: TemporalClient, run: Required<RunAddress>): Promise<RunEnding | undefined> {
  const { workflowId, runId } = run;
  try {
    const { raw } = await answered(temporal, workflowId, () => temporal.client.workflow.getHandle(workflowId, runId).describe());
    const parent = raw.workflowExecutionInfo?.parentExecution;
    if (!parent?.workflowId || !parent.runId) return undefined;
    const last = await lastEvent(temporal, { workflowId: parent.workflowId, runId: parent.runId });
    const terminated = last?.workflowExecutionTerminatedEventAttributes;
    if (!terminated) return undefined;
    return terminated.reason === BY_OVERLAP
      ? replaced('The time of another run came, and the schedule’s overlap is terminateOther')
      : {
          error: { code: 'RUN_TERMINATED', message: `The run was terminated with ${parent.workflowId}${whoAndWhy(terminated)}.` },
        };
  } catch (error) {
    // Temporal has forgotten one of them: then the run's own last event has to do.
    if (error instanceof MillraceError && error.code === 'RUN_UNKNOWN') return undefined;
    throw error;
  }
}

/** The ending that a run's last event tells; nothing for any other event. */
export function endingOf(event: HistoryEvent): RunEnding {
  const completed = event.workflowExecutionCompletedEventAttributes;
  if (completed) return resultOf(completed);
  const failure = event.workflowExecutionFailedEventAttributes?.failure;
  if (failure) {
    const code = failure.applicationFailureInfo?.type || 'STEP_FAILED';
    return { error: { code, message: failure.message ?? '' } };
  }
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  if (terminated) {
    return isReplacement(terminated)
      ? replaced('Another start took its place, since its policy on conflicts is to replace, and the run had not stopped in time')
      : { error: { code: 'RUN_TERMINATED', message: `The run was terminated${whoAndWhy(terminated)}.` } };
  }
  if (event.workflowExecutionTimedOutEventAttributes) {
    return { error: { code: 'RUN_TIMED_OUT', message: 'The run took longer than its workflow timeout.' } };
  }
  if (event.workflowExecutionCanceledEventAttributes) {
    return { error: { code: 'CANCELLED', message: 'The run was cancelled.' } };
  }
  return {};
}

type Terminated = NonNullable<HistoryEvent['workflowExecutionTerminatedEventAttributes']>;

/** Whether the server itself has terminated a run, to begin another one under its id. */
function isReplacement({ identity, reason }: Terminated): boolean {
  return identity === 'history-service' && (reason ?? '').startsWith('TerminateIfRunning');
}

function replaced(why: string): RunEnding {
  return { error: { code: 'RUN_REPLACED', message: `${why}: the run was terminated.` } };
}

function whoAndWhy({ identity, reason }: Terminated): string {
  return `${identity ? ` by ${identity}` : ''}${reason ? `: ${reason}` : ', without a reason'}`;
}

function resultOf({ result }: NonNullable<HistoryEvent['workflowExecutionCompletedEventAttributes']>): RunEnding {
  const payload = result?.payloads?.[0];
  if (!payload) return {};
  try {
    return { result: defaultPayloadConverter.fromPayload(payload) };
  } catch {
    // Encoded by another worker's converter: the end counts without it.
    return {};
  }
}
