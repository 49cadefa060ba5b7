import { defaultPayloadConverter, type WorkflowHandle } from '@temporalio/client';
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

/** How a closed run ended: its result, or who or what ended it. */
export async function readRunEnding(temporal: TemporalClient, run: Required<RunAddress>): Promise<RunEnding> {
  const { client, namespace } = temporal;
  const { history } = await answered(temporal, run.workflowId, () =>
    client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId: run.workflowId, runId: run.runId },
      historyEventFilterType: CLOSE_EVENT,
    }),
  );
  const last = history?.events?.at(-1);
  return last ? endingOf(last) : {};
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
    const by = terminated.identity ? ` by ${terminated.identity}` : '';
    const why = terminated.reason ? `: ${terminated.reason}` : ', without a reason';
    return { error: { code: 'RUN_TERMINATED', message: `The run was terminated${by}${why}.` } };
  }
  if (event.workflowExecutionTimedOutEventAttributes) {
    return { error: { code: 'RUN_TIMED_OUT', message: 'The run took longer than its workflow timeout.' } };
  }
  if (event.workflowExecutionCanceledEventAttributes) {
    return { error: { code: 'CANCELLED', message: 'The run was cancelled.' } };
  }
  return {};
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
