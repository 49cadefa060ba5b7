import { defaultPayloadConverter } from '@temporalio/client';
import { isoTime } from './iso-time.js';
import type { HistoryEvent } from './run-end.js';

/** An activity that has come to an end, by its last attempt: a history keeps no other. */
export interface PastActivity {
  readonly id: string;
  readonly type: string;
  readonly input: unknown;
  readonly attempt: number;
  readonly workerIdentity: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly outcome: { readonly result: unknown } | { readonly failure: PastFailure };
}

export interface PastFailure {
  readonly code: string;
  /** Without the code that follows it for the `temporal` CLI. */
  readonly message: string;
  readonly details: unknown;
  /** Where one activity did two steps: which of them failed. */
  readonly pair?: unknown;
}

type Payloads = NonNullable<HistoryEvent['activityTaskCompletedEventAttributes']>['result'];
type Failure = NonNullable<HistoryEvent['activityTaskFailedEventAttributes']>['failure'];

interface Ended {
  readonly scheduledEventId?: { toString(): string } | null;
  readonly outcome: () => PastActivity['outcome'];
}

/** The activities of a history that have ended, in order of their ends. */
export function pastActivities(events: readonly HistoryEvent[]): PastActivity[] {
  const scheduled = new Map<string, HistoryEvent>();
  const started = new Map<string, HistoryEvent>();
  const past: PastActivity[] = [];
  for (const event of events) {
    if (event.activityTaskScheduledEventAttributes) scheduled.set(String(event.eventId), event);
    const start = event.activityTaskStartedEventAttributes;
    if (start) started.set(String(start.scheduledEventId), event);
    const end = endOf(event);
    const asked = end && scheduled.get(String(end.scheduledEventId));
    if (asked) past.push(activityOf(asked, started.get(String(end.scheduledEventId)), event, end.outcome()));
  }
  return past;
}

function activityOf(
  asked: HistoryEvent,
  start: HistoryEvent | undefined,
  end: HistoryEvent,
  outcome: PastActivity['outcome'],
): PastActivity {
  const { activityId, activityType, input } = asked.activityTaskScheduledEventAttributes ?? {};
  const begun = start?.activityTaskStartedEventAttributes;
  return {
    id: activityId ?? '',
    type: activityType?.name ?? '',
    input: firstOf(input),
    attempt: begun?.attempt ?? 1,
    workerIdentity: begun?.identity ?? '',
    startedAt: isoTime((start ?? end).eventTime),
    finishedAt: isoTime(end.eventTime),
    outcome,
  };
}

function endOf(event: HistoryEvent): Ended | undefined {
  const completed = event.activityTaskCompletedEventAttributes;
  if (completed) return { ...completed, outcome: () => ({ result: firstOf(completed.result) }) };
  const failed = event.activityTaskFailedEventAttributes;
  if (failed) return { ...failed, outcome: () => ({ failure: failureOf(failed.failure, 'INTERNAL') }) };
  const timedOut = event.activityTaskTimedOutEventAttributes;
  if (timedOut) return { ...timedOut, outcome: () => ({ failure: failureOf(timedOut.failure, 'STEP_TIMEOUT') }) };
  const cancelled = event.activityTaskCanceledEventAttributes;
  if (!cancelled) return undefined;
  const failure = { code: 'CANCELLED', message: 'The step was cancelled.', details: undefined };
  return { ...cancelled, outcome: () => ({ failure }) };
}

function failureOf(failure: Failure, otherwise: string): PastFailure {
  const code = failure?.applicationFailureInfo?.type || otherwise;
  const message = failure?.message ?? '';
  const tail = ` [${code}]`;
  return {
    code,
    message: message.endsWith(tail) ? message.slice(0, -tail.length) : message,
    details: firstOf(failure?.applicationFailureInfo?.details),
    pair: firstOf({ payloads: failure?.applicationFailureInfo?.details?.payloads?.slice(1) }),
  };
}

function firstOf(payloads: Payloads): unknown {
  const payload = payloads?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload(payload) : undefined;
}
