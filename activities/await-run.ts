import { ApplicationFailure, Context } from '@temporalio/activity';
import { reasonText, type PartitionOutcome } from '../src/core/backfill.js';
import { isOpen } from '../src/core/backfill-selection.js';
import { MillraceError } from '../src/core/errors.js';
import { describeRun } from '../src/temporal/describe-run.js';
import { readRunEnding } from '../src/temporal/run-end.js';
import { toFailure } from './failure.js';
import type { Services } from './services.js';
import { ownTemporal } from './temporal-client.js';

/**
 * How the latest run of a workflow id ended. While it is under way this fails in a way that is tried again: that waits for
 * it without holding a worker's slot, and costs no history.
 */
export function makeAwaitRun({ catalog }: Pick<Services, 'catalog'>) {
  return async (workflowId: string): Promise<PartitionOutcome> => {
    const temporal = ownTemporal(Context.current());
    try {
      const { runId, state } = await describeRun(temporal, { workflowId });
      if (isOpen(state)) throw stillOpen(workflowId);
      if (state === 'completed') return { status: 'completed', runId };
      const { error } = await readRunEnding(temporal, { workflowId, runId });
      const code = error?.code ?? 'STEP_FAILED';
      const status = state === 'cancelled' ? 'cancelled' : 'failed';
      return { status, runId, code, message: reasonText(code, error?.message ?? `The run is ${state}.`) };
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'RUN_UNKNOWN') throw toFailure(error);
    }
    // Temporal has deleted it since.
    const known = await catalog.findRun(workflowId);
    if (known?.status === 'completed') return { status: 'completed', runId: known.runId };
    const message = `Temporal has deleted run ${workflowId} before the backfill saw its end.`;
    return { status: 'failed', ...(known && { runId: known.runId }), code: 'RUN_FORGOTTEN', message };
  };
}

function stillOpen(workflowId: string): ApplicationFailure {
  return ApplicationFailure.create({
    message: `Run ${workflowId} is under way and waited for.`,
    type: 'RUN_UNDER_WAY',
    category: 'BENIGN',
  });
}
