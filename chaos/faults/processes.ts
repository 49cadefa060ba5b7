import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultContext } from './fault.js';

/** SIGKILL for the worker whose step is at work; another takes over. */
export const killWorker: Fault = async ({ stage: { workers }, moment, random }) => {
  await workers.kill(moment.worker ?? random.pick(workers.live()));
  moment.release();
  await workers.provide();
};

/** SIGKILL for the Temporal server, which comes back with what its file holds. */
export const killTemporal: Fault = ({ stage: { temporal }, ...context }) => killServer(temporal, context);

/** SIGKILL for every process of PostgreSQL, which recovers from its log. */
export const killPostgres: Fault = ({ stage: { postgres }, ...context }) => killServer(postgres, context);

async function killServer(
  server: { kill(): Promise<void>; start(): Promise<void> },
  { moment, random }: Pick<FaultContext, 'moment' | 'random'>,
): Promise<void> {
  const meanwhile = random.chance(0.5);
  await server.kill();
  if (meanwhile) moment.release();
  await sleep(random.between(0, 400));
  await server.start();
  moment.release();
}

/** The heartbeat timeout of the project, `steps.heartbeatTimeout`. */
const HEARTBEAT_MS = 2_000;

/**
 * SIGSTOP for the worker whose step is at work, for longer than its heartbeat timeout: another worker begins a second
 * attempt, and SIGCONT lets both work at the same time.
 */
export const pauseWorker: Fault = async ({ stage: { workers }, moment, random }) => {
  const worker = moment.worker ?? random.pick(workers.live());
  worker.pause();
  try {
    if (workers.live().length === 1) await workers.add();
    await sleep(HEARTBEAT_MS + random.between(200, 1_500));
  } finally {
    moment.release();
    worker.resume();
  }
};
