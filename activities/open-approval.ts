import { Context } from '@temporalio/activity';
import type { ApprovalRow } from '../src/catalog/index.js';
import { canonicalJson } from '../src/core/canonical-json.js';
import type { ApprovalState, OpenApprovalInput, OpenedApproval } from '../src/core/approvals.js';
import { waitingAlert } from './approval-alerts.js';
import { toFailure } from './failure.js';
import { runScope } from './run-scope.js';
import type { Services } from './services.js';

type Taken = NonNullable<OpenedApproval['taken']>;

/** What a run does first when it is to wait for people: it has them told, unless they have answered in the run that it retries. */
export function makeOpenApproval({ catalog }: Services) {
  return async ({ run, approval, earlier }: OpenApprovalInput): Promise<OpenedApproval> => {
    try {
      const { title, needed, roles } = approval;
      const taken = earlier && (await answersOf(catalog, earlier, approval));
      const { workflowId, runId } = run;
      const scope = runScope(run, Context.current().info.namespace);
      await catalog.recordApproval({ workflowId, runId, run: scope, approval });
      if (!taken) await catalog.raiseAlert(waitingAlert(run, approval));
      return { title, needed, roles, ...(taken && { taken }) };
    } catch (error) {
      throw toFailure(error);
    }
  };
}

/** What was answered to the same question in an earlier run, before the step from which it is retried had begun. */
async function answersOf(
  catalog: Services['catalog'],
  { workflowId, runId, from }: NonNullable<OpenApprovalInput['earlier']>,
  approval: ApprovalState,
): Promise<Taken | undefined> {
  const before = await catalog.findApproval({ workflowId, runId }, approval.step);
  if (before?.status !== 'approved' || questionOf(before) !== questionOf(approval)) return undefined;
  if (from !== undefined) {
    if (from === approval.step) return undefined;
    const step = (await catalog.listSteps(workflowId, runId)).find((each) => each.step === from);
    if (!step?.startedAt || before.endedAt === null || step.startedAt < before.endedAt) return undefined;
  }
  return { answers: before.answers, workflowId, runId };
}

function questionOf({ title, details, roles, needed, fourEyes }: ApprovalState | ApprovalRow): string {
  return canonicalJson({ title, details, roles, needed, fourEyes });
}
