import type { ResultOf, ParsedInputOf } from '../api/index.js';
import { TerminalError } from '../core/errors.js';
import { pinRun } from '../temporal/move-run.js';
import { parseRunAddress } from '../temporal/run-id.js';
import type { OperationContext } from './context.js';
import { findDeployment, requireVersion } from './find-deployment.js';
import { findRun } from './find-run.js';

/**
 * Lets an open run go on with another version's code. Whether that code does what the run has done is not looked at here: the
 * command line replays the run before, where it has the code.
 *
 * @throws TerminalError RUN_UNKNOWN, RUN_CLOSED, RUN_NOT_MOVABLE, VERSION_UNKNOWN; TransientError VERSION_WITHOUT_WORKER
 */
export async function moveRun(
  context: OperationContext,
  { run: address, to, dryRun }: ParsedInputOf<'moveRun'>,
): Promise<ResultOf<'moveRun'>> {
  const { temporal, states, catalog, caller } = context;
  const { workflowId, runId, pipeline } = await findRun(context, parseRunAddress(address));
  const run = { workflowId, runId };
  const description = await states.describe(run);
  if (description?.state !== 'running' && description?.state !== 'paused') {
    throw new TerminalError('RUN_CLOSED', `The run ${workflowId} is not open, so it has nothing more to do on any version.`, run);
  }
  const { taskQueue, pinnedTo } = description;
  const found = await findDeployment(temporal, taskQueue, pinnedTo?.deployment);
  const deployment = found.deployment.name;
  if (pinnedTo?.buildId === to) {
    throw new TerminalError('RUN_NOT_MOVABLE', `The run ${workflowId} is on version ${to} already.`, run);
  }
  requireVersion(found, to, taskQueue);
  const row = await catalog.findRun(workflowId, runId);
  const told = { workflowId, runId, pipeline: pipeline ?? '', deployment, from: pinnedTo?.buildId ?? null, to };
  if (!dryRun) {
    await pinRun(temporal, run, { deployment, buildId: to }, caller.name);
    states.forget(run);
  }
  return { ...told, begunWith: row?.code ?? null, moved: !dryRun };
}
