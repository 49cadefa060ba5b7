import { asyncLocalStorage, Context, type Info } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common/lib/activity-cancellation-details.js';
import { noopMetricMeter, type Logger } from '@temporalio/common';

/** Ends what is at work in a test, as a cancelled run does. */
export interface Cancellation {
  readonly signal: AbortSignal;
  cancel(): void;
}

/** Runs an activity's function as a worker would, without one: it is the first and only attempt. */
export function asActivity<T>(activityId: string, { signal }: Cancellation, work: () => Promise<T>): Promise<T> {
  const info = {
    activityId,
    namespace: 'test',
    attempt: 1,
    retryPolicy: { maximumAttempts: 1 },
    scheduledTimestampMs: Date.now(),
  } as Partial<Info> as Info;
  const never = new Promise<never>(() => undefined);
  const ignore = (): void => undefined;
  const log: Logger = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
  const details = { details: new ActivityCancellationDetails({ cancelRequested: true }) };
  const context = new Context(info, never, signal, ignore, undefined, log, noopMetricMeter, details);
  return asyncLocalStorage.run(context, work);
}

export function cancellation(): Cancellation {
  const controller = new AbortController();
  return { signal: controller.signal, cancel: () => controller.abort() };
}
