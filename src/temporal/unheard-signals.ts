import { defaultPayloadConverter } from '@temporalio/client';
import type { AcquireSignal, FreeSignal, PoolBefore, PoolInput, QueuedSlot, ReleaseSignal } from '../core/pools.js';
import { isoTime } from './iso-time.js';
import type { HistoryEvent } from './run-end.js';

/** What a pool was told and had no time to hear before it was terminated. */
export interface Unheard extends NonNullable<PoolBefore['recovering']> {
  readonly queued: readonly QueuedSlot[];
}

/** The signals of a history that came after what the workflow last heard. */
export function unheardSignals(events: readonly HistoryEvent[]): Unheard {
  const heard = lastHeard(events);
  const queued: QueuedSlot[] = [];
  const released: ReleaseSignal[] = [];
  const freed: string[] = [];
  for (const event of events) {
    const { signalName, input } = event.workflowExecutionSignaledEventAttributes ?? {};
    const payload = input?.payloads?.[0];
    if (!payload || Number(event.eventId) < heard) continue;
    const told = defaultPayloadConverter.fromPayload<AcquireSignal | ReleaseSignal | FreeSignal>(payload);
    if (signalName === 'acquire') queued.push({ ...(told as AcquireSignal).request, askedAt: isoTime(event.eventTime) });
    if (signalName === 'release') released.push(told as ReleaseSignal);
    if (signalName === 'free') freed.push((told as FreeSignal).token);
  }
  return { queued, released, freed };
}

/** Whether a workflow has done anything at all: one that has not can't be asked. */
export function hasHeard(events: readonly HistoryEvent[]): boolean {
  return lastHeard(events) > 0;
}

/** What a pool began with. */
export function pastInput([first]: readonly HistoryEvent[]): PoolInput | undefined {
  const payload = first?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload<PoolInput>(payload) : undefined;
}

/** The number of the event with which the last task began that was done; what came before it was heard. */
function lastHeard(events: readonly HistoryEvent[]): number {
  const last = events.findLast((event) => event.workflowTaskCompletedEventAttributes);
  return Number(last?.workflowTaskCompletedEventAttributes?.startedEventId ?? 0);
}
