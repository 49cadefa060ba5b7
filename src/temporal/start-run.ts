import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { TerminalError } from '../core/errors.js';
import type { TemporalClient } from './connect.js';
import { canonicalRunId, type RunAddress } from './run-id.js';
import { answered } from './service-errors.js';

/** The reserved second argument of a run: which run's finished steps it takes over. */
export interface StartControl {
  readonly retryOf?: RunAddress;
  /** The step to begin again from: `load:delays_by_state`. */
  readonly from?: string;
  /** A load whose audit failed, to be published in spite of it: why, and who says so. */
  readonly overrideAudit?: { readonly step: string; readonly reason: string; readonly by: string };
}

export interface StartRunInput {
  readonly pipeline: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** @default an id of its own, as for a pipeline without partitions */
  readonly workflowId?: string;
  readonly taskQueue: string;
  readonly control?: StartControl;
}

/**
 * Starts a run. Parameters are checked by the run itself, as with every other way of starting.
 *
 * @throws TerminalError RUN_ALREADY_RUNNING when a run of that id is running
 */
export async function startRun(temporal: TemporalClient, input: StartRunInput): Promise<Required<RunAddress>> {
  const workflowId = input.workflowId ?? canonicalRunId(input.pipeline, input.params, undefined);
  return answered(temporal, workflowId, async () => {
    try {
      const handle = await temporal.client.workflow.start(input.pipeline, {
        workflowId,
        taskQueue: input.taskQueue,
        args: input.control ? [input.params, input.control] : [input.params],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      });
      return { workflowId, runId: handle.firstExecutionRunId };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const message = `A run ${workflowId} is running already. Look at it with \`millrace show ${workflowId}\`, cancel it with \`millrace cancel ${workflowId}\`, or give this one another id with --id.`;
      throw new TerminalError('RUN_ALREADY_RUNNING', message, { workflowId }, { cause: error });
    }
  });
}
