import { setTimeout as sleep } from 'node:timers/promises';
import type { Trigger } from './plan.js';
import type { Runs } from './runs.js';
import type { LiveWorker } from './servers/workers.js';
import type { Stage } from './stage.js';

/** The point in time of a fault, and what stands still for it. */
export interface Moment {
  /** Whether what the plan waits for has happened; otherwise it is just some moment. */
  readonly isMeant: boolean;
  /** The run, and the worker, whose step is held. */
  readonly workflowId?: string;
  readonly worker?: LiveWorker;
  /** Lets go on what is held. Harmless when it is gone, and when called again. */
  release(): void;
  /** Breaks the connection that is held. */
  readonly cut?: () => void;
}

/** So many runs may end before it is clear that the trigger does not come; a quick machine is soon there, a busy one is given time. */
const RUNS_IN_VAIN = 6;
const LONGEST_WAIT_MS = 20_000;
const LOOK_MS = 50;

/** Waits for a trigger; when it does not come, the fault comes without it. */
export async function momentOf(stage: Stage, trigger: Trigger, runs: Runs): Promise<Moment> {
  if (trigger.at === 'time') {
    await sleep(trigger.afterMs);
    return { isMeant: true, release: () => undefined };
  }
  const watch =
    trigger.at === 'checkpoint' ? stage.workers.holdNext(trigger.checkpoint) : stage.line.holdNext(trigger.moment, trigger.bytes);
  const late = new AbortController();
  const held = await Promise.race([watch.held, inVain(runs, late.signal)]);
  late.abort();
  if (held === undefined) {
    watch.cancel();
    return { isMeant: false, release: () => undefined };
  }
  if ('arrival' in held) {
    return { isMeant: true, workflowId: held.arrival.workflowId, worker: held.worker, release: () => held.release() };
  }
  return { isMeant: true, release: () => held.release(), cut: () => held.cut() };
}

async function inVain(runs: Runs, signal: AbortSignal): Promise<undefined> {
  const [enough, end] = [runs.ended() + RUNS_IN_VAIN, Date.now() + LONGEST_WAIT_MS];
  while (!signal.aborted && runs.ended() < enough && Date.now() < end) await sleep(LOOK_MS);
}
