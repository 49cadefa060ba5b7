import { defaultPayloadConverter } from '@temporalio/client';
import type { TemporalClient } from './connect.js';
import { historyEvents } from './history-events.js';
import type { HistoryEvent } from './run-end.js';
import type { RunAddress } from './run-id.js';

/** Something that was done to a run from outside, or that ended it where no worker could say so. */
export interface Intervention {
  /** Temporal's number of the event in the run's history. */
  readonly event: number;
  /** ISO. */
  readonly at: string;
  readonly message: string;
}

/** Events of a history that are read. */
const MOST_EVENTS = 10_000;

/**
 * What was done to a run from outside: cancellations, termination, timeout, signals, updates, resets. Empty for a history
 * that is gone.
 */
export function listInterventions(temporal: TemporalClient, run: Required<RunAddress>): Promise<Intervention[]> {
  return interventionsIn(historyEvents(temporal, run));
}

/** The same of a history that is read elsewhere. */
export async function interventionsIn(events: AsyncIterable<HistoryEvent>): Promise<Intervention[]> {
  const found: Intervention[] = [];
  let read = 0;
  for await (const event of events) {
    const message = describe(event);
    if (message !== undefined) found.push({ event: Number(event.eventId), at: isoTime(event.eventTime), message });
    if ((read += 1) >= MOST_EVENTS) break;
  }
  return found;
}

function describe(event: HistoryEvent): string | undefined {
  const asked = event.workflowExecutionCancelRequestedEventAttributes;
  if (asked) return `${by(asked.identity)} asked the run to stop${because(asked.cause)}`;
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  if (terminated) return `${by(terminated.identity)} terminated the run${because(terminated.reason)}`;
  if (event.workflowExecutionTimedOutEventAttributes) return 'The run was out of time';
  const signaled = event.workflowExecutionSignaledEventAttributes;
  if (signaled) return `${by(signaled.identity)} sent signal "${signaled.signalName ?? ''}"`;
  const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
  if (update) return describeUpdate(update);
  const failed = event.workflowTaskFailedEventAttributes;
  // A reset writes this event, with the run it cut off.
  if (failed?.baseRunId && failed.newRunId)
    return `A reset made this run from ${failed.baseRunId}${because(failed.failure?.message)}`;
  if (failed) return `The pipeline's code failed in Temporal's sandbox and is tried again${because(failed.failure?.message)}`;
  return undefined;
}

type Update = NonNullable<NonNullable<HistoryEvent['workflowExecutionUpdateAcceptedEventAttributes']>['acceptedRequest']>;

/** Who asks for a run's pause is in the update's argument; its identity is that of the client that sent it. */
function describeUpdate({ meta, input }: Update): string {
  const name = input?.name ?? '';
  const told = decode(input?.args?.payloads?.[0]);
  if (typeof told?.by !== 'string') return `${by(meta?.identity)} sent update "${name}"`;
  const what = { pause: 'paused the run', resume: 'resumed the run', decide: `decided to ${told.decision} step ${told.step}` }[
    name
  ];
  return `${told.by} ${what ?? `sent update "${name}"`}${because(told.reason)}`;
}

interface Told {
  readonly by?: string;
  readonly reason?: string;
  readonly step?: string;
  readonly decision?: string;
}

function decode(payload: Parameters<typeof defaultPayloadConverter.fromPayload>[0] | undefined): Told | undefined {
  try {
    return payload && (defaultPayloadConverter.fromPayload<Told | null>(payload) ?? undefined);
  } catch {
    // Encoded by another converter.
    return undefined;
  }
}

function by(identity: string | null | undefined): string {
  return identity ? identity : 'Somebody';
}

function because(reason: string | null | undefined): string {
  return reason ? `: ${reason}` : '';
}

function isoTime(time: HistoryEvent['eventTime']): string {
  return new Date(Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6)).toISOString();
}
