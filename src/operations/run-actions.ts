import type { ResultOf } from '../api/index.js';
import type { StepId } from '../core/steps.js';
import { parseRunAddress } from '../temporal/run-id.js';
import { decideStep, pauseRun, resumeRun, terminateRun, type SteeredRun, type SteerRequest } from '../temporal/steer-run.js';
import { requireScope, type Handlers, type OperationContext } from './context.js';
import { findRun } from './find-run.js';
import { findStep, retryRun } from './retry-run.js';

type Actions = 'pauseRun' | 'resumeRun' | 'decideStep' | 'terminateRun' | 'markStep' | 'retryRun';

export const runActionHandlers: Handlers<Actions> = {
  async pauseRun(context, { run, reason }) {
    const address = await reach(context, run);
    return told(context, await pauseRun(context.temporal, address, requestOf(context, reason)));
  },
  async resumeRun(context, { run, reason }) {
    const address = await reach(context, run);
    return told(context, await resumeRun(context.temporal, address, requestOf(context, reason)));
  },
  async decideStep(context, { run, step: wanted, decision, reason }) {
    const address = await reach(context, run);
    const steps = await context.catalog.listSteps(address.workflowId, address.runId);
    // The run knows its steps before the catalog does: whatever has the form of an id is left to it.
    const step = (wanted.includes(':') ? wanted : findStep(wanted, steps)) as StepId;
    return told(context, await decideStep(context.temporal, address, { ...requestOf(context, reason), step, decision }));
  },
  async terminateRun(context, { run, reason }) {
    const address = await reach(context, run);
    const { workflowId, runId } = await terminateRun(context.temporal, address, { by: context.caller.name, reason });
    context.states.forget({ workflowId, runId });
    return { workflowId, runId, state: 'terminated' };
  },
  async markStep(context, { run, params, ...mark }) {
    return retryRun(context, { run, params, mark });
  },
  retryRun,
};

/** The execution that is meant. @throws TerminalError RUN_UNKNOWN, FORBIDDEN */
async function reach(context: OperationContext, run: string) {
  const { workflowId, runId, pipeline } = await findRun(context, parseRunAddress(run));
  requireScope(context, pipeline);
  return { workflowId, runId };
}

function requestOf({ caller, answerMs }: OperationContext, reason: string | undefined): SteerRequest {
  return {
    by: caller.name,
    ...(answerMs !== undefined && { timeoutMs: answerMs }),
    ...(reason !== undefined && { reason }),
    ...(caller.requestId !== undefined && { requestId: caller.requestId }),
  };
}

function told({ states }: OperationContext, { run, paused, waiting }: SteeredRun): ResultOf<'pauseRun'> {
  const { workflowId, runId } = run;
  states.forget({ workflowId, runId });
  return { workflowId, runId, paused: paused ?? null, waiting: [...waiting] };
}
