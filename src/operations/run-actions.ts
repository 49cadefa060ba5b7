import type { ResultOf } from '../api/index.js';
import type { StepId } from '../core/steps.js';
import { parseRunAddress, type RunAddress } from '../temporal/run-id.js';
import { decideStep, pauseRun, resumeRun, terminateRun, type SteeredRun, type SteerRequest } from '../temporal/steer-run.js';
import type { Handlers, OperationContext } from './context.js';
import { findRun } from './find-run.js';

export const runActionHandlers: Handlers<'pauseRun' | 'resumeRun' | 'decideStep' | 'terminateRun'> = {
  pauseRun: (context, input) => steer(context, input, (run, request) => pauseRun(context.temporal, run, request)),
  resumeRun: (context, input) => steer(context, input, (run, request) => resumeRun(context.temporal, run, request)),
  decideStep: (context, input) =>
    steer(context, input, (run, request, steps) =>
      decideStep(context.temporal, run, { ...request, step: stepNamed(input.step, steps), decision: input.decision }),
    ),
  async terminateRun(context, { run: address, reason }) {
    const { workflowId, runId } = await findRun(context, parseRunAddress(address));
    await terminateRun(context.temporal, { workflowId, runId }, { by: context.caller.name, reason });
    context.states.forget({ workflowId, runId });
    return { workflowId, runId };
  },
};

interface Asked {
  readonly run: string;
  readonly reason?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** Sees that the caller has to do with the run, asks it, and tells what holds it now. */
async function steer(
  context: OperationContext,
  { run: address, reason, idempotencyKey }: Asked,
  ask: (run: RunAddress, request: SteerRequest, steps: readonly string[]) => Promise<SteeredRun>,
): Promise<ResultOf<'pauseRun'>> {
  const { caller, states, answerMs } = context;
  const found = await findRun(context, parseRunAddress(address));
  const run = { workflowId: found.workflowId, runId: found.runId };
  const requestId = idempotencyKey ?? caller.requestId;
  const request = {
    by: caller.name,
    ...(reason !== undefined && { reason }),
    ...(requestId !== undefined && { requestId }),
    ...(answerMs !== undefined && { timeoutMs: answerMs }),
  };
  const steered = await ask(
    run,
    request,
    found.steps.map(({ step }) => step),
  );
  states.forget(run);
  return { ...run, paused: steered.paused ?? null, waiting: [...steered.waiting] };
}

/** A step by its id, or by its name where only one step has it; what is none, the run itself refuses. */
function stepNamed(wanted: string, steps: readonly string[]): StepId {
  const named = steps.filter((step) => step.slice(step.indexOf(':') + 1) === wanted);
  return (steps.includes(wanted) || named.length !== 1 ? wanted : named[0]) as StepId;
}
