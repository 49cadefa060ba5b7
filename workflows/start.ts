import {
  CancellationScope,
  CancelledFailure,
  ChildWorkflowCancellationType,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  startChild,
  workflowInfo,
  WorkflowIdReusePolicy,
  type ChildWorkflowHandle,
  type Workflow,
} from '@temporalio/workflow';
import { defineSearchAttributeKey, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Activities } from '../activities/index.js';
import { withPriority } from '../src/core/step-policy.js';
import type { PlannedTick, ScheduledStart, ScheduleTick } from '../src/core/schedule.js';
import { asRunFailure } from './failures.js';

const { planTick, recordTick, makeRoom } = proxyActivities<Pick<Activities, 'planTick' | 'recordTick' | 'makeRoom'>>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

const SCHEDULED_TIME = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/** Times that one execution does before it continues as new: each costs some forty events of history. */
const TIMES_AT_ONCE = 50;

type Ready = Extract<PlannedTick, { ok: true }>;
type Run = ChildWorkflowHandle<Workflow>;

/**
 * Starts a scheduled run under the id that every other start of it has, and stays until it has ended: so the schedule knows
 * what is still going on, and cancels it where it is to. The schedule adds the time to this workflow's own id.
 *
 * Given times, it does these, one after another.
 */
export async function start(input: ScheduledStart): Promise<readonly ScheduleTick[]> {
  try {
    const times = input.times ?? [scheduledTime()];
    const ticks: ScheduleTick[] = [];
    for (const time of times.slice(0, TIMES_AT_ONCE)) ticks.push(await startAt(input, time));
    if (times.length > TIMES_AT_ONCE) await continueAsNew<typeof start>({ ...input, times: times.slice(TIMES_AT_ONCE) });
    return ticks;
  } catch (error) {
    throw error instanceof ContinueAsNew ? error : asRunFailure(error);
  }
}

// Without jitter: the time that the schedule names. Somebody may start this by hand, where there is none.
function scheduledTime(): string {
  const { typedSearchAttributes, runStartTime } = workflowInfo();
  return (typedSearchAttributes.get(SCHEDULED_TIME) ?? runStartTime).toISOString();
}

async function startAt(input: ScheduledStart, scheduledAt: string): Promise<ScheduleTick> {
  setCurrentDetails(`Starts ${input.pipeline} for ${scheduledAt}.`);
  const planned = await planTick({ ...input, scheduledAt });
  const { partition } = planned;
  const tick = (rest: Pick<ScheduleTick, 'outcome'> & Partial<ScheduleTick>): ScheduleTick => ({
    schedule: input.schedule,
    pipeline: input.pipeline,
    scheduledAt,
    kind: input.asked?.kind ?? 'schedule',
    by: input.asked?.by ?? null,
    partition,
    code: null,
    reason: null,
    workflowId: null,
    runId: null,
    starterRunId: workflowInfo().runId,
    decidedAt: new Date().toISOString(),
    endedAt: null,
    ended: null,
    ...rest,
  });
  if (!planned.ok) return record(tick({ outcome: 'refused', code: planned.code, reason: planned.reason }));
  const { workflowId } = planned;
  const run = await startRun(input, planned);
  if (run) return follow(run, tick({ outcome: 'started', workflowId, runId: run.firstExecutionRunId }));
  if (planned.onConflict === 'reuse') return record(tick({ outcome: 'reused', workflowId }));
  const reason = `A run ${workflowId} was running already, and the pipeline's onConflict is reject.`;
  return record(tick({ outcome: 'skipped', code: 'RUN_ALREADY_RUNNING', reason, workflowId }));
}

/** Starts the run by the pipeline's policy on conflicts; `undefined` where one of its id is running and stays. */
async function startRun(input: ScheduledStart, planned: Ready): Promise<Run | undefined> {
  const first = await startUnlessRunning(input, planned, WorkflowIdReusePolicy.ALLOW_DUPLICATE);
  if (first || planned.onConflict !== 'replace') return first;
  await makeRoom({ workflowId: planned.workflowId });
  return startUnlessRunning(input, planned, WorkflowIdReusePolicy.TERMINATE_IF_RUNNING);
}

async function startUnlessRunning(
  { pipeline, overlap }: ScheduledStart,
  { workflowId, params, order = {} }: Ready,
  workflowIdReusePolicy: WorkflowIdReusePolicy,
): Promise<Run | undefined> {
  try {
    return await startChild(pipeline, {
      workflowId,
      args: [params],
      ...withPriority(order),
      workflowIdReusePolicy,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      // A run is not ended because somebody ends this workflow, unless that is what the schedule does with the one before.
      parentClosePolicy: overlap === 'terminateOther' ? ParentClosePolicy.TERMINATE : ParentClosePolicy.ABANDON,
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

async function record(tick: ScheduleTick): Promise<ScheduleTick> {
  await CancellationScope.nonCancellable(() => recordTick(tick));
  return tick;
}

/** Waits for the run's end. How it ends is the run's own business: this workflow has done its part. */
async function follow(run: Run, tick: ScheduleTick): Promise<ScheduleTick> {
  await record(tick);
  const ended = await endOf(run);
  await record({ ...tick, endedAt: new Date().toISOString(), ended });
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('The scheduled start was cancelled.');
  return { ...tick, ended };
}

async function endOf(run: Run): Promise<'completed' | 'failed' | 'cancelled'> {
  try {
    await run.result();
    return 'completed';
  } catch (error) {
    return isCancellation(error) ? 'cancelled' : 'failed';
  }
}
