import type { Operations, ResultOf } from '../../api/index.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import type { Output } from '../output.js';
import { withOperations } from '../services.js';

type Steered = ResultOf<'pauseRun'>;
type Decision = Parameters<Operations['decideStep']>[0]['decision'];

interface Why {
  readonly reason?: string;
}

/** Lets a run start no more steps. @throws TerminalError RUN_NOT_PAUSABLE, RUN_CLOSED; TransientError RUN_NO_WORKER */
export async function pause(context: CommandContext, run: string, { reason }: Why): Promise<number> {
  const steered = await withOperations(context, ({ pauseRun }) => pauseRun({ run, reason }));
  const { workflowId } = steered;
  return tell(
    context.output,
    steered,
    `Run ${workflowId} is paused: steps at work finish, and no new one starts. To let it go on: millrace resume ${workflowId}`,
  );
}

/** Lets a paused run go on. @throws TerminalError RUN_NOT_PAUSED, RUN_CLOSED; TransientError RUN_NO_WORKER */
export async function resume(context: CommandContext, run: string, { reason }: Why): Promise<number> {
  const steered = await withOperations(context, ({ resumeRun }) => resumeRun({ run, reason }));
  return tell(context.output, steered, `Run ${steered.workflowId} goes on.`);
}

/** Decides about a step that waits. @throws TerminalError STEP_NOT_WAITING, STEP_NOT_SKIPPABLE, STEERING_INVALID, RUN_CLOSED */
export async function decide(
  context: CommandContext,
  run: string,
  step: string,
  decision: Decision,
  { reason }: Why,
): Promise<number> {
  const steered = await withOperations(context, ({ decideStep }) => decideStep({ run, step, decision, reason }));
  return tell(context.output, steered, `Step ${step} of run ${steered.workflowId} ${OUTCOMES[decision]}.`);
}

const OUTCOMES: Readonly<Record<Decision, string>> = {
  retry: 'is done anew',
  skip: 'is skipped, and so is what is made of it',
  abort: 'fails with its own error',
};

/** Ends a run where it stands. @throws TerminalError RUN_CLOSED, RUN_UNKNOWN */
export async function terminate(context: CommandContext, run: string, { reason }: Required<Why>): Promise<number> {
  const ended = await withOperations(context, ({ terminateRun }) => terminateRun({ run, reason }));
  context.output.data(ended);
  context.output.text(`Run ${ended.workflowId} was terminated. Look at it with: millrace show ${ended.workflowId}`);
  return EXIT.ok;
}

function tell(output: Output, steered: Steered, text: string): number {
  const { workflowId, waiting } = steered;
  output.data(steered);
  output.text(text);
  if (waiting.length > 0) {
    output.text(
      `Waiting for a decision: ${waiting.join(', ')}. Decide with: millrace decide ${workflowId} STEP retry|skip|abort`,
    );
  }
  return EXIT.ok;
}
