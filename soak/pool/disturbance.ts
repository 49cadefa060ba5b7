import { randomUUID } from 'node:crypto';
import { randomFrom, type Random } from '../../chaos/random.js';
import type { PoolState } from '../../src/core/pools.js';
import { asksPool } from '../../src/temporal/ask-pool.js';
import type { Stage } from '../stage.js';

/** What is done to runs, to workers and to the pool itself. */
export const DISTURBANCES = ['kill a worker', 'cancel', 'terminate', 'reset', 'terminate the pool'] as const;
export type Disturbance = (typeof DISTURBANCES)[number];

/** Disturbances in the order in which they come. */
export function planDisturbances(counts: Readonly<Record<Disturbance, number>>, seed: string): Disturbance[] {
  const all = DISTURBANCES.flatMap((what) => Array.from({ length: counts[what] }, () => what));
  return randomFrom(seed).some(all, all.length);
}

interface Scene {
  readonly stage: Stage;
  readonly poolId: string;
  readonly random: Random;
  /** The ids of the runs that are open. */
  readonly open: () => readonly string[];
}

/** Does one disturbance. Of one that comes too late, as to a run that has just ended, nothing is made. */
export async function disturb(what: Disturbance, { stage, poolId, random, open }: Scene): Promise<boolean> {
  const { client } = stage;
  if (what === 'kill a worker') {
    await stage.killOne((pids) => random.pick(pids));
    return true;
  }
  if (what === 'terminate the pool') return done(client.workflow.getHandle(poolId).terminate('soak'));
  // Mostly those that hold a slot: there is more to be lost.
  const { value } = random.chance(0.7) ? await asksPool<PoolState>(client, poolId, 'state') : {};
  const among = value && value.held.length > 0 ? value.held.map(({ workflowId }) => workflowId) : open();
  if (among.length === 0) return false;
  const handle = client.workflow.getHandle(random.pick(among));
  if (what === 'cancel') return done(handle.cancel());
  if (what === 'terminate') return done(handle.terminate('soak'));
  return done(reset(stage, handle.workflowId));
}

async function reset({ client }: Stage, workflowId: string): Promise<void> {
  const { runId, status } = await client.workflow.getHandle(workflowId).describe();
  // One that has ended could be done again, too; but its end was counted.
  if (status.name !== 'RUNNING') throw new Error('It has ended.');
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    reason: 'soak',
    requestId: randomUUID(),
    workflowTaskFinishEventId: tasks.at(-1)?.eventId,
  });
}

function done(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
