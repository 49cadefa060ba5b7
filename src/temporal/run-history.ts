import { defaultPayloadConverter } from '@temporalio/client';
import type { AdmittedRun } from '../core/admission.js';
import type { RunDecision } from '../core/steering.js';
import type { TemporalClient } from './connect.js';
import { isoTime } from './iso-time.js';
import { historyEvents } from './history-events.js';
import type { RunAddress } from './run-id.js';
import { endingOf, readRunEnding, type HistoryEvent, type RunEnding } from './run-end.js';
import { stepsApart } from './joint-activities.js';
import { pastDecisions } from './past-decisions.js';
import { pastActivities, type PastActivity } from './past-activities.js';

/** A run as its history tells it. */
export interface RunHistory extends Required<RunAddress> {
  readonly pipeline: string;
  readonly taskQueue: string;
  readonly firstRunId: string;
  readonly startedAt: string;
  /** Whether a reset made the run: what its history begins with was done by another. */
  readonly isReset: boolean;
  /** What `admit` gave, and the worker that ran it; absent for a run that was refused. */
  readonly admitted?: { readonly run: AdmittedRun; readonly workerIdentity: string };
  /** Activities that have come to an end, in order of their ends. */
  readonly activities: readonly PastActivity[];
  /** What was done to it, in its order. */
  readonly decisions: readonly RunDecision[];
  /** Present once the run is closed. */
  readonly end?: RunEnding & { readonly status: RunEndStatus; readonly closedAt: string };
}

export type RunEndStatus = 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed out' | 'continued';

/** Reads the history of a run. @throws TerminalError RUN_UNKNOWN */
export async function readRunHistory(temporal: TemporalClient, run: Required<RunAddress>): Promise<RunHistory> {
  const history = await historyFrom(run, historyEvents(temporal, run));
  if (history.end?.status !== 'terminated') return history;
  // What ended it may stand in the history of the workflow that started it.
  return { ...history, end: { ...history.end, ...(await readRunEnding(temporal, run)) } };
}

/** What a history's events tell, wherever they were kept. */
export async function historyFrom(run: Required<RunAddress>, events: AsyncIterable<HistoryEvent>): Promise<RunHistory> {
  const all: HistoryEvent[] = [];
  for await (const event of events) all.push(event);
  return historyOf(run, all);
}

function historyOf(run: Required<RunAddress>, events: readonly HistoryEvent[]): RunHistory {
  const [first] = events;
  const started = first?.workflowExecutionStartedEventAttributes;
  const activities = pastActivities(events).flatMap(stepsApart);
  const admitted = admittedLocally(events) ?? admittedPatiently(activities);
  const end = endOf(events.at(-1));
  return {
    ...run,
    pipeline: started?.workflowType?.name ?? '',
    taskQueue: started?.taskQueue?.name ?? '',
    firstRunId: started?.firstExecutionRunId ?? run.runId,
    startedAt: isoTime(first?.eventTime),
    isReset: (started?.originalExecutionRunId ?? run.runId) !== run.runId,
    ...(admitted && { admitted }),
    activities,
    decisions: pastDecisions(events),
    ...(end && { end }),
  };
}

/** How Temporal's core names the markers of local activities. */
const LOCAL_ACTIVITY = 'core_local_activity';

function admittedLocally(events: readonly HistoryEvent[]): RunHistory['admitted'] {
  for (const { markerRecordedEventAttributes: marker } of events) {
    if (marker?.markerName !== LOCAL_ACTIVITY || marker.failure) continue;
    const about = marker.details?.['data']?.payloads?.[0];
    const result = marker.details?.['result']?.payloads?.[0];
    if (!about || !result) continue;
    if (defaultPayloadConverter.fromPayload<{ activity_type?: string }>(about).activity_type !== 'admit') continue;
    const task = events.find((event) => String(event.eventId) === String(marker.workflowTaskCompletedEventId));
    const workerIdentity = task?.workflowTaskCompletedEventAttributes?.identity ?? '';
    return { run: defaultPayloadConverter.fromPayload<AdmittedRun>(result), workerIdentity };
  }
  return undefined;
}

function admittedPatiently(activities: readonly PastActivity[]): RunHistory['admitted'] {
  const admit = activities.find(({ type, outcome }) => type === 'admit' && 'result' in outcome);
  if (!admit || !('result' in admit.outcome)) return undefined;
  return { run: admit.outcome.result as AdmittedRun, workerIdentity: admit.workerIdentity };
}

function endOf(last: HistoryEvent | undefined): RunHistory['end'] {
  const status = last && statusOf(last);
  return status && { status, closedAt: isoTime(last.eventTime), ...endingOf(last) };
}

function statusOf(event: HistoryEvent): RunEndStatus | undefined {
  if (event.workflowExecutionCompletedEventAttributes) return 'completed';
  if (event.workflowExecutionFailedEventAttributes) return 'failed';
  if (event.workflowExecutionCanceledEventAttributes) return 'cancelled';
  if (event.workflowExecutionTerminatedEventAttributes) return 'terminated';
  if (event.workflowExecutionTimedOutEventAttributes) return 'timed out';
  return event.workflowExecutionContinuedAsNewEventAttributes ? 'continued' : undefined;
}
