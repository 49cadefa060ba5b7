import type { InjectedSinks, Logger } from '@temporalio/worker';
import { expiredAlert } from '../../activities/approval-alerts.js';
import { runScope } from '../../activities/run-scope.js';
import type { Catalog } from '../catalog/index.js';
import type { ApprovalSinks, ApprovalState } from '../core/approvals.js';
import type { RunContext } from '../core/steps.js';
import { tellBeside } from './steering-sink.js';

/**
 * Where a run tells how its approvals stand, before whoever answered hears that it counts. It tells it again each time that the
 * run is replayed: so a catalog that was down learns of it after all, and a run that a reset made is known to wait.
 */
export function approvalSink({
  catalog,
  logger,
}: {
  readonly catalog: Catalog;
  readonly logger: Logger;
}): InjectedSinks<ApprovalSinks> {
  async function record(namespace: string, run: RunContext, runId: string, approval: ApprovalState): Promise<void> {
    const scope = runScope(run, namespace);
    await catalog.recordApproval({ workflowId: run.workflowId, runId, run: scope, approval });
    if (approval.status === 'expired') await catalog.raiseAlert(expiredAlert({ ...run, runId }, approval));
  }
  return {
    approvals: {
      changed: {
        async fn({ namespace, workflowId, runId, unsafe: { isReplaying } }, run, approval) {
          // That it waits, the activity has written that tells people of it.
          if (approval.change === 1 && !isReplaying) return;
          await tellBeside(logger, workflowId, () => record(namespace, run, runId, approval));
        },
        callDuringReplay: true,
      },
    },
  };
}
