import { defaultPayloadConverter } from '@temporalio/common';
import type { DatasetStepResult, StepResult, ValidateAndLoadResult } from '../src/core/steps.js';
import type { TemporalClient } from '../src/temporal/connect.js';
import type { RunAddress } from '../src/temporal/run-id.js';

/** One activity of a run that succeeded, from its history: a step, or two that share it. */
export interface ActivityFact {
  readonly type: string;
  /** From the start of its attempt to its completion. */
  readonly seconds: number;
  readonly result: StepResult | ValidateAndLoadResult;
}

/** The activities of a closed run, in order of their end. */
export async function activitiesOf(temporal: TemporalClient, run: RunAddress): Promise<ActivityFact[]> {
  const { events } = await temporal.client.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
  const byId = new Map((events ?? []).map((event) => [Number(event.eventId), event]));
  return (events ?? []).flatMap((event) => {
    const completed = event.activityTaskCompletedEventAttributes;
    const payload = completed?.result?.payloads?.[0];
    if (!completed || !payload) return [];
    const scheduled = byId.get(Number(completed.scheduledEventId));
    const started = byId.get(Number(completed.startedEventId));
    return [
      {
        type: scheduled?.activityTaskScheduledEventAttributes?.activityType?.name ?? '',
        seconds: secondsOf(event.eventTime) - secondsOf(started?.eventTime),
        result: defaultPayloadConverter.fromPayload<ActivityFact['result']>(payload),
      },
    ];
  });
}

/** What the validation of a run gave. */
export function verdictOf(activities: readonly ActivityFact[]): DatasetStepResult {
  for (const { result } of activities) {
    if ('validate' in result) return result.validate;
    if ('dataset' in result && result.judgedBySql !== undefined) return result;
  }
  throw new Error('The run has no validate step in its history.');
}

interface Timestamp {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

function secondsOf(time: Timestamp | null | undefined): number {
  return Number(time?.seconds ?? Number.NaN) + (time?.nanos ?? 0) / 1e9;
}
