import { ResourceBasedController, type WorkerOptions, type WorkerTuner } from '@temporalio/worker';
import { msToNumber, type Duration } from '@temporalio/common/lib/time.js';
import type { WorkerPlan } from '../config/load.js';

/** What one worker takes on at a time, in place of what the project says. */
export interface WorkerLimits {
  /** Steps at work at once, whatever the machine is doing. @default the project's `worker.steps`, fewer while the machine is busy */
  readonly maxConcurrentActivityTaskExecutions?: number;
  /** Runs kept in memory between their steps. @default the project's `worker.cachedRuns` */
  readonly maxCachedWorkflows?: number;
  /** How long a run whose worker is gone waits for it before another takes over. @default '10s' */
  readonly stickyQueueScheduleToStartTimeout?: Duration;
}

/** Beyond the grace: an interrupted step rolls back and reports. With 25 s of grace it suits the 30 s that systemd and Docker wait. */
const LAST_WORDS_MS = 3_000;

/** Steps that are begun whatever the machine is doing: one may be what another waits for. */
const UNCONDITIONAL_STEPS = 2;
/** Above these shares of the container's, or the machine's, a worker that has more steps than those at work begins no other. */
const TARGETS = { targetMemoryUsage: 0.8, targetCpuUsage: 0.9 } as const;

/**
 * How the workers of one process, one for each task queue, run. They share what watches memory and processors.
 */
export function workerOptions({ steps, cachedRuns, grace }: WorkerPlan, limits: WorkerLimits = {}) {
  const graceMs = msToNumber(grace as Duration);
  const { maxConcurrentActivityTaskExecutions: fixed, ...rest } = limits;
  return {
    // The SDK's own defaults would cancel running loads on every deploy, and deliver a cancellation after 12 s.
    shutdownGraceTime: graceMs,
    shutdownForceTime: graceMs + LAST_WORDS_MS,
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
    maxCachedWorkflows: cachedRuns,
    maxConcurrentActivityTaskPolls: Math.min(10, fixed ?? steps),
    tuner: tunerOf(fixed === undefined ? adaptive(steps) : { type: 'fixed-size', numSlots: fixed }),
    ...rest,
  } as const satisfies Partial<WorkerOptions>;
}

type StepSlots = Extract<WorkerTuner, { activityTaskSlotSupplier: unknown }>['activityTaskSlotSupplier'];

function adaptive(steps: number): StepSlots {
  if (steps <= UNCONDITIONAL_STEPS) return { type: 'fixed-size', numSlots: steps };
  return {
    type: 'resource-based',
    minimumSlots: UNCONDITIONAL_STEPS,
    maximumSlots: steps,
    // What a step needs shows after a while only, so it is `steps` that keeps the worker within its memory; this is for small ones.
    rampThrottle: '10ms',
    controller: ResourceBasedController.create(TARGETS),
  };
}

function tunerOf(activityTaskSlotSupplier: StepSlots): WorkerTuner {
  return {
    activityTaskSlotSupplier,
    workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 40 },
    localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 100 },
    nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
  };
}
