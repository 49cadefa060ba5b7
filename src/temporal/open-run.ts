import { TerminalError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';
import { describeRun, type RunDescription } from './describe-run.js';
import { formatRunAddress, type RunAddress } from './run-id.js';

/** A run that something can be done to. @throws TerminalError RUN_UNKNOWN, RUN_CLOSED */
export async function requireOpen(temporal: TemporalClient, address: RunAddress): Promise<RunDescription> {
  const run = await describeRun(temporal, address);
  if (run.state !== 'running' && run.state !== 'paused') throw runClosed(run);
  return run;
}

export function runCancelling({ workflowId, runId }: RunDescription, cause: unknown): TerminalError {
  const message = `The run ${workflowId} (${runId}) is being cancelled, and takes nothing more.`;
  return new TerminalError('RUN_CLOSED', message, { workflowId, runId }, { cause });
}

export function runClosed(run: RunDescription): TerminalError {
  const { state, workflowId, runId } = run;
  return new TerminalError(
    'RUN_CLOSED',
    `The run ${workflowId} (${runId}) has ended${state === 'running' ? '' : `: it is ${state}`}. To take over what it had finished: millrace retry ${formatRunAddress(run)}`,
    { workflowId, runId, state },
  );
}
