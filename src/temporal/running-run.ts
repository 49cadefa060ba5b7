import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from '../core/errors.js';
import { cancelRun } from './cancel-run.js';
import type { TemporalClient } from './connect.js';
import { describeRun } from './describe-run.js';
import type { RunAddress } from './run-id.js';

/** How long a run that another one replaces may take to leave its destinations clean. */
const STOP_MS = 10_000;
const LOOK_EVERY_MS = 200;

export interface LatestRun {
  readonly runId: string;
  readonly pipeline: string;
  readonly isRunning: boolean;
}

/** The latest run of a workflow id; `undefined` where Temporal knows none. */
export async function latestRun(temporal: TemporalClient, workflowId: string): Promise<LatestRun | undefined> {
  const description = await unlessUnknown(() => describeRun(temporal, { workflowId }));
  return description && { runId: description.runId, pipeline: description.pipeline, isRunning: isOpen(description) };
}

/** Asks a run to stop and waits until it has, for some seconds. Says whether it has. */
export async function stopForAnother(temporal: TemporalClient, run: RunAddress): Promise<boolean> {
  const deadline = Date.now() + STOP_MS;
  let description = await unlessUnknown(() => cancelRun(temporal, run));
  while (description && isOpen(description)) {
    if (Date.now() > deadline) return false;
    await sleep(LOOK_EVERY_MS);
    description = await unlessUnknown(() => describeRun(temporal, run));
  }
  return true;
}

function isOpen({ state }: { readonly state: string }): boolean {
  return state === 'running' || state === 'paused';
}

async function unlessUnknown<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'RUN_UNKNOWN') return undefined;
    throw error;
  }
}
