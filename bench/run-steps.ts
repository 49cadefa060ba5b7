import { defaultPayloadConverter } from '@temporalio/common';
import type { DatasetStepResult, StepId, StepResult } from '../src/core/steps.js';
import type { TemporalClient } from '../src/temporal/connect.js';
import type { RunAddress } from '../src/temporal/run-id.js';

/** One step of a run that succeeded, from its history. */
export interface StepFact {
  readonly step: StepId;
  /** From the start of its attempt to its completion. */
  readonly seconds: number;
  readonly result: StepResult;
}

/** The steps of a closed run, in order of their end. */
export async function stepsOf(temporal: TemporalClient, run: RunAddress): Promise<StepFact[]> {
  const { events } = await temporal.client.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
  const byId = new Map((events ?? []).map((event) => [Number(event.eventId), event]));
  return (events ?? []).flatMap((event) => {
    const completed = event.activityTaskCompletedEventAttributes;
    const payload = completed?.result?.payloads?.[0];
    if (!completed || !payload) return [];
    const scheduled = byId.get(Number(completed.scheduledEventId));
    const started = byId.get(Number(completed.startedEventId));
    const step = scheduled?.activityTaskScheduledEventAttributes?.activityId as StepId;
    return [
      {
        step,
        seconds: secondsOf(event.eventTime) - secondsOf(started?.eventTime),
        result: defaultPayloadConverter.fromPayload<StepResult>(payload),
      },
    ];
  });
}

/** What the validation of a run gave. */
export function verdictOf(steps: readonly StepFact[]): DatasetStepResult {
  const found = steps.find(({ step }) => step.startsWith('validate:'));
  if (!found || !('dataset' in found.result)) throw new Error('The run has no validate step in its history.');
  return found.result;
}

interface Timestamp {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

function secondsOf(time: Timestamp | null | undefined): number {
  return Number(time?.seconds ?? Number.NaN) + (time?.nanos ?? 0) / 1e9;
}
