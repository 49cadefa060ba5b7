import { ApplicationFailure, Context } from '@temporalio/activity';
import { TerminalError } from '../src/core/errors.js';
import { needsWholeDataset } from '../src/core/load.js';
import type {
  DatasetStepResult,
  LoadStepResult,
  PairFailure,
  StepId,
  StepProgress,
  ValidateAndLoadInput,
  ValidateAndLoadResult,
  ValidateStepInput,
} from '../src/core/steps.js';
import { referenceTo } from '../src/engine/staging.js';
import { takesRowsEarly } from './connection.js';
import { Handover } from './handover.js';
import { load } from './load.js';
import type { Services } from './services.js';
import { runStep } from './step-activity.js';
import { validate } from './validate.js';

type LoadTarget = ValidateAndLoadInput['load'];

/** Below this the two steps one after the other are as fast. */
const WORTH_OVERLAPPING_BYTES = 4 * 2 ** 20;

/**
 * Judging for an early reader uses one thread. From so many on, all threads judge the whole in the time that the reader
 * would gain.
 */
const THREADS_THAT_OUTRUN = 4;

/**
 * Judges a dataset and loads what is accepted, at the same time where that pays. Two steps in everything but the activity:
 * each has its facts, its progress and its error, the judged dataset is staged, and the load commits only once the verdict
 * is known and allowed.
 */
export function makeValidateAndLoad(services: Services) {
  return async (input: ValidateAndLoadInput): Promise<ValidateAndLoadResult> => {
    const handover = new Handover();
    const tell = sharedHeartbeat(Context.current());
    const early = await paysToOverlap(services, input);
    const validating = judgeInto(services, input.validate, { handover, early }, tell(input.validate.step));
    const loading = loadFrom(services, input.load, handover, tell(input.load.step));
    const [judged, loaded] = await Promise.allSettled([validating, loading]);
    if (judged.status === 'rejected') throw failedAt(judged.reason, { failedStep: input.validate.step });
    if (loaded.status === 'rejected') throw failedAt(loaded.reason, { failedStep: input.load.step, validated: judged.value });
    return { validate: judged.value, load: loaded.value };
  };
}

/** Offering rows early costs the judgement its other threads, so somebody has to be there who takes them. */
async function paysToOverlap(services: Services, { validate: judging, load: loading }: ValidateAndLoadInput): Promise<boolean> {
  if (judging.input.bytes < WORTH_OVERLAPPING_BYTES || services.project.engine.threads >= THREADS_THAT_OUTRUN) return false;
  if (needsWholeDataset(loading)) return false;
  return takesRowsEarly(services, loading.connection);
}

type Tell = (progress: StepProgress) => void;

interface Reader {
  readonly handover: Handover;
  /** Whether it wants rows before all are judged. */
  readonly early: boolean;
}

async function judgeInto(
  services: Services,
  input: ValidateStepInput,
  { handover, early }: Reader,
  tell: Tell,
): Promise<DatasetStepResult> {
  const reader = {
    begin: handover.begin.bind(handover, input.contract),
    rows: (select: string) => handover.offer(select),
    close: () => handover.close(),
  };
  try {
    return await runStep<ValidateStepInput, DatasetStepResult>(
      services,
      'validate',
      input,
      async (_, call) => {
        const { staged, outcome } = await validate(services, input, call, early ? reader : undefined);
        handover.finish(staged);
        return outcome;
      },
      { tell },
    );
  } catch (error) {
    const text = `Nothing was loaded, since step ${input.step} failed.`;
    handover.fail(new TerminalError('INPUT_FAILED', text, {}, { cause: error }));
    throw error;
  }
}

/** The load begins when there is something to load. */
async function loadFrom(services: Services, input: LoadTarget, handover: Handover, tell: Tell): Promise<LoadStepResult> {
  const growing = await handover.growing;
  if (handover.signal.aborted) throw handover.signal.reason;
  const whole = async () => {
    const staged = await handover.whole;
    return { reference: referenceTo(staged), manifest: staged.manifest };
  };
  return runStep<LoadTarget, LoadStepResult>(
    services,
    'load',
    input,
    (_, call) => load(services, input, call, { whole, ...(growing && { growing }) }),
    { tell, signal: handover.signal },
  ).finally(() => handover.leave());
}

/** Lets two steps share their activity's heartbeat. */
function sharedHeartbeat(context: Context): (step: StepId) => Tell {
  const steps: Record<StepId, StepProgress> = {};
  return (step) => (progress) => {
    steps[step] = progress;
    const told = Object.values(steps);
    const phase = told.map((each) => each.phase).join(', ');
    context.heartbeat({ phase, rows: Math.max(...told.map((each) => each.rows)), steps } satisfies StepProgress);
  };
}

function failedAt(error: unknown, failure: PairFailure): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  const { message, type, nonRetryable, details, nextRetryDelay, stack } = error;
  const told = ApplicationFailure.create({
    message,
    ...(type && { type }),
    nonRetryable: nonRetryable === true,
    details: [details?.[0] ?? {}, failure],
    ...(nextRetryDelay && { nextRetryDelay }),
  });
  told.stack = stack ?? '';
  return told;
}
